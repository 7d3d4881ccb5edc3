/** What happens to scripts and connections while they are used. */
import { newConnection, storeContract } from '@plugboard/testing';
import { createMemoryStore } from '@plugboard/core/store-kit';
import { createClient } from '@redis/client';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { redisStore, withRedisOnce } from '../src/index.ts';
import { createInspector, randomPrefix, type Inspector } from './fixture.ts';
import { canStartRedis, startRedis } from './redis-server.ts';

// A server of its own: scripts that are flushed are flushed for everybody.
const server = canStartRedis() ? await startRedis() : undefined;
const url = server?.url ?? null;
const prefix = randomPrefix();
const client = createClient({ url: url ?? '' });
const ioredis = new Redis(url ?? '', { lazyConnect: true });
let inspector: Inspector;

beforeEach((context) => context.skip(url === null, 'There is no redis-server to start'));
beforeAll(async () => {
  if (url === null) return;
  client.on('error', () => undefined);
  await client.connect();
  await ioredis.connect();
  inspector = await createInspector(url, prefix);
});
afterAll(async () => {
  if (url === null) return;
  await inspector.clear();
  await inspector.close();
  client.destroy();
  ioredis.disconnect();
  await server?.close();
});

test.each([
  ['node-redis', client],
  ['ioredis', ioredis],
])('%s: no write is lost or repeated while the scripts are flushed again and again', async (_name, used) => {
  const { connections } = redisStore(used as Redis, { prefix });
  const row = await connections.insert('org_1', newConnection());
  const done = new AbortController();
  const flushing = (async () => {
    let flushes = 0;
    while (!done.signal.aborted) {
      await inspector.send('SCRIPT', 'FLUSH', 'SYNC');
      flushes++;
    }
    return flushes;
  })();
  const versions: (number | undefined)[] = [];
  for (let count = 0; count < 300; count++) {
    versions.push((await connections.update('org_1', row?.id ?? '', {}, { failCount: count }))?.version);
  }
  done.abort();
  expect(await flushing).toBeGreaterThan(20);
  expect(versions).toEqual(Array.from({ length: 300 }, (_, index) => index + 2));
});

test('a killed connection is an outage of one call, never an answer; the next one works', async () => {
  const { connections } = redisStore(client, { prefix });
  const row = await connections.insert('org_1', newConnection());
  const id = row?.id ?? '';
  for (let round = 0; round < 5; round++) {
    const [killed, ...reads] = await Promise.allSettled([
      inspector.send('CLIENT', 'KILL', 'ID', `${await client.sendCommand<number>(['CLIENT', 'ID'])}`),
      ...Array.from({ length: 20 }, () => connections.get('org_1', id)),
    ]);
    expect(killed.status).toBe('fulfilled');
    for (const read of reads) {
      if (read.status === 'fulfilled') expect(read.value).toMatchObject({ id });
      else expect(read.reason).toMatchObject({ kind: 'unavailable', code: 'database_unavailable' });
    }
    expect(await connections.get('org_1', id)).toMatchObject({ id });
  }
});

test('a write whose answer is lost can be told from one that never was', async () => {
  const { connections } = redisStore(client, { prefix });
  const row = await connections.insert('org_1', newConnection());
  const id = row?.id ?? '';
  const change = { credentials: Uint8Array.of(9), writeId: 'mine' };
  const write = () => connections.update('org_1', id, { credentialsVersion: 1 }, change);
  expect(await write()).not.toBeNull();
  // The repetition finds its own writeId.
  expect(await write()).toBeNull();
  expect(await connections.get('org_1', id)).toMatchObject({ writeId: 'mine', credentialsVersion: 2 });
});

storeContract({
  name: 'memory with one-time values in Redis',
  async create(clock) {
    await inspector.clear();
    return { store: withRedisOnce(createMemoryStore({ clock }), client, { prefix, clock }) };
  },
});

test('one-time values alone are in Redis', async () => {
  await inspector.clear();
  const store = withRedisOnce(createMemoryStore(), client, { prefix });
  await store.connections.insert('org_1', newConnection());
  await store.remember('name', 'value');
  await store.once.put({ key: 'key', value: 'value', ttlMs: 1000 });
  expect(store.name).toBe('memory');
  expect((await inspector.keys()).map((key) => key.slice(prefix.length + 3)).toSorted()).toEqual([
    'format',
    'once-ends',
    'once-keys',
    'once:key',
  ]);
});
