/** Two processes that work on the same events never wait for each other, in whatever order they were given them. */
import type { InboxStore, NewInboxEvent } from '@plugboard/core/store-kit';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { migrate, postgresStore } from '../src/index.ts';
import { randomSchema } from './fixture.ts';

const url = inject('postgresUrl');
const schema = randomSchema();
const connectionId = '0b9ad3f8-6c61-4b2f-9a53-0d6f2b1c7e11';
const queued = { leaseMs: null, keepMs: 60_000 };
const held = { leaseMs: 60_000, keepMs: 60_000 };
const dead = { status: 'dead', error: 'handler_failed', dueInMs: null, keepMs: 60_000 } as const;

/** Each has one connection to the database. */
const pools = ['one', 'other', 'between'].map(
  (name) => new pg.Pool({ connectionString: url ?? '', max: 1, application_name: `${schema} ${name}` }),
);
const [one, other] = pools.map((pool) => postgresStore(pool, { schema })) as [Store, Store];
const watch = new pg.Pool({ connectionString: url ?? '', max: 1 });
type Store = ReturnType<typeof postgresStore>;

beforeEach((context) => context.skip(url === null, 'PostgreSQL is not reachable'));
beforeAll(async () => {
  if (url !== null) await migrate(watch, { schema });
});
afterAll(async () => {
  if (url !== null) await watch.query(`drop schema ${schema} cascade`);
  await Promise.all([...pools, watch].map((pool) => pool.end()));
});

/** Works on three events; the second of them is locked until both of two workers wait. */
type Work = (store: Store, inbox: InboxStore, ids: readonly string[]) => Promise<unknown>;
const works: Readonly<Record<string, Work>> = {
  add: (_store, inbox, ids) => inbox.add(ids.map(event), queued),
  extend: (_store, inbox, ids) => inbox.extend(ids.map(holdOf), 60_000),
  requeue: (_store, inbox, ids) => inbox.requeue(ids),
  discard: (_store, inbox, ids) => inbox.discard(ids, 60_000),
  remove: (store) => store.connections.remove('org_1', connectionId),
};
/** Events that somebody holds are neither queued again nor discarded. */
const pairs: readonly [string, string][] = [
  ['add', 'add'],
  ['add', 'extend'],
  ['add', 'requeue'],
  ['add', 'discard'],
  ['add', 'remove'],
  ['extend', 'extend'],
  ['extend', 'remove'],
  ['requeue', 'requeue'],
  ['requeue', 'discard'],
  ['requeue', 'remove'],
  ['discard', 'discard'],
  ['discard', 'remove'],
];

test.each(pairs)('%s and %s of the same events', async (first, second) => {
  await watch.query(`truncate ${schema}.integration_inbox`);
  const ids = ['a', 'm', 'z'];
  const inbox = inboxOf(one);
  // Those that lie there lie in the opposite order; new ones are met by their ids alone.
  const known = first === 'add' && second === 'add' ? ['m'] : ids.toReversed();
  const leased = [first, second].includes('extend');
  for (const id of known) {
    const [answer] = await inbox.add([event(id)], held);
    if (!leased) await inbox.settle({ id, leaseFence: answer!.leaseFence }, dead);
  }
  const unlock = await lockBetween();
  const both = Promise.allSettled([
    works[first]!(one, inbox, ids),
    works[second]!(other, inboxOf(other), ids.toReversed()),
  ]);
  try {
    await untilWaiting(2);
  } finally {
    await unlock();
  }
  expect((await both).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
});

test('what nobody needs any longer is deleted without a wait for what somebody has locked', async () => {
  await watch.query(`truncate ${schema}.integration_inbox`);
  const inbox = inboxOf(one);
  await inbox.add(['a', 'm', 'z'].map(event), held);
  await watch.query(`update ${schema}.integration_inbox set keep_until = now(), lease_until = null`);
  const unlock = await lockBetween();
  expect(await inbox.purge()).toBe(2);
  await unlock();
  expect(await inbox.purge()).toBe(1);
});

function inboxOf({ inbox }: Store): InboxStore {
  if (inbox === undefined) throw new Error('The store has no inbox.');
  return inbox;
}

function holdOf(id: string) {
  return { id, leaseFence: 1 };
}

function event(id: string): NewInboxEvent {
  const owner = { provider: 'acme', organizationId: 'org_1', connectionId, lane: connectionId };
  return { id, ...owner, type: 'order.created', payload: new Uint8Array([1]) };
}

async function lockBetween(): Promise<() => Promise<void>> {
  const client = await pools[2]!.connect();
  await client.query('begin');
  await client.query(`select from ${schema}.integration_inbox where id = 'm' for update`);
  return async () => {
    await client.query('commit');
    client.release();
  };
}

async function untilWaiting(count: number): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    const { rows } = await watch.query<{ waiting: number }>(
      `select count(*)::integer as waiting from pg_stat_activity
       where wait_event_type = 'Lock' and application_name like $1`,
      [`${schema} %`],
    );
    if (rows[0]?.waiting === count) return;
  }
  throw new Error('Nobody waits for the event that is locked.');
}
