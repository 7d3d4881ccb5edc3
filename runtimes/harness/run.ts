/** Runs a bundled program in a runtime, as a process of its own, and reads what it reports. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

import { Miniflare } from 'miniflare';

import type { Given, Report } from '../program/report.ts';
import type { Runtime } from './runtimes.ts';

/** @throws Error with the output of a program that failed as a whole. */
export async function runProgram(runtime: Runtime, file: string, given: Given): Promise<Report[]> {
  const text =
    runtime.executable === null ? await runWorker(runtime, file, given) : await runFile(runtime, file, given);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Report);
}

async function runFile({ executable, args }: Runtime, file: string, given: Given): Promise<string> {
  // Nothing of this environment: a program is told what it needs.
  const env = { PATH: process.env['PATH'], NO_COLOR: '1' };
  const options = { env, maxBuffer: 256 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)(executable!, [...args, file, JSON.stringify(given)], options);
  return stdout;
}

async function runWorker({ platform }: Runtime, file: string, given: Given): Promise<string> {
  const runtime = new Miniflare({
    modules: [{ type: 'ESModule', path: 'worker.mjs', contents: readFileSync(file, 'utf8') }],
    compatibilityDate: '2026-01-01',
    compatibilityFlags: platform === 'workerd' ? [] : ['nodejs_compat'],
    // What it says of a worker that does not start stands in the error.
    handleRuntimeStdio: (stdout: Readable, stderr: Readable) => void [stdout.resume(), stderr.resume()],
  });
  try {
    await runtime.ready;
    const body = JSON.stringify(given);
    const answer = await runtime.dispatchFetch('https://app.example.com/', { method: 'POST', body });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(text);
    return text;
  } finally {
    await runtime.dispose();
  }
}
