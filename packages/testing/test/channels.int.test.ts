/** Boards with pools of their own on one database: each channel that is due is renewed by one of them. */
import { randomBytes, randomUUID } from 'node:crypto';

import { apiKey, channels, createPlugboard, defineProvider, handlerWire, header, silentLog } from '@plugboard/core';
import { staticToken } from '@plugboard/core';
import { given, secret } from '@plugboard/core/fields';
import { migrate, postgresStore } from '@plugboard/storage-postgres';
import { Pool } from 'pg';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { z } from 'zod';

const url = inject('postgresUrl');
const organizationId = 'org-1';
const boards = 4;
const folders = 5;
const rounds = 3;

const cleanups: (() => Promise<unknown>)[] = [];
beforeEach((context) => context.skip(url === null, 'PostgreSQL is not reachable'));
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const asked = { watch: 0, stop: 0 };

/** Its channels are over as soon as they are open, so that each run of the job finds all of them due. */
const vendor = defineProvider({
  id: 'vendor',
  name: 'Vendor',
  category: 'files',
  summary: 'A vendor of channels.',
  docs: {
    home: 'https://vendor.example',
    keys: 'https://vendor.example',
    reference: 'https://vendor.example',
    checked: '2026-11-20',
  },
  hosts: ['vendor.example'],
  auth: {
    key: apiKey({
      credentials: z.strictObject({ key: secret('Key') }),
      env: { key: 'VENDOR_KEY' },
      sign: header('x-key', 'key'),
      example: { key: 'k' },
    }),
  },
  api: {
    baseUrl: 'https://vendor.example/v1',
    errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
  },
  account: async () => ({ kind: 'known', account: { id: 'acct-1', name: 'One' } }),
  healthCheck: async () => ({ status: 'unknown' }),
  webhooks: {
    docs: 'https://vendor.example',
    secrets: ({ channelToken }) => [channelToken],
    verify: staticToken({ header: 'x-token' }),
    parse: () => [],
    events: {},
    vectors: [],
    sign: async () => ({}),
    channels: channels({
      params: given({ folder: 'a' }),
      async open(api, { id }) {
        await api.request({ method: 'POST', url: '/watch', json: { id } });
        return { expiresAt: new Date(api.clock.now() + 60_000) };
      },
      async stop(api, { id }) {
        await api.request({ method: 'POST', url: '/stop', json: { id } });
      },
    }),
  },
  operations: {},
});

function createBoard(pool: Pool, schema: string, key: string) {
  return createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [vendor({ stub: false })],
    store: postgresStore(pool, { schema }),
    keys: { k1: key },
    environment: 'channels',
    mode: 'test',
    env: {},
    log: silentLog,
    wire: handlerWire(async (request) => {
      asked[new URL(request.url).pathname === '/v1/watch' ? 'watch' : 'stop']++;
      await new Promise((resolve) => setImmediate(resolve));
      return Response.json({});
    }),
  });
}

test('each of several channels is opened once in each round, and each old one stopped once', async () => {
  const schema = `channels_${randomUUID().slice(0, 8)}`;
  const key = randomBytes(32).toString('base64');
  const pools = Array.from({ length: boards }, () => new Pool({ connectionString: url ?? '', max: 4 }));
  cleanups.push(() => Promise.all(pools.map((pool) => pool.end())));
  const [first] = pools as [Pool, ...Pool[]];
  await migrate(first, { schema });
  cleanups.push(() => first.query(`drop schema ${schema} cascade`));
  const all = pools.map((pool) => createBoard(pool, schema, key));
  const board = all[0]!;
  cleanups.push(() => Promise.all(all.map((one) => one.stop())));
  await board.connect('vendor', { organizationId, credentials: { key: 'k' } });

  const names = Array.from({ length: folders }, (_, index) => `folder ${index}`);
  const open = (one: typeof board, folder: string) =>
    one.channels.open('vendor', { organizationId, params: { folder } });
  await Promise.all(all.flatMap((one) => names.map((folder) => open(one, folder))));
  expect(asked, 'opened by whoever came first').toEqual({ watch: folders, stop: 0 });

  const row = { table: `${schema}.integration_connections`, past: '"2020-01-01T00:00:00.000Z"' };
  for (let round = 1; round <= rounds; round++) {
    await first.query(`update ${row.table} set version = version + 1, metadata = jsonb_set(metadata, '{channels}', (
      select jsonb_agg(jsonb_set(channel, '{renewAt}', '${row.past}')) from jsonb_array_elements(metadata->'channels') as channel))`);
    const jobs = all.map((one) => one.jobs.find(({ name }) => name === 'channels')!);
    await Promise.all([...jobs, ...jobs].map((job) => job.run()));
    expect(asked, `after round ${round}`).toEqual({ watch: folders * (1 + round), stop: folders * round });
  }
  const listed = await board.channels.list('vendor', { organizationId });
  expect(listed.map(({ status }) => status)).toEqual(names.map(() => 'open'));
  expect(new Set(listed.map(({ params }) => params['folder']))).toEqual(new Set(names));
});
