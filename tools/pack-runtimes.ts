/** The packages as they are published, in every runtime that is here: loaded entry by entry, and put to work. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { bundle, loadEntry, smokeEntry, type Platform } from '../runtimes/harness/bundle.ts';
import { prepare, type Prepared } from '../runtimes/harness/given.ts';
import { withoutNode } from '../runtimes/harness/providers.ts';
import { runProgram } from '../runtimes/harness/run.ts';
import { isHere, nodes, others, workerd, type Runtime } from '../runtimes/harness/runtimes.ts';
import type { Report } from '../runtimes/program/report.ts';
import { unableInWorkers } from './where-it-runs.ts';

/** Made for Node alone, as their READMEs say: databases, job engines, tests, the command, frameworks of Node. */
const ofNode =
  /^@plugboard\/((storage|jobs)-.*|limiter|testing.*|http\/(express|fastify|node|next|lambda)|cli)$|^plugboard$/;

/** @returns problems. @param entries Every name that can be imported from the packed packages. */
export async function runPacked(project: string, entries: readonly string[]): Promise<string[]> {
  const prepared = await prepare();
  const problems: string[] = [];
  try {
    for (const runtime of [...nodes, ...others, workerd]) {
      if (!isHere(runtime)) {
        console.log(`!!! SKIPPED: no package brings ${runtime.name} for this machine`);
        continue;
      }
      const found = await reportsOf(runtime, { project, entries, prepared }).catch((error: unknown) => String(error));
      const failed = typeof found === 'string' ? [found] : found.filter(({ ok }) => !ok).map(told);
      problems.push(...failed.map((problem) => `${runtime.name}: ${problem}`));
      if (typeof found !== 'string') console.log(`    ${runtime.name}: ${found.length} checks`);
    }
  } finally {
    await prepared.close();
  }
  return problems;
}

const told = ({ check, detail }: Report) => `${check}: ${detail ?? ''}`;

interface Packed {
  readonly project: string;
  readonly entries: readonly string[];
  readonly prepared: Prepared;
}

async function reportsOf(runtime: Runtime, { project, entries, prepared }: Packed): Promise<Report[]> {
  const { platform } = runtime;
  const names = entries.filter((name) => !ofNode.test(name) && !leftOut(platform, name));
  const reports: Report[] = [];
  for (const [name, contents] of Object.entries({ load: loadEntry(platform, names), smoke: smokeEntry(platform) })) {
    const file = join(project, `${name}-${platform}.mjs`);
    writeFileSync(file, (await bundle({ contents, platform, project })).code);
    const given = prepared.given('smoke', platform === 'workerd' ? 'workerd' : 'other');
    const args = platform === 'deno' ? denoArgs(runtime, project) : runtime.args;
    reports.push(...(await runProgram({ ...runtime, args }, file, given)));
  }
  return reports;
}

/** Packages are those of the project, and what is loaded late is read when it is. */
function denoArgs({ args }: Runtime, project: string): string[] {
  const others = args.filter((argument) => argument !== '--no-npm');
  return [...others, '--node-modules-dir=manual', `--allow-read=${project}`];
}

/** A bundle holds what is loaded late, too: an SDK may need modules that a Worker lacks. */
function leftOut(platform: Platform, name: string): boolean {
  const id = name.replace('@plugboard/provider-', '');
  if (platform === 'workerd') return id !== name && !withoutNode().includes(id);
  return platform === 'workerd-node' && unableInWorkers.includes(id);
}
