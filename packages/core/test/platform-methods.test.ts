import { expect, test } from 'vitest';
import { z } from 'zod';

import { apiKey } from '../src/auth/methods.ts';
import { header } from '../src/auth/sign.ts';
import { resolveProvider } from '../src/config.ts';
import { defineProvider } from '../src/define-provider.ts';
import { isPlugboardError } from '../src/errors.ts';
import { secret, text } from '../src/fields.ts';
import { acmeProvider } from './support/rig.ts';

const sign = header('x-key', 'key');
const key = secret('Key');
/** The same key at the vendor itself, or at another host: the variables overlap. */
const provider = defineProvider({
  ...acmeProvider().definition,
  app: {},
  auth: {
    vendor: apiKey({
      credentials: z.strictObject({ key }),
      env: { key: 'ACME_KEY' },
      sign,
      example: { key: 'k' },
    }),
    elsewhere: apiKey({
      credentials: z.strictObject({ key, host: text('Host', { pattern: /^[a-z.]+$/ }) }),
      env: { key: 'ACME_KEY', host: 'ACME_HOST' },
      sign,
      example: { key: 'k', host: 'acme.example' },
    }),
  },
});

test.each([
  [{ ACME_KEY: 'k' }, 'vendor'],
  [{ ACME_KEY: 'k', ACME_HOST: 'acme.example' }, 'elsewhere'],
  [{}, undefined],
])('%j is read as the method that takes the most of it: %s', (env, method) => {
  expect(resolveProvider(provider(), env, 'test').platform?.method).toBe(method);
});

test('what is set and wrong is told, although another method would make do without it', () => {
  const resolve = () => resolveProvider(provider(), { ACME_KEY: 'k', ACME_HOST: 'https://acme.example' }, 'test');
  expect(resolve).toThrow(/host: does not look like/);
  try {
    resolve();
  } catch (error) {
    expect(isPlugboardError(error) && error.code).toBe('invalid_platform_credentials');
  }
});
