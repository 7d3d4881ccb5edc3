import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { runVitest } from './support/run-vitest.ts';

const config = fileURLToPath(new URL('fixtures/vitest-setup/vitest.config.ts', import.meta.url));

test('a test fails that prints, or that asks a host which nobody answers for', async () => {
  const results = await runVitest(config);
  const expected = results.map(({ title }) => (title.startsWith('passes') ? 'passed' : 'failed'));
  expect(results.map(({ status }) => status)).toEqual(expected);
  expect(expected.filter((status) => status === 'failed')).toHaveLength(3);
  const messages = results.flatMap(({ failureMessages }) => failureMessages).join('\n');
  expect(messages).toContain('console.warn: unexpected');
  expect(messages).toContain('No handler answers GET https://elsewhere.example/path');
  expect(messages).not.toContain('canary');
});
