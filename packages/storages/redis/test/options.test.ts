/** What can be said of a store without a server. */
import { writeCursor } from '@plugboard/core/store-kit';
import { createFakeClock } from '@plugboard/testing';
import { createClient, createClientPool, createCluster, createSentinel } from '@redis/client';
import { Cluster, Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';

import { openRedis, type Ioredis, type RedisArgument } from '../src/drivers.ts';
import { databaseError } from '../src/errors.ts';
import { inspectRedis, redisStore, withRedisOnce, type RedisClient } from '../src/index.ts';

const illegal = [
  '',
  ' ',
  'x y',
  'x{y',
  'x}',
  '{x}',
  'x*',
  'x?',
  'x\0',
  'x\n',
  '1x',
  'X',
  'x'.repeat(64),
  'tаbles',
  'naïve',
  'x\u200b',
  7 as unknown as string,
];

describe('G06 refuses a prefix that is none', () => {
  test.each(illegal)('%j', (prefix) => {
    const refused = expect.objectContaining({ kind: 'configuration', code: 'invalid_name' }) as Error;
    const client = silentClient();
    expect(() => redisStore(client, { prefix })).toThrow(refused);
    expect(() => withRedisOnce(redisStore(client), client, { prefix })).toThrow(refused);
    expect(() => inspectRedis(client, { prefix })).toThrow(refused);
  });

  test.each(['x', '_', 'select', 'app:prod', 'a-b_c:1', 'x'.repeat(63)])('and takes %j', (prefix) => {
    expect(redisStore(silentClient(), { prefix })).toMatchObject({ name: 'redis', shared: true });
  });
});

test.each([
  { timeoutMs: 0 },
  { timeoutMs: 1.5 },
  { waitForReplicas: { count: 0, timeoutMs: 1 } },
  { waitForReplicas: { count: 1, timeoutMs: Number.NaN } },
  { waitForReplicas: { count: 1, timeoutMs: 10_000 } },
])('refuses the option %j', (options) => {
  expect(() => redisStore(silentClient(), options)).toThrow(expect.objectContaining({ code: 'invalid_option' }));
});

test('has no lock, which Redis could not hold', () => {
  expect(redisStore(silentClient()).connections.lock).toBeUndefined();
});

describe('clients', () => {
  const sentinel = createSentinel({ name: 'x', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] });
  test.each([
    undefined,
    null,
    {},
    [],
    'redis://localhost',
    () => undefined,
    { sendCommand: async () => null },
    sentinel,
  ])('refuses %#', (client) => {
    const refused = expect.objectContaining({ kind: 'configuration', code: 'unknown_client' }) as Error;
    expect(() => redisStore(client as unknown as RedisClient)).toThrow(refused);
  });

  test('tells a client of one connection from one of several', () => {
    const cluster = new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true });
    const one = [createClient(), new Redis({ lazyConnect: true })];
    const several = [createClientPool(), createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] }), cluster];
    expect(one.map((client) => openRedis(client as RedisClient, 1).oneConnection)).toEqual([true, true]);
    expect(several.map((client) => openRedis(client as RedisClient, 1).oneConnection)).toEqual([false, false, false]);
  });
});

test('a client that never answers is an outage after the time given', async () => {
  const clock = createFakeClock();
  const store = redisStore(silentClient(), { timeoutMs: 3000, clock });
  const answers = Promise.allSettled([store.connections.scan(null, 1), store.once.take('key')]);
  await clock.advance(2999);
  expect(clock.pending).toBeGreaterThan(0);
  await clock.advance(1);
  const failed = { status: 'rejected', reason: { kind: 'unavailable', code: 'database_unavailable', retryable: true } };
  expect(await answers).toMatchObject([failed, failed]);
  expect(clock.pending).toBe(0);
});

test('a server before 7 is refused, whatever else it says', async () => {
  const client = answering(['6.2.14', '', '', '1']);
  await expect(redisStore(client).now()).rejects.toMatchObject({ kind: 'configuration', code: 'redis_too_old' });
  await expect(redisStore(answering(['', '', '', '1'])).now()).rejects.toMatchObject({ code: 'redis_too_old' });
});

test.each([
  '',
  'x',
  '*',
  '+',
  '-',
  '[a',
  '0001763650000123',
  '0001763650000123x',
  '-000000000000001 5f0c7a3e-6a52-4b8e-9d3b-0a5f3f1c2d4e',
  '1e9',
])('G02 a forged cursor that points to %j reaches no server', async (position) => {
  const { connections, audit } = redisStore(silentClient());
  const refused = { code: 'invalid_input', fields: [{ path: 'cursor' }] };
  const page = await writeCursor(['connections', 'org_1', '', ''], position);
  await expect(connections.list('org_1', { cursor: page })).rejects.toMatchObject(refused);
  const entries = await writeCursor(['audit', 'org_1', ''], position);
  if (!/^\d+$/.test(position)) await expect(audit.list('org_1', { cursor: entries })).rejects.toMatchObject(refused);
});

test.each([
  ['WRONGTYPE Operation against a key holding the wrong kind of value', 'configuration', 'unexpected_value'],
  ['READONLY You cannot write against a read only replica.', 'unavailable', 'read_only_database'],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'unavailable', 'database_full'],
  ['NOPERM this user has no permissions', 'configuration', 'database_permission'],
  ["ERR The user executing the script can't run this command", 'configuration', 'database_permission'],
  ['NOAUTH Authentication required.', 'configuration', 'database_access'],
  ['WRONGPASS invalid username-password pair', 'configuration', 'database_access'],
  ['MOVED 3999 127.0.0.1:6381', 'configuration', 'cluster_client'],
  ['LOADING Redis is loading the dataset in memory', 'unavailable', 'database_unavailable'],
  ['MISCONF Errors writing to the AOF file', 'unavailable', 'database_unavailable'],
  ['ERR unknown command', 'configuration', 'database_refused'],
  ['connect ECONNREFUSED 127.0.0.1:6379', 'unavailable', 'database_unavailable'],
  ['Connection is closed.', 'unavailable', 'database_unavailable'],
  ['', 'unavailable', 'database_unavailable'],
])('an error that says %j', (message, kind, code) => {
  const error = databaseError(new Error(message));
  expect(error).toMatchObject({ kind, code });
  if (message !== '') expect(error.message).not.toContain(message);
  expect(error.hint).not.toBe('');
});

function silentClient(): Ioredis {
  return answering(undefined);
}

/** Answers every command alike, or none at all. */
function answering(reply: unknown): Ioredis {
  const send = (..._command: RedisArgument[]) =>
    reply === undefined ? new Promise<never>(() => undefined) : Promise.resolve(reply);
  const client = { isCluster: false, callBuffer: send, evalBuffer: send, evalshaBuffer: send };
  return client;
}
