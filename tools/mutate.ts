/**
 * `pnpm mutate [--report] [area ...]`: changes security code bit by bit and asks whether a unit test notices.
 *
 * Without names all areas are run, one after the other, which takes long. Results are kept in .cache/mutation, so that the next run repeats
 * only what changed; `--report` runs nothing. docs/security/mutation.md is written for the areas that were named.
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { Stryker } from '@stryker-mutator/core';

import { areas } from './mutation/areas.ts';
import {
  problemsOf,
  resultOf,
  sectionOf,
  withoutStaticSurvivors,
  withSection,
  type StrykerReport,
} from './mutation/report.ts';
import { rootDir } from './workspace.ts';

const pageFile = join(rootDir, 'docs/security/mutation.md');
const intro = `# Mutation testing of security code

A mutant is the code with one change: a condition turned around, a call left out, a text emptied. The unit tests of its
area run against it. Where none fails, nobody would notice such a mistake. \`pnpm mutate <area>\` runs them and writes
this page; it asks for 90 % in each area, and for a reason wherever a mutant survives. Not changed are the words of
messages and hints. Tests with databases and processes of their own are not run, so some of what survives here fails there.
An area of \`tools/mutation/areas.ts\` without a part below has not been run yet.

Left out are whole flows: \`authorize\` and its callback, \`disconnect\`, \`webhooks.receive\`, sessions. Their tests drive a
board, up to seconds for each mutant; what flows judge by is in the areas. Left out as well are the patterns that find
secrets in texts (\`redact\`, \`redacted-log\`): lists of leaks in every place and encoding are held against them.
`;

const args = process.argv.slice(2);
const named = args.filter((argument) => !argument.startsWith('-'));
const names = named.length > 0 ? named : Object.keys(areas);
const unknown = names.filter((name) => areas[name] === undefined);
if (unknown.length > 0) {
  console.log(`unknown area ${unknown.join(', ')}; there are ${Object.keys(areas).join(', ')}`);
  process.exit(1);
}

let failed = 0;
for (const name of names) {
  if (!args.includes('--report')) await run(name);
  failed += tell(name);
}
process.exitCode = failed === 0 ? 0 : 1;

async function run(name: string): Promise<void> {
  const { files, tests } = areas[name]!;
  askAgain(join(rootDir, reportOf(name)));
  process.env['PLUGBOARD_MUTATION_TESTS'] = JSON.stringify(tests);
  await new Stryker({
    mutate: files.map((file) => `packages/core/src/${file}`),
    testRunner: 'spared',
    plugins: [
      import.meta.resolve('@stryker-mutator/vitest-runner'),
      join(rootDir, 'tools/mutation/ignore-words.ts'),
      join(rootDir, 'tools/mutation/runner.ts'),
    ],
    ignorers: ['words'],
    vitest: { configFile: 'tools/mutation/vitest.ts', related: false },
    coverageAnalysis: 'perTest',
    concurrency: 2,
    // Longer than a test may take, which fails by itself: this is for what never gives the thread back.
    timeoutMS: 30_000,
    // It runs the mutants as well, each as far as a test that notices.
    dryRunTimeoutMinutes: 60,
    // The root's tsconfig is left out because Stryker would rewrite it with a compiler that it does not know.
    ignorePatterns: ['.*', '/tsconfig.json', '**/dist', 'docs', 'benchmarks', 'examples', 'packages/providers'],
    incremental: true,
    incrementalFile: reportOf(name),
    tempDirName: '.cache/stryker',
    reporters: ['progress'],
    allowConsoleColors: false,
  }).runMutationTest();
}

/**
 * Stryker repeats what new tests reach. Of a mutant that runs while its module loads it does not know which tests reach
 * it, and would keep for good that nobody noticed it.
 */
function askAgain(file: string): void {
  if (!existsSync(file)) return;
  const report = JSON.parse(readFileSync(file, 'utf8')) as StrykerReport;
  writeFileSync(file, JSON.stringify(withoutStaticSurvivors(report)));
}

/** How many problems there are. */
function tell(name: string): number {
  const file = join(rootDir, reportOf(name));
  if (!existsSync(file)) {
    console.log(`!!! ${name}: was never run`);
    return 1;
  }
  const result = resultOf(reportOfArea(name, file));
  const problems = problemsOf(name, result);
  for (const problem of problems) console.log(`!!! ${problem}`);
  const { mutants, noticed, score, survivors } = result;
  const excused = survivors.filter(({ why }) => why !== undefined).length;
  console.log(
    `${name}: ${score.toFixed(1)} %, ${noticed} of ${mutants} noticed, ${excused} cannot be, by their reasons`,
  );
  const page = existsSync(pageFile) ? readFileSync(pageFile, 'utf8') : intro;
  mkdirSync(dirname(pageFile), { recursive: true });
  writeFileSync(pageFile, withSection(page, name, sectionOf(name, areas[name]!, result)));
  return problems.length;
}

/** Without files that are no longer in the area: Stryker keeps what it once knew. */
function reportOfArea(name: string, file: string): StrykerReport {
  const report = JSON.parse(readFileSync(file, 'utf8')) as StrykerReport;
  const patterns = areas[name]!.files.map((pattern) => `packages/core/src/${pattern}`);
  const own = new Set(globSync(patterns, { cwd: rootDir }));
  return { ...report, files: Object.fromEntries(Object.entries(report.files).filter(([path]) => own.has(path))) };
}

function reportOf(name: string): string {
  return `.cache/mutation/${name}.json`;
}
