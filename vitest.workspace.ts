/** The one test configuration: `pnpm test` passes it by --config. Packages need none of their own. */
import { defineConfig } from 'vitest/config';

// Tests run from the sources; nothing has to be built first.
// Vitest hands them to Node as well, where `import` would make `require` load modules.
const conditions = ['@plugboard/source', 'node'];

/** Real databases and child processes: a process of its own for each file. */
const withServices = {
  pool: 'forks' as const,
  globalSetup: ['./tools/test-services.ts'],
  testTimeout: 30_000,
  hookTimeout: 60_000,
};
/** What is judged by when it happened, among many processes: beside another file the judgement would be of that. */
const measured = [
  'packages/testing/test/reliability/{r01,r11,r12,r20-chaos,r21,r24,r39}*.int.test.ts',
  'packages/limiter/test/processes.int.test.ts',
];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    allowOnly: false,
    // Vitest's own number is one fewer than the cores: a single file at a time where CI has two.
    maxWorkers: 2,
    reporters: ['default', './tools/test-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // One module graph for all files: safe because no module keeps state, and ten times faster.
          isolate: false,
          include: ['packages/**/test/**/*.test.ts', 'tools/test/**/*.test.ts', 'examples/**/test/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.int.test.ts'],
          setupFiles: ['./tools/test-setup.ts', './tools/test-no-network.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          ...withServices,
          // They wait for other processes more than they work.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
          include: [
            'packages/**/test/**/*.int.test.ts',
            'tools/test/**/*.int.test.ts',
            'examples/**/test/**/*.int.test.ts',
            'runtimes/test/**/*.int.test.ts',
          ],
          exclude: ['**/node_modules/**', ...measured],
        },
      },
      {
        extends: true,
        test: {
          name: 'measured',
          ...withServices,
          // After all others, one file at a time.
          sequence: { groupOrder: 2 },
          maxWorkers: 1,
          include: measured,
        },
      },
    ],
  },
});
