/**
 * `pnpm reliability [--full] [R20 ...]`: the scenarios of failure, by their ids, with a table of what was counted.
 *
 * The small size is what every test run does; `--full` is the same code with bigger numbers and real pauses, and takes
 * an hour. PLUGBOARD_TEST_POSTGRES_URL names the database.
 */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { resultsFile, type TestResults } from './test-results.ts';
import { rootDir } from './workspace.ts';

const args = process.argv.slice(2);
const wanted = args.filter((argument) => !argument.startsWith('-')).map((id) => id.toLowerCase());
const files = globSync('packages/testing/test/reliability/*.test.ts', { cwd: rootDir }).filter(
  (file) => wanted.length === 0 || wanted.some((id) => basename(file).startsWith(`${id}-`)),
);
if (files.length === 0) throw new Error(`No scenario is called ${wanted.join(' or ')}.`);

const run = spawnSync(process.execPath, [join(rootDir, 'tools/test.ts'), ...files], {
  cwd: rootDir,
  stdio: 'inherit',
  env: { ...process.env, ...(args.includes('--full') && { PLUGBOARD_RELIABILITY: 'full' }) },
});
const { reliability } = JSON.parse(readFileSync(resultsFile, 'utf8')) as TestResults;
for (const line of reliability) console.log(`| ${line} |`);
process.exitCode = run.status ?? 1;
