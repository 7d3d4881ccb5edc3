/**
 * `pnpm bench [name...]`: all benchmarks or the named ones, each in a process of its own.
 *
 *     --write      puts the results into docs/benchmarks.md; what was not run keeps its last result
 *     --full       the sizes of the goals (100,000 refreshes) instead of those of a smoke run
 *     --rounds N   default 9
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { benchmarks, type BenchmarkName } from './benchmarks.ts';
import { busyShare, machineLine } from './harness/machine.ts';
import { updatePage } from './harness/page.ts';
import { formatReport, isMet, type Report } from './harness/report.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean' }, full: { type: 'boolean' }, rounds: { type: 'string', default: '9' } },
});
const known = Object.keys(benchmarks) as BenchmarkName[];
const unknown = positionals.filter((name) => !known.includes(name as BenchmarkName));
if (unknown.length > 0) {
  console.log(`!!! no benchmark is called ${unknown.join(', ')}; there are: ${known.join(', ')}`);
  process.exit(1);
}
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1) {
  console.log('!!! --rounds takes a whole number above 0');
  process.exit(1);
}

const machine = await machineLine();
console.log(machine);
const names = positionals.length === 0 ? known : (positionals as BenchmarkName[]);
let missed = 0;
let failed = 0;
for (const name of names) {
  const before = await busyShare();
  console.log(`\n## ${name}\n`);
  const report = await inOwnProcess(name).catch((error: unknown) => {
    console.log(`!!! ${name}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  });
  if (report === undefined) {
    failed += 1;
    continue;
  }
  const busy = Math.max(before, await busyShare());
  const conditions = [
    new Date().toISOString().slice(0, 10),
    machine,
    `${values.full === true ? 'full size' : 'smoke size'}, ${rounds} rounds`,
    busy > 0.15
      ? `**disturbed**: others used ${Math.round(busy * 100)} % of the cores before or after the run`
      : 'nothing else ran',
  ].join('; ');
  const text = formatReport(report);
  console.log(`${text}\n${conditions}`);
  missed += report.goals.filter((goal) => !isMet(goal)).length;
  if (values.write === true) updatePage(name, `${conditions}.\n\n${text}`);
}
console.log(`\n${names.length - failed} benchmarks run, ${missed} goals missed, ${failed} failed to run`);
process.exitCode = failed === 0 ? 0 : 1;

/** A heap and compiled code that no other benchmark has shaped. */
async function inOwnProcess(name: BenchmarkName): Promise<Report> {
  const options = { rounds, full: values.full === true };
  const child = fork(join(import.meta.dirname, 'one.ts'), [name, JSON.stringify(options)]);
  return new Promise((resolve, reject) => {
    let report: Report | undefined;
    child.on('message', (message) => (report = message as Report));
    child.on('error', reject);
    child.on('exit', (code) => {
      if (report !== undefined && code === 0) resolve(report);
      else reject(new Error(`it ended with code ${code} and ${report === undefined ? 'no result' : 'a result'}`));
    });
  });
}
