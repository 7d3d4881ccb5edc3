/** A vendor that exchanges a pair of fields for tokens of an hour. */
import { z } from 'zod';

import { clientCredentials } from '../../src/auth/methods.ts';
import { bearer, need } from '../../src/auth/sign.ts';
import { createPlugboard } from '../../src/board.ts';
import { defineProvider } from '../../src/define-provider.ts';
import { endpoint, operation } from '../../src/endpoint.ts';
import { secret, text } from '../../src/fields.ts';
import { silentLog } from '../../src/log.ts';
import { createMemoryStore } from '../../src/memory-store.ts';
import { handlerWire } from '../../src/transport/handler-wire.ts';
import { createFakeClock } from './fake-clock.ts';
import { key } from './rig.ts';

const ping = endpoint('GET /ping', {
  summary: 'Answers.',
  input: z.strictObject({}),
  output: z.looseObject({ pong: z.boolean() }),
  example: { input: {}, answer: { pong: true } },
});

const whoami = operation({
  summary: 'Tells what the api knows.',
  input: z.strictObject({}),
  run: async ({ account, metadata }) => ({ account, metadata }),
  example: { input: {} },
});

export const minting = defineProvider({
  id: 'minting',
  name: 'Minting',
  category: 'crm',
  summary: 'A vendor for tests.',
  docs: { home: 'https://m.example', keys: 'https://m.example', reference: 'https://m.example', checked: '2026-01-01' },
  hosts: ['api.m.example.com'],
  auth: {
    pair: clientCredentials({
      credentials: z.strictObject({ id: text('Id'), key: secret('Key') }),
      env: { id: 'MINTING_ID', key: 'MINTING_KEY' },
      sign: bearer(),
      token: { url: 'https://api.m.example.com/token', clientAuth: 'none' },
      mint: async (client) => {
        const params = {
          grant_type: 'client_credentials',
          client_id: need(client.credentials, 'id'),
          key: need(client.credentials, 'key'),
        };
        const account = { id: 'ac-1', name: 'The platform' };
        return { ...(await client.token(params)), account, metadata: { region: 'eu' } };
      },
      example: { id: 'pair-1', key: 'key-1' },
    }),
  },
  api: {
    baseUrl: 'https://api.m.example.com/v1',
    errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
  },
  account: () => Promise.resolve({ kind: 'derived', name: 'Minting' }),
  healthCheck: async (api) => {
    await api.call(ping, {});
    return { status: 'healthy' };
  },
  operations: { probe: { ping, whoami } },
});

/**
 * A board of that vendor, with time standing still.
 * @param token Answers whoever asks for a token.
 */
export function createMintingBoard(token: (request: Request) => Response | Promise<Response>) {
  const clock = createFakeClock();
  const store = createMemoryStore({ clock });
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [minting({ stub: false })],
    store,
    keys: { k1: key },
    mode: 'test',
    env: {},
    log: silentLog,
    clock,
    cacheMs: 0,
    wire: handlerWire(async (request) =>
      request.url.endsWith('/token') ? token(request) : Response.json({ pong: true }),
    ),
  });
  return { board, clock, store };
}
