/** `pnpm mutate [area ...]`: changes security code bit by bit, and asks whether a test notices. */
import { join } from 'node:path';

import { Stryker } from '@stryker-mutator/core';

import { areas } from './mutation/areas.ts';
import { rootDir } from './workspace.ts';

for (const name of process.argv.slice(2)) {
  const { files, tests } = areas[name]!;
  process.env['PLUGBOARD_MUTATION_TESTS'] = tests.join('|');
  await new Stryker({
    mutate: files.map((file) => `packages/core/src/${file}`),
    testRunner: 'vitest',
    plugins: [import.meta.resolve('@stryker-mutator/vitest-runner'), join(rootDir, 'tools/mutation/ignore-words.ts')],
    ignorers: ['words'],
    vitest: { configFile: 'tools/mutation/vitest.ts', related: false },
    coverageAnalysis: 'perTest',
    concurrency: 2,
    // Long, since a machine that is busy is no mutant that hangs: a test that waits fails by itself after five seconds.
    timeoutMS: 20_000,
    ignorePatterns: [
      '.*',
      '/tsconfig.json',
      '**/dist',
      'docs',
      'benchmarks',
      'examples',
      'packages/providers',
      'packages/storages',
    ],
    incremental: true,
    incrementalFile: `.cache/mutation/${name}.json`,
    tempDirName: '.cache/stryker',
    reporters: ['progress'],
    allowConsoleColors: false,
  }).runMutationTest();
}
