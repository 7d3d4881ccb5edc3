/** The row lock when things break: lost connections, killed and paused processes, too many at once. */
import { fork, type ChildProcess } from 'node:child_process';
import { once as event } from 'node:events';

import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';

import { newConnection, createFakeClock } from '@plugboard/testing';
import { migrate, postgresStore, type PgPool, type PostgresClient, type PostgresStoreOptions } from '../src/index.ts';
import { randomSchema } from './fixture.ts';

const url = inject('postgresUrl');
const connectionString = url ?? '';
const schema = randomSchema();
const pool = new pg.Pool({ connectionString, max: 6 });
const sql = postgres(connectionString, { max: 6, onnotice: () => undefined });
const store = postgresStore(pool, { schema });
const busy = { kind: 'unavailable', code: 'lock_busy', retryable: true };

beforeEach((context) => context.skip(url === null, 'PostgreSQL is not reachable'));
beforeAll(async () => {
  if (url !== null) await migrate(pool, { schema });
});
afterAll(async () => {
  if (url !== null) await pool.query(`drop schema ${schema} cascade`);
  // Without a limit the driver waits for the connections that the tests broke.
  await Promise.all([pool.end(), sql.end({ timeout: 1 })]);
});

describe.each([
  ['pg', pool],
  ['postgres.js', sql],
] as [string, PostgresClient][])('%s', (name, client) => {
  test('a holder whose connection breaks learns of it at its write, and the row is free at once', async () => {
    const id = await insert();
    const { lock } = lockingStore(client);
    const lost = lock('org_1', id, async (row, update) => {
      await terminateHolder();
      expect(await store.connections.update('org_1', id, { version: row.version }, { failCount: 5 })).toMatchObject({
        failCount: 5,
      });
      await update({ credentials: Uint8Array.of(9) });
    });
    await expect(lost).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await store.connections.get('org_1', id)).toMatchObject({
      version: 2,
      failCount: 5,
      credentials: Uint8Array.of(1, 2, 3),
    });
  });

  test('a holder whose connection breaks may write again, compared with the version that it saw', async () => {
    const id = await insert();
    const { lock } = lockingStore(client);
    const written = await lock('org_1', id, async (_row, update) => {
      await terminateHolder();
      await update({ writeId: 'mine' }).catch(() => undefined);
      return update({ writeId: 'mine' });
    });
    expect(written).toMatchObject({ version: 2, writeId: 'mine' });
  });

  test('a lock that idles too long is ended by the database, and its write refused', async () => {
    const id = await insert();
    const { lock } = lockingStore(client, { lock: { holdMs: 40 } });
    const late = lock('org_1', id, async (_row, update) => {
      // Waits for the row, so it returns when the database has freed it.
      await store.connections.update('org_1', id, {}, { failCount: 1 });
      return update({ failCount: 2 });
    });
    // postgres.js tells that the connection is gone, but not why.
    const code = name === 'pg' ? 'lock_lost' : 'database_unavailable';
    await expect(late).rejects.toMatchObject({ kind: 'unavailable', code });
    expect(await store.connections.get('org_1', id)).toMatchObject({ version: 2, failCount: 1 });
  });

  test('whoever waits too long for a row is refused, and nothing is held on its behalf', async () => {
    const id = await insert();
    const { lock } = lockingStore(client, { lock: { waitMs: 40 } });
    await lock('org_1', id, async () => {
      for (let time = 0; time < 4; time++)
        await expect(lock('org_1', id, async () => 'worked')).rejects.toMatchObject(busy);
    });
    expect(await lock('org_1', id, async () => 'worked')).toBe('worked');
  });
});

describe('places', () => {
  test('never take more than half of the pool, nor more than asked for', async () => {
    for (const [size, max, expected] of [
      [6, 10, 3],
      [5, 10, 2],
      [6, 1, 1],
    ] as const) {
      const small = new pg.Pool({ connectionString, max: size });
      const { lock } = lockingStore(small, { lock: { max } });
      const ids = await Promise.all(Array.from({ length: 6 }, insert));
      const full = Promise.withResolvers<void>();
      let inside = 0;
      let most = 0;
      const work = async () => {
        most = Math.max(most, ++inside);
        if (inside === expected) full.resolve();
        await full.promise;
        // The rest of the pool serves statements while all places are taken.
        await postgresStore(small, { schema }).now();
        inside--;
      };
      await Promise.all(ids.map((id) => lock('org_1', id, work)));
      expect(most).toBe(expected);
      await small.end();
    }
  });

  test('are refused to whoever waits too long for one, by the clock of the store', async () => {
    const clock = createFakeClock();
    const { lock } = lockingStore(pool, { clock, lock: { max: 1, waitMs: 5000 } });
    const [held, other] = [await insert(), await insert()];
    await lock('org_1', held, async () => {
      const refused = lock('org_1', other, async () => 'worked');
      await clock.untilPending(1);
      await Promise.all([expect(refused).rejects.toMatchObject(busy), clock.advance(5000)]);
    });
    expect(await lock('org_1', other, async () => 'worked')).toBe('worked');
    expect(clock.pending).toBe(0);
  });

  test('are given back by work that throws, by rows that are not there and by lost connections', async () => {
    const { lock } = lockingStore(pool, { lock: { max: 1, waitMs: 2000 } });
    const id = await insert();
    for (let time = 0; time < 3; time++) {
      await expect(lock('org_1', id, async () => Promise.reject(new Error('thrown')))).rejects.toThrow('thrown');
      expect(await lock('org_1', crypto.randomUUID(), async () => 'worked')).toBeNull();
      await expect(lock('org_1', id, async (_row, update) => update(await terminateHolder()))).rejects.toMatchObject({
        kind: 'unavailable',
      });
    }
    expect(await lock('org_1', id, async () => 'worked')).toBe('worked');
    expect(pool.totalCount - pool.idleCount).toBe(0);
  });

  test('there is no lock where a single connection serves everything, nor when it is switched off', () => {
    const single = new pg.Pool({ connectionString, max: 1 });
    expect(postgresStore(single, { schema }).connections.lock).toBeUndefined();
    expect(postgresStore(pool, { schema, lock: false }).connections.lock).toBeUndefined();
    expect(store.connections.lock).toBeDefined();
  });
});

