import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { apiKey } from '../src/auth/methods.ts';
import { need } from '../src/auth/sign.ts';
import { createPlugboard } from '../src/board.ts';
import { defineProvider } from '../src/define-provider.ts';
import { createEmulator } from '../src/emulator/create-emulator.ts';
import { endpoint } from '../src/endpoint.ts';
import { secret } from '../src/fields.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { key } from './support/rig.ts';

const shared = {
  input: z.strictObject({}),
  output: z.looseObject({}),
  example: { input: {}, answer: { data: 'canary-answer' } },
} as const;
const ping = endpoint('GET /ping', { ...shared, summary: 'Answers.' });
const broken = endpoint('GET /broken', {
  ...shared,
  summary: 'Is read by code that throws what it read.',
  decode: (answer) => {
    throw new TypeError(`cannot read ${JSON.stringify(answer.json())}`);
  },
});

/** A provider whose author forgot what a header can carry, and what a vendor can answer. */
const careless = defineProvider({
  id: 'careless',
  name: 'Careless',
  category: 'crm',
  summary: 'A vendor for tests.',
  docs: { home: 'https://c.example', keys: 'https://c.example', reference: 'https://c.example', checked: '2026-01-01' },
  hosts: ['api.c.example.com'],
  auth: {
    apiKey: apiKey({
      credentials: z.strictObject({ token: secret('Token') }),
      env: { token: 'CARELESS_TOKEN' },
      sign: {
        places: ['header:x-token'],
        apply(request, { credentials }) {
          request.headers.set('x-token', need(credentials, 'token').replaceAll('~', '\n'));
        },
      },
      example: { token: 'token-1' },
    }),
  },
  api: {
    baseUrl: 'https://api.c.example.com/v1',
    errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
  },
  account: () => Promise.resolve({ kind: 'derived', name: 'Careless' }),
  healthCheck: () => Promise.resolve({ status: 'healthy' }),
  operations: { probe: { ping, broken } },
});

function createRig(token: string) {
  const emulator = createEmulator(careless());
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [careless({ platform: { token } })],
    store: createMemoryStore(),
    keys: { k1: key },
    mode: 'test',
    env: {},
    log: silentLog,
    wire: handlerWire(emulator.fetch),
  });
  return { emulator, probe: board.client('careless').probe };
}

test('a credential that no header can carry is refused without being quoted, and nothing is sent', async () => {
  const { emulator, probe } = createRig('canary~secret');
  const error: unknown = await probe.ping({}).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ kind: 'auth', code: 'credential_unusable', provider: 'careless' });
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary');
  expect(emulator.requests).toEqual([]);
});

test('a reader that throws makes an invalid answer, not a foreign error', async () => {
  const { probe } = createRig('token-1');
  const error: unknown = await probe.broken({}).catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    kind: 'invalid_response',
    code: 'unreadable_answer',
    operation: 'probe.broken',
    status: 200,
  });
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary');
});
