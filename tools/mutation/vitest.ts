/** The tests of one area, as Stryker runs them: see vitest.workspace.ts for the configuration of all tests. */
import { join } from 'node:path';

import { defineConfig } from 'vitest/config';

// Stryker runs this from its copy of the sources, where node_modules still links to the sources that are not mutated.
const source = (path: string) => join(process.cwd(), path);
const conditions = ['@plugboard/source', 'node'];

export default defineConfig({
  resolve: {
    conditions,
    alias: [
      { find: /^@plugboard\/core$/, replacement: source('packages/core/src/index.ts') },
      { find: /^@plugboard\/core\/(.*)$/, replacement: source('packages/core/src/$1.ts') },
      { find: /^@plugboard\/testing$/, replacement: source('packages/testing/src/index.ts') },
    ],
  },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // As in the configuration of all tests; a new worker for each run makes what runs while a module loads count too.
    isolate: false,
    // A machine that is busy notices nothing: it only makes tests slow.
    testTimeout: 15_000,
    include: JSON.parse(process.env['PLUGBOARD_MUTATION_TESTS'] ?? '[]') as string[],
    exclude: ['**/node_modules/**', '**/*.int.test.ts'],
    runner: './tools/mutation/first-run.ts',
    setupFiles: ['./tools/test-setup.ts', './tools/test-no-network.ts'],
  },
});