test('a write that fails frees the row, so that the next one does not wait for its own lock', async () => {
  const id = await insert();
  let failures = 1;
  const { lock } = lockingStore(
    meddled(pool, async (query, run) => {
      if (query.text.includes('returning') && failures-- > 0) throw new Error('Query read timeout');
      return run();
    }),
  );
  const written = await lock('org_1', id, async (_row, update) => {
    await expect(update({ failCount: 1 })).rejects.toMatchObject({ kind: 'unavailable' });
    return update({ failCount: 2 });
  });
  expect(written).toMatchObject({ failCount: 2, version: 2 });
});

test('K6 a commit whose acknowledgement is lost is found again by the id of the write', async () => {
  const id = await insert();
  const { lock } = lockingStore(
    meddled(pool, async (query, run) => {
      const result = await run();
      if (query.text === 'commit') throw new Error('Connection terminated unexpectedly');
      return result;
    }),
  );
  const found = await lock('org_1', id, async (_row, update) => {
    const change = { credentials: Uint8Array.of(7), writeId: 'mine' };
    await expect(update(change)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await update(change)).toBeNull();
    return store.connections.get('org_1', id);
  });
  expect(found).toMatchObject({ writeId: 'mine', version: 2, credentialsVersion: 2 });
});

describe('other processes', () => {
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  test('K2 a killed holder frees the row at once and leaves it as it was', async () => {
    const id = await insert();
    const holder = await holdInChild(id);
    const waiting = store.connections.lock?.('org_1', id, async (row) => row.version);
    holder.kill('SIGKILL');
    expect(await waiting).toBe(1);
  });

  test('D05 a paused holder keeps the row, however long it sleeps, and writes when it wakes', async () => {
    const id = await insert();
    const holder = await holdInChild(id);
    holder.kill('SIGSTOP');
    const { lock } = lockingStore(pool, { lock: { waitMs: 300 } });
    await expect(lock('org_1', id, async () => 'worked')).rejects.toMatchObject(busy);
    expect(await store.connections.lease('org_1', id, { credentialsVersion: 1, leaseMs: 1000 })).toBeNull();
    holder.kill('SIGCONT');
    holder.send('write');
    const [message] = (await event(holder, 'message')) as [unknown];
    expect(message).toMatchObject({ version: 2, writeId: 'holder' });
    expect(await lock('org_1', id, async (row) => row.writeId)).toBe('holder');
  });

  async function holdInChild(id: string): Promise<ChildProcess> {
    const child = fork(new URL('./lock-holder.ts', import.meta.url), [connectionString, schema, id], {
      execArgv: ['--conditions=@plugboard/source'],
    });
    children.push(child);
    expect(await event(child, 'message')).toContain('locked');
    return child;
  }
});

function lockingStore(client: PostgresClient, options: PostgresStoreOptions = {}) {
  const { lock } = postgresStore(client, { schema, ...options }).connections;
  if (lock === undefined) throw new Error('The store has no lock.');
  return { lock };
}

async function insert(): Promise<string> {
  const row = await store.connections.insert('org_1', newConnection());
  return row?.id ?? '';
}

/** Ends the session that holds a lock in a transaction of this test, as an operator or a failover would. */
async function terminateHolder(): Promise<object> {
  const { rows } = await pool.query<{ ended: boolean }>(
    `select pg_terminate_backend(pid, 5000) as ended from pg_locks join pg_stat_activity using (pid)
     where relation = $1::regclass and mode = 'RowShareLock' and state = 'idle in transaction'`,
    [`${schema}.integration_connections`],
  );
  expect(rows).toEqual([{ ended: true }]);
  return {};
}

type Query = Parameters<PgPool['query']>[0];
type Result = Awaited<ReturnType<PgPool['query']>>;

/** A pool with somebody between us and the statements of its transactions. */
function meddled(sound: pg.Pool, meddle: (query: Query, run: () => Promise<Result>) => Promise<Result>): PgPool {
  return {
    totalCount: 0,
    options: { max: 6 },
    query: (query) => sound.query(query),
    async connect() {
      const client = await sound.connect();
      return {
        query: (query) => meddle(query, () => client.query(query)),
        on: (name, listener) => client.on(name, listener),
        removeListener: (name, listener) => client.removeListener(name, listener),
        release: (destroy) => client.release(destroy),
      };
    },
  };
}
