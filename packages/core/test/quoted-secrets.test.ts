/** Vendors quote what they were sent. Whatever of it is secret is taken out, also where nobody but the call knew it. */
import { expect, test } from 'vitest';

import { createPlugboard } from '../src/board.ts';
import { defineProvider } from '../src/define-provider.ts';
import { at, text } from '../src/json.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { reveal } from '../src/secret.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { acmeProvider, createRig, key, organizationId } from './support/rig.ts';
import { failureOf } from './support/transport-kit.ts';

test('a token that was made for the call alone, without the scheme that it was sent with', async () => {
  const sound = acmeProvider().definition;
  const provider = defineProvider({
    ...sound,
    auth: {
      apiKey: {
        ...sound.auth.apiKey,
        sign: {
          places: ['header:authorization'],
          apply: ({ headers }, { credentials }) =>
            headers.set('authorization', `Bearer made-of-${reveal(credentials['apiKey']!).toUpperCase()}`),
        },
      },
    },
    api: {
      ...sound.api,
      errors: {
        ...sound.api.errors,
        classify: (answer) => ({
          kind: 'invalid_request',
          code: 'bad_token',
          vendor: { message: text(at(answer.tryJson(), 'error')) },
        }),
      },
    },
  });
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [provider({ clientId: 'client', clientSecret: 'client-secret' })],
    store: createMemoryStore(),
    keys: { k1: key },
    mode: 'test',
    env: {},
    log: silentLog,
    clock: createFakeClock(),
    wire: handlerWire((request) => {
      const token = request.headers.get('authorization')?.split(' ')[1] ?? '';
      return Response.json({ error: `<${token}> is no token` }, { status: 400 });
    }),
  });
  const error = await failureOf(board.connect('acme', { organizationId, credentials: { apiKey: 'acme-key' } }));
  expect(error.vendor?.message).toBe('<[secret]> is no token');
});

test('a grant, before it is stored as after it', async () => {
  const rig = createRig({
    oauth: {
      read: () => ({ credentials: { accessToken: 'plain-token-1' } }),
      async afterCode(grant, client) {
        const headers = { 'x-api-key': 'acme-key' };
        await client.request({ method: 'GET', url: 'https://api.acme.example.com/v1/check', headers });
        return grant;
      },
    },
  });
  rig.answer(() =>
    Response.json({ error: 'invalid_request', error_description: '<plain-token-1> is no token' }, { status: 400 }),
  );
  const error = await failureOf(rig.connect());
  expect(error.vendor?.message).toBe('<[secret]> is no token');
});
