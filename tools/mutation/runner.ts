/** Stryker's runner of Vitest, spared the mutants that tests have noticed in the first run (first-run.ts). */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

import { strykerPlugins as vitest } from '@stryker-mutator/vitest-runner';

import { firstRunFile, type FirstRun } from './first-run-file.ts';

interface TestResult {
  readonly id: string;
  readonly timeSpentMs: number;
}

interface Mutant {
  readonly activeMutant: { readonly id: string };
  readonly mutantActivation: 'static' | 'runtime';
}

interface Runner {
  capabilities(): unknown;
  init(): Promise<void>;
  dryRun(options: object): Promise<{ readonly tests?: readonly TestResult[] }>;
  mutantRun(options: Mutant): Promise<object>;
  dispose(): Promise<void>;
}

function createRunner(injector: unknown): Runner {
  const { factory } = vitest[0] as unknown as { readonly factory: (given: unknown) => Runner };
  const inner = factory(injector);
  let known: FirstRun | undefined;
  const firstRun = (): FirstRun => {
    known ??= existsSync(firstRunFile)
      ? (JSON.parse(readFileSync(firstRunFile, 'utf8')) as FirstRun)
      : { noticed: {}, tests: {} };
    return known;
  };
  return {
    capabilities: () => inner.capabilities(),
    init: () => inner.init(),
    dispose: () => inner.dispose(),
    async dryRun(options) {
      const result = await inner.dryRun(options);
      const own = Object.entries(firstRun().tests).map(([test, ms]) => [idOf(test), ms] as const);
      const times = new Map(own);
      const timed = result.tests?.map((test) => ({ ...test, timeSpentMs: times.get(test.id) ?? test.timeSpentMs }));
      return { ...result, ...(timed && { tests: timed }) };
    },
    async mutantRun(options) {
      const noticed = firstRun().noticed[options.activeMutant.id];
      if (noticed === undefined || options.mutantActivation === 'static') return inner.mutantRun(options);
      if (noticed.endless) return { status: 'timeout', reason: noticed.reason };
      return { status: 'killed', killedBy: [idOf(noticed.test)], failureMessage: noticed.reason, nrOfTests: 1 };
    },
  };
}
createRunner.inject = ['$injector'] as const;

/** As Stryker names a test: the file below the folder, and the name. */
function idOf(test: string): string {
  const [file = '', ...name] = test.split('#');
  return `${relative(process.cwd(), file)}#${name.join('#')}`;
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'spared', factory: createRunner }];
