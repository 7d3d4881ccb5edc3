/** How many commands to Redis a call costs, inside its script too: the same among a hundred rows and among thousands. */
import { newConnection } from '@plugboard/testing';
import { createClient } from '@redis/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { redisStore } from '../src/index.ts';
import { canStartRedis, startRedis, type RedisServer } from './redis-server.ts';

const available = canStartRedis();
const organization = 'org_0';
const account = { id: 'acct_1', name: '' };
const few = 100;
const many = 3000;

interface Place {
  readonly server: RedisServer;
  readonly client: ReturnType<typeof createClient>;
}

let small: Place;
let large: Place;

beforeEach((context) => context.skip(!available, 'A redis-server to start is not reachable'));
beforeAll(async () => {
  if (available) [small, large] = [await fill(few), await fill(many)];
});
afterAll(async () => {
  for (const place of available ? [small, large] : []) {
    place.client.destroy();
    await place.server.close();
  }
});

const due = { limit: 5, leaseMs: 3_600_000 };
const { id } = newConnection();
const stream = { connectionId: id, stream: 'orders' };
type Parts = ReturnType<typeof redisStore>;
const calls: readonly (readonly [string, (store: Parts) => Promise<unknown>])[] = [
  ['insert', ({ connections }) => connections.insert(organization, newConnection({ id, label: 'counted', account }))],
  ['get', ({ connections }) => connections.get(organization, id)],
  ['find', ({ connections }) => connections.find(organization, { provider: 'acme', label: 'counted' })],
  ['list', ({ connections }) => connections.list(organization, { limit: 3 })],
  [
    'list by provider and status',
    ({ connections }) => connections.list(organization, { limit: 1, provider: 'other', status: 'expired' }),
  ],
  ['update', ({ connections }) => connections.update(organization, id, {}, { status: 'expired', metadata: {} })],
  ['lease', ({ connections }) => connections.lease(organization, id, { credentialsVersion: 1, leaseMs: 1000 })],
  ['release', ({ connections }) => connections.release(organization, id, 1, new Date(0))],
  ['lease of a stream', ({ sync }) => sync.lease(organization, stream, 3_600_000)],
  ['save of a stream', ({ sync }) => sync.save(organization, stream, { leaseFence: 1, leaseMs: null }, { pages: 1 })],
  ['stream', ({ sync }) => sync.get(organization, stream)],
  ['streams', ({ sync }) => sync.list(organization, id)],
  ['schedule', ({ sync }) => sync.schedule([{ organizationId: organization, ...stream }])],
  [
    'claim of streams',
    ({ sync }) =>
      // As many as there are organizations: which of them come first, and so which are passed over, is a matter of chance.
      sync.claimDue({ provider: 'acme', stream: 'orders', limit: 10, leaseMs: 3_600_000, except: ['org_3', 'org_5'] }),
  ],
  ['remove', ({ connections }) => connections.remove(organization, id)],
  ['claimDue', ({ connections }) => connections.claimDue(due)],
  ['claimDue with a cap', ({ connections }) => connections.claimDue({ ...due, provider: 'acme', perOrganization: 2 })],
  ['findByAccount', ({ connections }) => connections.findByAccount('acme', 'acct_3')],
  ['scan', ({ connections }) => connections.scan(null, 5)],
  ['put', ({ once }) => once.put({ key: 'counted', value: 'x', ttlMs: 600_000, group: 'all', maxInGroup: 1_000_000 })],
  ['entries', ({ once }) => once.entries('key 1', 5)],
  ['take', ({ once }) => once.take('counted')],
  [
    'append',
    ({ audit }) =>
      audit.append({
        id,
        organizationId: organization,
        connectionId: id,
        provider: 'acme',
        type: 'x',
        actor: 'x',
        data: {},
      }),
  ],
  ['trail', ({ audit }) => audit.list(organization, { limit: 3 })],
  ['remember', ({ remember }) => remember('name', 'value')],
];

describe('commands for each call', () => {
  test.each(calls)('%s', async (_name, call) => {
    const [among, amongMany] = [await commandsOf(small, call), await commandsOf(large, call)];
    expect(amongMany.total).toBe(among.total);
    expect(among.total).toBeGreaterThan(1);
    expect(among.sent).toBe(1);
    expect(amongMany.names.filter((name) => ['keys', 'scan', 'hscan', 'zscan'].includes(name))).toEqual([]);
  });
});

test('D23 a claim that takes more than one script keeps cap and order, and gives each row once', async () => {
  const { connections } = redisStore(large.client);
  const capped = await connections.claimDue({ limit: 900, leaseMs: 60_000, perOrganization: 250 });
  const counts = Map.groupBy(capped, (row) => row.organizationId);
  expect(capped).toHaveLength(900);
  expect(counts.get(organization)).toHaveLength(250);
  expect(Math.max(...Array.from(counts.values(), (rows) => rows.length))).toBe(250);
  const rest = await connections.claimDue({ limit: 10_000, leaseMs: 60_000 });
  const order = (rows: typeof rest) => rows.map((row) => Number(row.label));
  for (const rows of [capped, rest]) expect(order(rows)).toEqual(order(rows).toSorted((a, b) => a - b));
  const ids = [...capped, ...rest].map((row) => row.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(await connections.claimDue({ limit: 1, leaseMs: 1 })).toEqual([]);
});

/** Half of the rows belong to one organization, and all are due. */
async function fill(count: number): Promise<Place> {
  const server = await startRedis();
  const client = await createClient({ url: server.url }).connect();
  const { connections, sync, once, audit } = redisStore(client as never);
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const organizationId = `org_${index % 2 === 0 ? 0 : index % 9}`;
      const given = {
        label: String(index),
        provider: index % 5 === 0 ? 'other' : 'acme',
        status: index % 5 === 0 ? ('expired' as const) : ('active' as const),
        refreshAt: new Date(1000 + index),
        account: { id: `acct_${index}`, name: '' },
      };
      const row = await connections.insert(organizationId, newConnection(given));
      await sync.schedule([{ organizationId, connectionId: row?.id ?? '', stream: 'orders' }]);
      await once.put({ key: `key ${index}`, value: 'x', ttlMs: 600_000, group: 'all' });
      const entry = { connectionId: row?.id ?? null, provider: 'acme', type: 'x', actor: 'x', data: {} };
      await audit.append({ ...entry, id: `entry ${index}`, organizationId });
    }),
  );
  return { server, client: client as never };
}

async function commandsOf({ server, client }: Place, call: (store: Parts) => Promise<unknown>) {
  const store = redisStore(client);
  await store.now();
  await server.send('CONFIG', 'RESETSTAT');
  await call(store);
  const stats = String(await server.send('INFO', 'commandstats'));
  const counts = [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].map(([, name = '', calls]) => ({
    name,
    count: Number(calls),
  }));
  // What this function itself sends: on a connection of its own, with a greeting.
  const own = new Set(['config|resetstat', 'hello', 'client|setinfo', 'info', 'select']);
  const theirs = counts.filter(({ name }) => !own.has(name));
  return {
    total: theirs.reduce((sum, { count }) => sum + count, 0),
    sent:
      theirs.filter(({ name }) => name.startsWith('eval')).reduce((sum, { count }) => sum + count, 0) - missed(counts),
    names: theirs.map(({ name }) => name),
  };
}

/** The first EVALSHA of a script that a server has not seen is answered by NOSCRIPT and repeated. */
function missed(counts: readonly { readonly name: string }[]): number {
  return counts.some(({ name }) => name === 'eval') ? 1 : 0;
}
