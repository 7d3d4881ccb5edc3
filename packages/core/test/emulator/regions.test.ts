/** Vendors whose host depends on a choice, and answers that stream. */
import { expect, it } from 'vitest';
import { z } from 'zod';

import { apiKey } from '../../src/auth/methods.ts';
import { bearer } from '../../src/auth/sign.ts';
import { defineProvider } from '../../src/define-provider.ts';
import { createEmulator } from '../../src/emulator/create-emulator.ts';
import { endpoint } from '../../src/endpoint.ts';
import { secret } from '../../src/fields.ts';
import { readServerSentEvents } from '../../src/server-sent-events.ts';

const credentials = z.strictObject({ key: secret('Key'), region: z.enum(['eu', 'us']).optional() });
const place = z.looseObject({ region: z.string().optional() });

const acme = defineProvider({
  id: 'acme',
  name: 'Acme',
  category: 'ai',
  summary: 'A vendor with regions.',
  docs: {
    home: 'https://acme.example',
    keys: 'https://acme.example',
    reference: 'https://acme.example',
    checked: '2026-11-28',
  },
  hosts: ['api.acme.example', 'eu.acme.example', 'us.acme.example', 'files.acme.example'],
  auth: { key: apiKey({ credentials, env: {}, sign: bearer('key'), example: { key: 'k' } }) },
  api: {
    baseUrl: (api) => `https://${api.credentials(place).region ?? 'api'}.acme.example/v1`,
    errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
  },
  account: async () => ({ kind: 'derived', name: 'Acme' }),
  healthCheck: async () => ({ status: 'unknown' }),
  operations: {
    things: {
      say: endpoint('POST /say', {
        summary: 'Says something.',
        input: z.strictObject({}),
        output: z.looseObject({ said: z.string() }),
        example: { input: {}, answer: { said: 'Hi.' } },
      }),
    },
  },
  emulator: () => ({
    'POST /say': ({ url }) =>
      url.searchParams.has('stream') ? { stream: ['data: H', 'i\n', '\ndata: .\n\n'] } : undefined,
  }),
});

const ask = (host: string, query = '') =>
  createEmulator(acme()).fetch(
    new Request(`https://${host}/v1/say${query}`, { method: 'POST', headers: { authorization: 'Bearer k' } }),
  );

it.each(['api', 'eu', 'us'])('the host of region %s is answered for', async (region) => {
  expect((await ask(`${region}.acme.example`)).status).toBe(200);
});

it('a host that no choice leads to has no such address', async () => {
  expect((await ask('files.acme.example')).status).toBe(404);
});

it('a reply streams piece by piece, as events unless it says otherwise', async () => {
  const response = await ask('eu.acme.example', '?stream=1');
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const reader = response.clone().body!.getReader();
  expect(new TextDecoder().decode((await reader.read()).value as Uint8Array)).toBe('data: H');
  const said: string[] = [];
  for await (const { data } of readServerSentEvents(response.body as unknown as AsyncIterable<Uint8Array>))
    said.push(data);
  expect(said).toEqual(['Hi', '.']);
});
