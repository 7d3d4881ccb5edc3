/**
 * Vitest's runner for the first run of a mutation test: whatever mutants a test reaches it is run against at once, in the
 * process that has everything loaded. A run of its own for each mutant, with all modules loaded anew, costs ten times as
 * much; it is left to those that nobody noticed here, and to what runs while a module loads.
 */
import { writeFileSync } from 'node:fs';

import { inject, TestRunner, type RunnerTestCase as Test } from 'vitest';

import { firstRunFile, type Counts, type FirstRun } from './first-run-file.ts';

/** What Stryker's code in the sources and its set-up file share. */
interface Shared {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: { readonly static: Counts; readonly perTest: Record<string, Counts> };
}

/** A mutant makes a test go round no more often than so many times as without it: beyond that it has no end. */
const mostRounds = 100;
/** For what is closed after each run: a server, sockets. */
const leaveMs = 1_000;
const found: FirstRun = { noticed: {}, tests: {} };

export default class FirstRunner extends TestRunner {
  async runTask(test: Test): Promise<void> {
    const begun = performance.now();
    await TestRunner.getTestFn(test)();
    if ((inject('mode' as never) as string) !== 'dry-run') return;
    const name = inject('globalNamespace' as never) as string;
    const shared = (globalThis as unknown as Record<string, Shared>)[name]!;
    await askMutants(test, shared, performance.now() - begun);
  }
}

async function askMutants(test: Test, shared: Shared, ownMs: number): Promise<void> {
  const { currentTestId: id = '', mutantCoverage } = shared;
  found.tests[id] = ownMs;
  const reached = mutantCoverage?.perTest[id] ?? {};
  const mutants = Object.keys(reached).filter(
    (mutant) => found.noticed[mutant] === undefined && mutantCoverage?.static[mutant] === undefined,
  );
  const strangers = muteErrors();
  const limitMs = 1_000 + 10 * ownMs;
  // What mutants make it reach is not what it reaches; and what goes round without a pause, no timer ends.
  const all = Object.values(reached).reduce((sum, count) => sum + count, 0);
  const steps = countSteps(10_000 + mostRounds * all);
  if (mutantCoverage !== undefined) mutantCoverage.perTest['mutants'] = steps.counts;
  shared.currentTestId = 'mutants';
  // Some tests cannot be run twice; a mutant that spoils what comes after it does not count, and ends the round.
  let sound = (await problemOf(test, shared, limitMs)) === undefined;
  for (const mutant of mutants) {
    if (!sound) break;
    Object.assign(shared, {
      activeMutant: mutant,
      hitCount: 0,
      hitLimit: 1_000 + mostRounds * (reached[mutant] ?? 0),
    });
    writeFileSync('stryker-now.txt', `${mutant} ${id}`);
    steps.begin();
    const problem = await problemOf(test, shared, limitMs);
    const rounds = (shared.hitCount ?? 0) > (shared.hitLimit ?? 0) || steps.areTooMany();
    const endless = problem === 'endless' || rounds;
    steps.begin();
    Object.assign(shared, { activeMutant: undefined, hitCount: undefined, hitLimit: undefined });
    if (problem === undefined) continue;
    sound = (await problemOf(test, shared, limitMs)) === undefined;
    if (sound) found.noticed[mutant] = { test: id, reason: problem, endless };
  }
  delete mutantCoverage?.perTest['mutants'];
  shared.currentTestId = id;
  await new Promise((resolve) => setImmediate(resolve));
  strangers();
  writeFileSync(firstRunFile, JSON.stringify(found));
}

/** Counts what Stryker's code notes as reached, and throws there once it is too much. */
function countSteps(most: number) {
  let count = 0;
  const counts = new Proxy<Counts>(
    {},
    {
      get: () => 0,
      set() {
        if (++count > most) throw new Error('endless');
        return true;
      },
    },
  );
  return { counts, begin: () => void (count = 0), areTooMany: () => count > most };
}

/** Runs the test once more, with what is to run before and after it. */
async function problemOf(test: Test & Finishing, shared: Shared, limitMs: number): Promise<string | undefined> {
  const { onFinished: ofFirstRun } = test;
  test.onFinished = [];
  try {
    await within(limitMs, runOnce(test, shared));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 200) || error.name : String(error);
  } finally {
    await leave(test);
    test.onFinished = ofFirstRun;
  }
}

/** What the test asked for at its end, as `onTestFinished` keeps it. */
interface Finishing {
  onFinished?: ((context: Test['context']) => unknown)[] | undefined;
}

/**
 * Each run closes what it has opened: otherwise the test itself would at its end, where one that a mutant keeps from
 * closing is a failure of the whole run.
 */
async function leave(test: Test & Finishing): Promise<void> {
  for (const finish of (test.onFinished ?? []).toReversed())
    await within(leaveMs, Promise.resolve(test.context).then(finish)).catch(() => undefined);
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('endless')), limitMs);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function runOnce(test: Test, shared: Shared): Promise<void> {
  const suites: NonNullable<Test['suite']>[] = [];
  // The file is its own file.
  for (let suite = test.suite ?? test.file; !suites.includes(suite); suite = suite.suite ?? suite.file)
    suites.unshift(suite);
  const cleanUps: (() => unknown)[] = [];
  const { currentTestId } = shared;
  try {
    for (const suite of suites) {
      for (const hook of TestRunner.getSuiteHooks(suite).beforeEach) {
        const cleanUp: unknown = await hook(test.context, suite);
        if (typeof cleanUp === 'function') cleanUps.push(cleanUp as () => unknown);
      }
    }
    // Stryker's own hook has set it.
    shared.currentTestId = currentTestId;
    await TestRunner.getTestFn(test)();
  } finally {
    for (const suite of suites.toReversed())
      for (const hook of TestRunner.getSuiteHooks(suite).afterEach) await hook(test.context, suite);
    for (const cleanUp of cleanUps) await cleanUp();
    shared.currentTestId = currentTestId;
  }
}

/** What a mutant leaves behind is no error of the run. Returns what hears of errors again. */
function muteErrors(): () => void {
  const events = ['unhandledRejection', 'uncaughtException'] as const;
  const kept = events.map((event) => process.listeners(event as 'uncaughtException'));
  const mute = () => undefined;
  for (const event of events) process.removeAllListeners(event).on(event, mute);
  return () => {
    for (const [index, event] of events.entries()) {
      process.removeAllListeners(event);
      for (const listener of kept[index]!) process.on(event, listener);
    }
  };
}
