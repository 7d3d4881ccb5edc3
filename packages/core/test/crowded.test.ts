/** Many organizations at once, through the same board and the same clients. */
import { expect, test } from 'vitest';
import { z } from 'zod';

import { apiKey } from '../src/auth/methods.ts';
import { header } from '../src/auth/sign.ts';
import { createPlugboard } from '../src/board.ts';
import { defineProvider } from '../src/define-provider.ts';
import { endpoint } from '../src/endpoint.ts';
import { secret } from '../src/fields.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { key } from './support/rig.ts';

const echo = endpoint('GET /echo', {
  summary: 'Says who calls.',
  input: z.strictObject({ asked: z.string().optional() }),
  output: z.looseObject({ key: z.string(), asked: z.string().nullable() }),

  example: { input: {}, answer: { key: 'k', asked: null } },
});

const crowd = defineProvider({
  id: 'crowd',
  name: 'Crowd',
  category: 'crm',
  summary: 'A vendor for tests.',
  docs: { home: 'https://c.example', keys: 'https://c.example', reference: 'https://c.example', checked: '2026-01-01' },
  hosts: ['api.crowd.example.com'],
  auth: {
    apiKey: apiKey({
      credentials: z.strictObject({ token: secret('Token') }),
      sign: header('x-token', 'token'),
      example: { token: 'token-1' },
    }),
  },
  api: {
    baseUrl: 'https://api.crowd.example.com/v1',
    errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
  },
  account: async (api) => ({
    kind: 'known',
    account: await api.call(echo, {}).then(({ key: id }) => ({ id, name: id })),
  }),
  healthCheck: () => Promise.resolve({ status: 'healthy' }),
  operations: { probe: { echo } },
});

/** Answers wait until a number of them are due, and come in an order of chance (a fixed one). */
function createVendor() {
  const seen: { token: string; asked: string | null }[] = [];
  const waiting: (() => void)[] = [];
  let state = 7;
  const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  let together = 1;
  const release = () => {
    while (waiting.length > 0) waiting.splice(random(waiting.length), 1)[0]!();
  };
  return {
    seen,
    gather: (count: number) => void (together = count),
    async fetch(request: Request): Promise<Response> {
      const token = request.headers.get('x-token') ?? '';
      const asked = new URL(request.url).searchParams.get('asked');
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length >= together) release();
      });
      seen.push({ token, asked });
      return Response.json({ key: token, asked });
    },
  };
}

/** A board to which each organization has connected with a token of its own. */
async function connectedBoard(vendor: ReturnType<typeof createVendor>, organizations: readonly string[]) {
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [crowd()],
    store: createMemoryStore(),
    keys: { k1: key },
    mode: 'test',
    env: {},
    log: silentLog,
    cacheMs: 60_000,
    wire: handlerWire(vendor.fetch),
  });
  for (const organizationId of organizations)
    await board.connect('crowd', { organizationId, credentials: { token: `token-of-${organizationId}` } });
  return board;
}

test('G04 of ten thousand interleaved calls of a hundred organizations each carries and gets its own', async () => {
  const vendor = createVendor();
  const organizations = Array.from({ length: 100 }, (_, index) => `org-${index}`);
  const board = await connectedBoard(vendor, organizations);
  vendor.seen.length = 0;
  vendor.gather(20);

  const kept = new Map(
    organizations.map((organizationId) => [organizationId, board.client('crowd', { organizationId })]),
  );
  const call = async (index: number) => {
    // Neighbours are of different organizations; every second one has a client of its own.
    const organizationId = organizations[(index * 37) % 100]!;
    const client = index % 2 === 0 ? kept.get(organizationId)! : board.client('crowd', { organizationId });
    const asked = `${organizationId} ${index}`;
    const answer = await client.probe.echo({ asked });
    return answer.key === `token-of-${organizationId}` && answer.asked === asked;
  };
  const answers: boolean[] = [];
  // In waves: what the first remembers of a connection serves those behind it.
  for (let from = 0; from < 10_000; from += 1_000) {
    answers.push(...(await Promise.all(Array.from({ length: 1_000 }, async (_, index) => call(from + index)))));
  }
  expect(answers.filter(Boolean)).toHaveLength(10_000);
  expect(vendor.seen).toHaveLength(10_000);
  const foreign = vendor.seen.filter(({ token, asked }) => token !== `token-of-${asked?.split(' ')[0] ?? ''}`);
  expect(foreign).toEqual([]);
  expect(new Set(vendor.seen.map(({ token }) => token)).size).toBe(100);
  // They did interleave: what came next was nearly always another organization's.
  const turns = vendor.seen.filter(({ token }, index) => token !== vendor.seen[index - 1]?.token);
  expect(turns.length).toBeGreaterThan(9_000);
  await board.stop();
}, 60_000);

test('G04 a client belongs to its connection: nothing that is written on it changes whose it is', async () => {
  const vendor = createVendor();
  const board = await connectedBoard(vendor, ['org-1', 'org-2']);
  const target = { organizationId: 'org-1' };
  const client = board.client('crowd', target);
  target.organizationId = 'org-2';
  for (const name of ['organizationId', 'label', 'credentials', 'session'])
    Reflect.set(client, name, name === 'organizationId' ? 'org-2' : { organizationId: 'org-2' });
  expect((await client.probe.echo({})).key).toBe('token-of-org-1');
  await board.stop();
});
