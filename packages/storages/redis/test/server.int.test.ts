/** What a server must be, and what becomes of a store when it is not, or no more. */
import { readFileSync } from 'node:fs';

import { newConnection } from '@plugboard/testing';
import { createClient, createCluster } from '@redis/client';
import { Cluster, Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { inspectRedis, redisStore, type RedisClient, type RedisStoreOptions } from '../src/index.ts';
import { canStartRedis, eventually, startRedis, type RedisServer } from './redis-server.ts';

const available = canStartRedis();
const cleanups: (() => unknown)[] = [];

beforeEach((context) => context.skip(!available, 'A redis-server to start is not reachable'));
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(...settings: string[]): Promise<RedisServer> {
  const server = await startRedis(...settings);
  cleanups.push(() => server.close());
  return server;
}

async function connect(url: string): Promise<RedisClient> {
  const client = createClient({ url, disableOfflineQueue: true });
  client.on('error', () => undefined);
  await client.connect();
  cleanups.push(() => client.destroy());
  return client;
}

async function failureOf(client: RedisClient, options?: RedisStoreOptions): Promise<unknown> {
  const store = redisStore(client, options);
  const error = await store.remembered('').catch((reason: unknown) => reason);
  // The second call is told the same: what is wrong stays wrong.
  await expect(store.connections.scan(null, 1)).rejects.toEqual(error);
  return error;
}

describe('eviction', () => {
  test.each(['allkeys-lru', 'volatile-ttl'])('a server that evicts keys (%s) is refused', async (policy) => {
    const server = await start('--maxmemory-policy', policy);
    const refused = {
      kind: 'configuration',
      code: 'eviction_policy',
      hint: expect.stringContaining('noeviction') as string,
    };
    const client = await connect(server.url);
    expect(await failureOf(client)).toMatchObject(refused);
    // What is known to be wrong cannot be acknowledged away.
    expect(await failureOf(client, { acknowledgeEviction: true })).toMatchObject(refused);
    const store = redisStore(client);
    await expect(store.now()).rejects.toMatchObject(refused);
    await server.send('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    expect(await store.now()).toBeInstanceOf(Date);
  });

  test('is asked of CONFIG where INFO is refused, and of the host where both are', async () => {
    const server = await start();
    const rights = ['~*', '+@all'];
    await server.send('ACL', 'SETUSER', 'config', 'on', '>example', ...rights, '-info');
    await server.send('ACL', 'SETUSER', 'neither', 'on', '>example', ...rights, '-info', '-config');
    const config = await connect(server.url.replace('//', '//config:example@'));
    expect(await inspectRedis(config)).toMatchObject({ evictionPolicy: 'noeviction', appendOnly: null, warnings: [] });
    const ioredis = new Redis(server.url.replace('//', '//config:example@'), { enableReadyCheck: false });
    cleanups.push(() => ioredis.disconnect());
    expect(await inspectRedis(ioredis)).toMatchObject({ evictionPolicy: 'noeviction' });
    await server.send('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu');
    expect(await failureOf(config)).toMatchObject({ code: 'eviction_policy' });

    const neither = await connect(server.url.replace('//', '//neither:example@'));
    const unknown = {
      kind: 'configuration',
      code: 'eviction_unknown',
      hint: expect.stringContaining('acknowledgeEviction') as string,
    };
    expect(await failureOf(neither)).toMatchObject(unknown);
    expect(await inspectRedis(neither, { acknowledgeEviction: true })).toMatchObject({ evictionPolicy: null });
  });
});

test('the rights that the guide names suffice, and with fewer the store says that it is the rights', async () => {
  const guide = readFileSync(new URL('../../../../docs/guides/redis.md', import.meta.url), 'utf8');
  const rights = /A user needs `([^`]+)`/.exec(guide)?.[1]?.split(' ') ?? [];
  const server = await start();
  await server.send('ACL', 'SETUSER', 'board', 'on', '>example', 'resetkeys', '-@all', ...rights);
  const client = await connect(server.url.replace('//', '//board:example@'));
  const store = redisStore(client);
  const row = await store.connections.insert('org_1', newConnection({ refreshAt: new Date(0) }));
  expect(await store.connections.claimDue({ limit: 1, leaseMs: 1000 })).toMatchObject([{ id: row?.id }]);
  expect(await store.sync.lease('org_1', { connectionId: row?.id ?? '', stream: 'orders' }, 1000)).not.toBeNull();
  expect(await store.once.put({ key: 'key', value: 'value', ttlMs: 1000 })).toBe('stored');
  expect(await store.once.purge()).toBe(0);
  expect(await store.remember('name', 'value')).toBe('value');
  const lacking = { kind: 'configuration', code: 'database_permission' };
  await expect(redisStore(client, { prefix: 'other' }).now()).rejects.toMatchObject(lacking);
  await server.send('ACL', 'SETUSER', 'board', '-@write');
  await expect(store.connections.insert('org_1', newConnection())).rejects.toMatchObject(lacking);
});

test('a missing log of writes is a warning, told once', async () => {
  const server = await start();
  const warnings: string[] = [];
  const client = await connect(server.url);
  const store = redisStore(client, { onWarning: (warning) => warnings.push(warning) });
  await Promise.all([store.now(), store.now()]);
  await store.now();
  expect(warnings).toEqual([expect.stringContaining('appendonly yes')]);
  await server.send('CONFIG', 'SET', 'appendonly', 'yes');
  expect(await inspectRedis(client)).toEqual({
    version: expect.stringMatching(/^\d+\.\d+/) as string,
    evictionPolicy: 'noeviction',
    appendOnly: true,
    warnings: [],
  });
});

test('keys of another version of the package are refused, and left as they are', async () => {
  const server = await start();
  await server.send('SET', '{integration}:format', '2');
  expect(await failureOf(await connect(server.url))).toMatchObject({ kind: 'configuration', code: 'unknown_format' });
  expect(await server.send('GET', '{integration}:format')).toBe('2');
});

test('D16 a replica takes no store', async () => {
  const primary = await start();
  const replica = await start('--replicaof', '127.0.0.1', String(primary.port));
  const error = await failureOf(await connect(replica.url));
  expect(error).toMatchObject({ kind: 'unavailable', code: 'read_only_database', retryable: true });
});

test('a full server refuses writes, answers reads, and keeps its indexes whole', async () => {
  const server = await start();
  const { connections } = redisStore(await connect(server.url));
  const row = await connections.insert('org_1', newConnection({ label: 'first' }));
  await server.send('CONFIG', 'SET', 'maxmemory', '1');
  await expect(connections.insert('org_1', newConnection())).rejects.toMatchObject({
    kind: 'unavailable',
    code: 'database_full',
  });
  await expect(connections.update('org_1', row?.id ?? '', {}, { failCount: 1 })).rejects.toMatchObject({
    code: 'database_full',
  });
  expect((await connections.list('org_1')).items.map(({ label, version }) => [label, version])).toEqual([['first', 1]]);
  await server.send('CONFIG', 'SET', 'maxmemory', '0');
  expect(await connections.insert('org_1', newConnection())).not.toBeNull();
});

describe('waitForReplicas', () => {
  test('answers when the replica has the write, and says so when it has not', async () => {
    const primary = await start();
    const client = await connect(primary.url);
    const impatient = redisStore(client, { waitForReplicas: { count: 1, timeoutMs: 50 } });
    const behind = { kind: 'unavailable', code: 'replication_behind' };
    await expect(impatient.now()).rejects.toMatchObject(behind);

    const replica = await start('--replicaof', '127.0.0.1', String(primary.port));
    const { connections } = redisStore(client, { waitForReplicas: { count: 1, timeoutMs: 9000 } });
    const row = await connections.insert('org_1', newConnection());
    const id = row?.id ?? '';
    expect(await replica.send('EXISTS', `{integration}:connection:${id}`)).toBe(1);
    expect(await impatient.now()).toBeInstanceOf(Date);
    await replica.kill();
    await expect(impatient.connections.update('org_1', id, {}, { failCount: 1 })).rejects.toMatchObject(behind);
    // Reads wait for nobody, and show that the write took place.
    expect(await impatient.connections.get('org_1', id)).toMatchObject({ failCount: 1, version: 2 });
  });
});

describe('a cluster', () => {
  async function startCluster(): Promise<RedisServer> {
    const server = await start('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1');
    await server.send('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await eventually(async () => String(await server.send('CLUSTER', 'INFO')).includes('cluster_state:ok'));
    return server;
  }

  test('keeps all keys of a store in one slot, through both kinds of client', async () => {
    const server = await startCluster();
    const cluster = createCluster({ rootNodes: [{ url: server.url }] });
    await cluster.connect();
    cleanups.push(() => cluster.destroy());
    const ioredis = new Cluster([{ host: '127.0.0.1', port: server.port }]);
    cleanups.push(() => ioredis.disconnect());
    for (const [index, client] of [cluster, ioredis].entries()) {
      const store = redisStore(client, { prefix: `store_${index}` });
      const row = await store.connections.insert('org_1', newConnection({ refreshAt: new Date(0) }));
      expect(await store.connections.claimDue({ limit: 1, leaseMs: 1000 })).toMatchObject([
        { id: row?.id, leaseFence: 1 },
      ]);
      await store.once.put({ key: 'key', value: 'value', ttlMs: 1000, group: 'group', maxInGroup: 1 });
      await store.remember('name', 'value');
      const slot = await server.send('CLUSTER', 'KEYSLOT', `{store_${index}}:`);
      const inSlot = (await server.send('CLUSTER', 'COUNTKEYSINSLOT', String(slot))) as number;
      const keys = (await server.send('KEYS', `*store_${index}*`)) as readonly string[];
      expect(keys.length).toBeGreaterThan(8);
      expect(inSlot).toBe(keys.length);
      expect(() => redisStore(client, { waitForReplicas: { count: 1, timeoutMs: 1 } })).toThrow(
        expect.objectContaining({ code: 'invalid_option' }),
      );
    }
  });

  test('of which the client knows one node only, says what client to use', async () => {
    const server = await start('--cluster-enabled', 'yes');
    const other = await start('--cluster-enabled', 'yes');
    await server.send('CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
    await other.send('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
    await server.send('CLUSTER', 'MEET', '127.0.0.1', String(other.port));
    await eventually(async () => String(await server.send('CLUSTER', 'INFO')).includes('cluster_state:ok'));
    const client = await connect(server.url);
    const errors = await Promise.all(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((prefix) =>
        redisStore(client, { prefix })
          .now()
          .then(
            () => null,
            (reason: unknown) => reason,
          ),
      ),
    );
    const failed = errors.filter((error) => error !== null);
    expect(failed.length).toBeGreaterThan(0);
    for (const error of failed) expect(error).toMatchObject({ kind: 'configuration', code: 'cluster_client' });
  });
});

test.each(['node-redis', 'ioredis'])(
  'a restart loses the scripts and no row (%s), and a call meanwhile is told',
  async (kind) => {
    const server = await start('--appendonly', 'yes', '--appendfsync', 'always');
    const ioredis = new Redis(server.url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => 20 });
    ioredis.on('error', () => undefined);
    cleanups.push(() => ioredis.disconnect());
    const { connections, now } = redisStore(kind === 'ioredis' ? ioredis : await connect(server.url), {
      timeoutMs: 5000,
    });
    const row = await connections.insert('org_1', newConnection({ credentials: Uint8Array.of(0, 255, 13, 10) }));
    const id = row?.id ?? '';
    const leased = await connections.lease('org_1', id, { credentialsVersion: 1, leaseMs: 60_000 });
    await server.kill();
    const down = { kind: 'unavailable', code: 'database_unavailable', retryable: true };
    await expect(connections.get('org_1', id)).rejects.toMatchObject(down);
    await expect(connections.find('org_1', newConnection())).rejects.toMatchObject(down);
    await expect(connections.lease('org_1', id, { credentialsVersion: 1, leaseMs: 1 })).rejects.toMatchObject(down);
    await server.start();
    await eventually(async () => (await now().catch(() => null)) !== null);
    expect(await connections.get('org_1', id)).toEqual({ ...leased, readAt: expect.any(Date) as Date });
    expect(await connections.lease('org_1', id, { credentialsVersion: 1, leaseMs: 60_000 })).toBeNull();
    expect(await connections.release('org_1', id, 1, null)).toBe(true);
  },
);
