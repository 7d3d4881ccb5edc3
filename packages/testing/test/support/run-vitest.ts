/** Runs tests in a process of their own, for tests whose subject is how tests end. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface TestOutcome {
  readonly title: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly failureMessages: readonly string[];
}

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly TestOutcome[]; readonly message: string }[];
}

const runner = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

/** @returns the outcome of every test; files that do not load fail the call. */
export async function runVitest(config: string): Promise<readonly TestOutcome[]> {
  const folder = await mkdtemp(join(tmpdir(), 'plugboard-'));
  const outputFile = join(folder, 'report.json');
  try {
    const args = [runner, 'run', '--config', config, '--reporter', 'json', '--outputFile', outputFile];
    // Without the variables of the runner around it, and without colours in messages.
    const env = { PATH: process.env['PATH'] ?? '', NO_COLOR: '1' };
    await new Promise((resolve) => execFile(process.execPath, args, { env }, resolve));
    const report = JSON.parse(await readFile(outputFile, 'utf8')) as Report;
    const broken = report.testResults.find(({ assertionResults }) => assertionResults.length === 0);
    if (broken !== undefined) throw new Error(broken.message);
    return report.testResults.flatMap(({ assertionResults }) => assertionResults);
  } finally {
    await rm(folder, { recursive: true });
  }
}
