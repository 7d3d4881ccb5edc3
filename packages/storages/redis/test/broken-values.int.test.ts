/** B02, G08: what was changed behind the store's back is an error that says so, holds no value, and stops nobody else. */
import { createCanaries, findCanaries, newConnection } from '@plugboard/testing';
import { createClient } from '@redis/client';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';

import { redisStore } from '../src/index.ts';
import { createInspector, randomPrefix, type Inspector } from './fixture.ts';

const url = inject('redisUrl');
const prefix = randomPrefix();
const base = `{${prefix}}:`;
const client = createClient({ url: url ?? '' });
const store = redisStore(client, { prefix });
const { connections, sync, once, audit } = store;
const canaries = createCanaries('value');
const broken = { kind: 'configuration', code: 'unexpected_value', retryable: false };
let inspector: Inspector;

beforeAll(async () => {
  if (url === null) return;
  await client.connect();
  inspector = await createInspector(url, prefix);
});
beforeEach(async (context) => {
  context.skip(url === null, 'Redis is not reachable');
  await inspector.clear();
});
afterAll(async () => {
  if (url === null) return;
  await inspector.clear();
  await inspector.close();
  client.destroy();
});

const invalid = Buffer.from([0xff, 0xfe]);
/** Fields of a row, each with a value that we never write; null deletes it. */
const spoilt: readonly (readonly [string, string | Buffer | null])[] = [
  ['status', canaries.value],
  ['status', 'constructor'],
  ['version', canaries.value],
  ['version', null],
  ['credentialsVersion', '1e5'],
  ['leaseFence', null],
  ['leaseUntil', canaries.value],
  ['refreshAt', canaries.value],
  ['createdAt', null],
  ['connectedAt', '99999999999999999'],
  ['tokenExpiresAt', '9999999999999999'],
  ['metadata', null],
  ['metadata', `{"a": ${canaries.value}`],
  ['metadata', '['.repeat(100)],
  ['settings', canaries.value],
  ['label', invalid],
  ['provider', null],
  ['method', null],
  ['stub', canaries.value],
  ['failCount', ''],
];

describe.each(spoilt)('a row whose %s became %j', (field, value) => {
  test('is an error to whoever asks for it, and to nobody else', async () => {
    const refreshAt = new Date(1000);
    const row = await connections.insert(
      'org_1',
      newConnection({ label: 'spoilt', refreshAt, tokenExpiresAt: refreshAt }),
    );
    const sound = await connections.insert('org_2', newConnection({ refreshAt }));
    const id = row?.id ?? '';
    const key = `${base}connection:${id}`;
    await (value === null ? inspector.send('HDEL', key, field) : inspector.send('HSET', key, field, value));
    const reads = [
      () => connections.get('org_1', id),
      () => connections.find('org_1', { provider: 'acme', label: 'spoilt' }),
      () => connections.list('org_1'),
      () => connections.scan(null, 10),
      () => connections.update('org_1', id, {}, { failCount: 1, credentials: Uint8Array.of(7) }),
      () => connections.lease('org_1', id, { credentialsVersion: 1, leaseMs: 1000 }),
    ];
    for (const read of reads.slice(0, 4)) await expectBroken(read);
    expect(await connections.get('org_2', sound?.id ?? '')).toEqual({ ...sound, readAt: expect.any(Date) as Date });
    const claimed = await connections.claimDue({ limit: 10, leaseMs: 60_000 });
    expect(claimed.map((one) => one.id)).toEqual([sound?.id]);
    for (const write of reads.slice(4)) expect(await outcomeOf(write)).toMatch(/^(unexpected_value|written|refused)$/);
  });
});

test('a claim of nothing but broken rows says so', async () => {
  const row = await connections.insert('org_1', newConnection({ refreshAt: new Date(1000) }));
  await inspector.send('HSET', `${base}connection:${row?.id ?? ''}`, 'metadata', canaries.value);
  await expectBroken(() => connections.claimDue({ limit: 10, leaseMs: 60_000 }));
});

