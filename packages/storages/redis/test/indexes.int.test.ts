/** The indexes follow every write: none keeps what a row no longer is. */
import { createFakeClock, newConnection } from '@plugboard/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { redisStore } from '../src/index.ts';
import { createInspector, randomPrefix, type Inspector } from './fixture.ts';

const url = inject('redisUrl');
const prefix = randomPrefix();
const client = new Redis(url ?? '', { lazyConnect: true });
const clock = createFakeClock({ start: 1_000_000 });
const { connections, sync, once } = redisStore(client, { prefix, clock });
let inspector: Inspector;

beforeAll(async () => {
  if (url !== null) inspector = await createInspector(url, prefix);
});
beforeEach(async (context) => {
  context.skip(url === null, 'Redis is not reachable');
  await inspector.clear();
});
afterAll(async () => {
  if (url === null) return;
  await inspector.clear();
  await inspector.close();
  client.disconnect();
});

test('what is removed leaves nothing behind', async () => {
  const metadata = { alsoKnownAs: ['page_1', 'page_2', 7, '', 'x'.repeat(600)] };
  const given = { account: { id: 'acct_1', name: '' }, metadata, refreshAt: new Date(1), status: 'expired' as const };
  const row = await connections.insert('org_1', newConnection(given));
  const id = row?.id ?? '';
  expect((await keys()).filter((key) => key.startsWith('account:'))).toHaveLength(3);
  await connections.update('org_1', id, {}, { status: 'active', account: null, metadata: { alsoKnownAs: 'page_1' } });
  expect((await keys()).filter((key) => key.startsWith('account:'))).toEqual([]);
  await connections.update('org_1', id, {}, { account: { id: 'acct_2', name: '' }, status: 'disconnected' });
  expect(await keys()).toEqual([
    `connection:${id}`,
    'ids',
    'labels:org_1',
    'list:5:org_1::',
    'list:5:org_1::acme',
    'list:5:org_1:disconnected:',
    'list:5:org_1:disconnected:acme',
  ]);
  await sync.schedule([{ organizationId: 'org_1', connectionId: id, stream: 'orders' }]);
  await sync.lease('org_1', { connectionId: id, stream: 'refunds' }, 1000);
  expect((await keys()).filter((key) => /^(stream|due)/.test(key))).toHaveLength(5);
  await connections.remove('org_1', id);
  expect(await keys()).toEqual([]);
});

test('taken, ended and replaced one-time values leave nothing behind', async () => {
  const put = (key: string) => once.put({ key, value: 'x', ttlMs: 1000, group: 'group', maxInGroup: 9 });
  await put('taken');
  await put('ended');
  await put('replaced');
  await once.take('taken');
  await once.set('replaced', 'y', 1000);
  expect(await inspector.send('ZRANGE', `{${prefix}}:once-group:group`, '0', '-1')).toEqual(['ended']);
  await clock.advance(1000);
  expect(await once.purge()).toBe(2);
  expect(await keys()).toEqual([]);
});

test('a purge that takes more than one script counts all', async () => {
  await Promise.all(Array.from({ length: 250 }, (_, index) => once.set(`key ${index}`, 'x', 1)));
  await clock.advance(1);
  expect(await once.purge()).toBe(250);
});

test('a list of one-time values longer than one script is whole, and passes over what has ended', async () => {
  await Promise.all(
    Array.from({ length: 330 }, (_, index) => once.set(`process:${index}`, String(index), index % 3 === 0 ? 1 : 1000)),
  );
  await clock.advance(1);
  const live = Array.from({ length: 330 }, (_, index) => index).filter((index) => index % 3 !== 0);
  const found = await once.entries('process:', 10_000);
  expect([...found.values()].map(Number).toSorted((a, b) => a - b)).toEqual(live);
  expect(await once.entries('process:', 205)).toHaveProperty('size', 205);
});

test('a row that is due but leased waits at the end of its lease, not at the head of the queue', async () => {
  const row = await connections.insert('org_1', newConnection({ refreshAt: new Date(clock.now()) }));
  const id = row?.id ?? '';
  await connections.lease('org_1', id, { credentialsVersion: 1, leaseMs: 60_000 });
  const ends = clock.now() + 60_000;
  await connections.update('org_1', id, {}, { refreshAt: new Date(1) });
  for (const queue of ['due:5:org_1:connections', 'due:5:org_1:connections:acme']) {
    expect(await inspector.send('ZSCORE', `{${prefix}}:${queue}`, id)).toBe(ends);
  }
  for (const queues of ['due-organizations:connections', 'due-organizations:connections:acme']) {
    expect(await inspector.send('ZSCORE', `{${prefix}}:${queues}`, 'org_1')).toBe(ends);
  }
  await connections.release('org_1', id, 1, null);
  expect((await keys()).filter((key) => key.startsWith('due'))).toEqual([]);
});

test('a batch, a walk and an account longer than one script are whole', async () => {
  const account = { id: 'acct_1', name: '' };
  const rows = await Promise.all(
    Array.from({ length: 230 }, () => connections.insert('org_1', newConnection({ account }))),
  );
  const ids = rows.map((row) => row?.id ?? '').toSorted();
  const idsOf = (found: readonly { readonly id: string }[]) => found.map(({ id }) => id);
  expect(idsOf(await connections.findByAccount('acme', 'acct_1'))).toEqual(ids);
  expect(idsOf(await connections.scan(null, 10_000))).toEqual(ids);
  expect(idsOf(await connections.scan(ids[9] ?? '', 205))).toEqual(ids.slice(10, 215));
  const writes = ids.map((id, index) => ({
    organizationId: 'org_1',
    id,
    guard: { version: index % 2 === 0 ? 1 : 7 },
    change: { failCount: index },
  }));
  expect(await connections.updateMany(writes)).toEqual(ids.map((_id, index) => index % 2 === 0));
});

/** Names of all keys of the store, without their beginning; `format` is written by the first contact of a store only. */
async function keys(): Promise<string[]> {
  const names = (await inspector.keys()).map((key) => key.slice(prefix.length + 3));
  return names.filter((name) => name !== 'format').toSorted();
}
