/**
 * `pnpm test [vitest arguments]`: runs vitest and closes with `N passed, N failed[, N skipped]`.
 *
 * A run without arguments is the full run: it is also held against tools/test-floor.json, so that tests cannot
 * vanish unseen. `pnpm test --update-floor` writes the floor anew after tests were removed on purpose.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { belowFloor, floorFile, resultsFile, type Counts, type TestResults } from './test-results.ts';
import { rootDir } from './workspace.ts';

const args = process.argv.slice(2);
const updateFloor = args.includes('--update-floor');
const vitestArgs = args.filter((argument) => argument !== '--update-floor' && argument !== '--');
const full = vitestArgs.length === 0;

rmSync(resultsFile, { force: true });
const vitest = join(rootDir, 'node_modules/vitest/vitest.mjs');
const run = spawnSync(process.execPath, [vitest, 'run', '--config', 'vitest.workspace.ts', ...vitestArgs], {
  cwd: rootDir,
  stdio: 'inherit',
  // Hundreds of processes are started that read the same sources: what the engine made of them is kept.
  env: { NODE_COMPILE_CACHE: join(rootDir, 'node_modules/.cache/compile'), ...process.env },
});

const problems: string[] = [];
const results = readResults();
if (results === undefined) problems.push('vitest wrote no results');
const { passed = 0, failed = 0, executed = {}, skips = [], conformance = [] } = results ?? {};

if (results !== undefined && passed + failed === 0) problems.push('no test was executed');
if (run.status !== 0 && failed === 0 && problems.length === 0) problems.push(`vitest ended with ${String(run.status)}`);

for (const line of conformance.toSorted()) console.log(line);

// With a name filter vitest reports everything else as skipped.
const filtered = vitestArgs.some((argument) => argument === '-t' || argument.startsWith('--testNamePattern'));
const counted = filtered ? skips.filter((skip) => skip.reason !== null) : skips;
for (const reason of new Set(counted.map((skip) => skip.reason))) {
  const tests = counted.filter((skip) => skip.reason === reason);
  if (reason !== null) console.log(`!!! ${tests.length} SKIPPED: ${reason}`);
  else problems.push(...tests.map(({ test }) => `skipped without context.skip(condition, reason): ${test}`));
}

if (full && updateFloor) writeFloor();
else if (full && results !== undefined) problems.push(...checkFloor());

for (const problem of problems) console.log(`!!! ${problem}`);
const total = failed + problems.length;
console.log(`${passed} passed, ${total} failed${counted.length > 0 ? `, ${counted.length} skipped` : ''}`);
process.exitCode = total === 0 && run.status === 0 ? 0 : 1;

function readResults(): TestResults | undefined {
  return existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, 'utf8')) as TestResults) : undefined;
}

function checkFloor(): string[] {
  if (!existsSync(floorFile)) return ['tools/test-floor.json is missing: write it with `pnpm test --update-floor`'];
  const floor = JSON.parse(readFileSync(floorFile, 'utf8')) as Counts;
  // Where a service is missing, its tests were skipped aloud above and cannot be counted.
  if (skips.some(({ reason }) => reason?.endsWith('is not reachable'))) {
    delete floor['integration'];
    delete floor['measured'];
  }
  return belowFloor(floor, executed);
}

function writeFloor(): void {
  const projects = Object.entries(executed).map(([project, counts]) => [project, inOrder(counts)] as const);
  writeFileSync(floorFile, `${JSON.stringify(inOrder(Object.fromEntries(projects)), null, 2)}\n`);
}

function inOrder<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
