/** Providers come as imported modules, and from nowhere else. */
import { expect, test } from 'vitest';

import { createPlugboard } from '../src/board.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import type { AnyProvider } from '../src/provider.ts';
import { acmeProvider, key } from './support/rig.ts';

const options = {
  url: 'https://app.example.com/integrations',
  store: createMemoryStore(),
  keys: { k1: key },
  mode: 'test',
  env: {},
  log: silentLog,
} as const;
const boardOf = (provider: unknown) => createPlugboard({ ...options, providers: [provider as AnyProvider] });

test('G11 a name is no provider: by type, and when it is run', () => {
  // @ts-expect-error -- what is loaded is decided where the host imports it
  const named = () => createPlugboard({ ...options, providers: ['@plugboard/provider-acme'] });
  expect(named).toThrow('providers[0]');
});

test.each([
  ['a name', '@plugboard/provider-acme'],
  ['a path', './providers/acme.ts'],
  ['an address', new URL('https://registry.example/acme.js')],
  ['a promise of a module', import('./support/rig.ts')],
  ['nothing', undefined],
  ['null', null],
  ['a definition without the provider around it', acmeProvider().definition],
  ['an object that only looks like one', { definition: { id: 7 }, options: {} }],
])('G11 %s is refused, and loads nothing', (_, provider) => {
  expect(() => boardOf(provider)).toThrow(
    expect.objectContaining({
      kind: 'configuration',
      code: 'invalid_provider',
      message: expect.stringContaining('providers[0]') as string,
    }),
  );
});

test('G11 a provider that was not called is told so', () => {
  expect(() => boardOf(acmeProvider())).toThrow(
    expect.objectContaining({ code: 'invalid_provider', hint: 'Call it: acme().' }),
  );
});