test('keys of another type are broken values, and none that was deleted comes back', async () => {
  const row = await connections.insert('org_1', newConnection({ label: 'gone', refreshAt: new Date(1000) }));
  const id = row?.id ?? '';
  await inspector.send('DEL', `${base}connection:${id}`);
  expect(await connections.get('org_1', id)).toBeNull();
  expect((await connections.list('org_1')).items).toEqual([]);
  expect(await connections.scan(null, 10)).toEqual([]);
  expect(await connections.claimDue({ limit: 10, leaseMs: 1000 })).toEqual([]);
  expect(await inspector.send('EXISTS', `${base}connection:${id}`)).toBe(0);

  await inspector.send('SET', `${base}connection:${id}`, canaries.value);
  await expectBroken(() => connections.get('org_1', id));
  await expectBroken(() => connections.update('org_1', id, {}, { failCount: 1 }));
  await inspector.send('SET', `${base}once:key`, canaries.value);
  await expectBroken(() => once.peek('key'));
  await expectBroken(() => once.take('key'));
  await expectBroken(() => once.put({ key: 'key', value: 'x', ttlMs: 1 }));
  await inspector.send('HSET', `${base}once:half`, 'value', canaries.value);
  await expectBroken(() => once.take('half'));
  await inspector.send('SET', `${base}markers`, canaries.value);
  await expectBroken(() => store.remembered(''));
  await expectBroken(() => store.remember('name', 'value'));
  const entry = {
    id: 'entry',
    organizationId: 'org_1',
    connectionId: null,
    provider: 'acme',
    type: 'x',
    actor: 'x',
    data: {},
  };
  await audit.append(entry);
  await inspector.send('HSET', `${base}audit-entries:org_1`, 'entry', canaries.value);
  await expectBroken(() => audit.list('org_1'));
  await inspector.send('HDEL', `${base}audit-entries:org_1`, 'entry');
  await expectBroken(() => audit.list('org_1'));
});

test('a spoilt stream is an error to whoever asks for it, and is claimed no more', async () => {
  const row = await connections.insert('org_1', newConnection());
  const key = { connectionId: row?.id ?? '', stream: 'orders' };
  const other = { ...key, stream: 'refunds' };
  await sync.schedule([
    { organizationId: 'org_1', ...key },
    { organizationId: 'org_1', ...other },
  ]);
  await inspector.send('HSET', `${base}stream:${key.connectionId}orders`, 'leaseFence', canaries.value);
  await expectBroken(() => sync.get('org_1', key));
  await expectBroken(() => sync.list('org_1', key.connectionId));
  await expectBroken(() => sync.lease('org_1', key, 1000));
  await expectBroken(() => sync.save('org_1', key, { leaseFence: 0, leaseMs: null }, {}));
  await expectBroken(() => sync.schedule([{ organizationId: 'org_1', ...key }]));
  const due = { provider: 'acme', limit: 9, leaseMs: 1000, except: [] };
  expect(await sync.claimDue({ ...due, stream: 'orders' })).toEqual([]);
  expect(await sync.claimDue({ ...due, stream: 'refunds' })).toMatchObject([other]);
});

test('B02 nothing of a command that Redis refuses is told, by either client', async () => {
  const ioredis = new Redis(url ?? '');
  for (const used of [client, ioredis]) {
    const own = redisStore(used as Redis, { prefix });
    await own.now();
    await inspector.send('SET', `${base}labels:${canaries.value}`, canaries.value);
    const key = { provider: canaries.value.slice(0, 60), label: canaries.value };
    const error = await failureOf(() => own.connections.find(canaries.value, key));
    expect(error).toMatchObject(broken);
    expect(findCanaries(error, canaries)).toEqual([]);
    const given = { ...newConnection(key), credentials: Buffer.from(canaries.value) };
    const refused = await failureOf(() => own.connections.insert(canaries.value, given));
    expect(findCanaries(refused, canaries)).toEqual([]);
  }
  ioredis.disconnect();
});

async function expectBroken(call: () => Promise<unknown>): Promise<void> {
  const error = await failureOf(call);
  expect(error).toMatchObject(broken);
  expect(findCanaries(error, canaries)).toEqual([]);
}

function failureOf(call: () => Promise<unknown>): Promise<unknown> {
  return call().then(
    () => expect.unreachable('answered'),
    (reason: unknown) => reason,
  );
}

async function outcomeOf(call: () => Promise<unknown>): Promise<string> {
  try {
    return (await call()) === null ? 'refused' : 'written';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
