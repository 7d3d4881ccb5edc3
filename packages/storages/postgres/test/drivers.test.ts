/** What can be said of a driver without a database. */
import { neon, Pool as NeonPool } from '@neondatabase/serverless';
import { writeCursor } from '@plugboard/core/store-kit';
import pg from 'pg';
import { expect, test } from 'vitest';

import type { Call } from '../src/database.ts';
import { openDatabase, type NeonHttp, type PgPool, type Pglite, type PostgresJs } from '../src/drivers.ts';
import { postgresStore } from '../src/index.ts';

const call: Call = { statement: { text: 'select $1', name: 'named' }, values: ['value'] };
const unnamed: Call = { statement: { text: 'select 1' } };

test('a Pool of Neon is taken for what it is, a pool of connections with transactions', () => {
  const pool = new NeonPool({ connectionString: 'postgres://user:example@db.example.com/db', max: 8 });
  const database = openDatabase(pool);
  expect(database).toMatchObject({ shared: true, poolSize: 8, begin: expect.any(Function) as unknown });
  expect(postgresStore(pool).connections.lock).toBeDefined();
});

test('neon() has no lock, and neither has PGlite, which is not shared between processes either', () => {
  const http = postgresStore(neon('postgres://user:example@db.example.com/db'));
  expect([http.shared, http.connections.lock]).toEqual([true, undefined]);
  const embedded = postgresStore(fakePglite());
  expect([embedded.shared, embedded.connections.lock]).toEqual([false, undefined]);
});

test.each([
  [true, call, { name: 'named' }],
  [true, unnamed, {}],
  [false, call, {}],
])('pg: prepare %s sends names as %#', async (prepare, sent, name) => {
  const queries: unknown[] = [];
  const pool = Object.assign(new pg.Pool(), {
    query: async (query: unknown) => (queries.push(query), { rows: [['row']] }),
  });
  expect(await openDatabase(pool as unknown as PgPool, { prepare }).query(sent)).toEqual([['row']]);
  const { text } = sent.statement;
  expect(queries).toEqual([{ text, values: [...(sent.values ?? [])], rowMode: 'array', ...name }]);
});

test.each([
  [true, call, true],
  [true, unnamed, false],
  [false, call, false],
])('postgres.js: prepare %s, case %#', async (prepare, sent, expected) => {
  const queries: unknown[] = [];
  const unsafe = (...query: unknown[]) => (queries.push(query), { values: async () => [['row']] });
  const sql = Object.assign(() => undefined, { unsafe, begin: () => undefined, options: { max: 2 } });
  expect(await openDatabase(sql as unknown as PostgresJs, { prepare }).query(sent)).toEqual([['row']]);
  expect(queries).toEqual([[sent.statement.text, [...(sent.values ?? [])], { prepare: expected }]]);
});

test('neon(): a batch is one request at READ COMMITTED, and sends no query by itself', async () => {
  const sent: unknown[] = [];
  // oxlint-disable-next-line unicorn/no-thenable -- the driver's queries send themselves when awaited, which must not happen
  const query = (...args: unknown[]) => ({ described: args, then: () => sent.push('a query by itself') });
  const transaction = async (...args: unknown[]) => (sent.push(args), [{ rows: [['first']] }, { rows: [['last']] }]);
  const sql = Object.assign(() => undefined, { query, transaction });
  expect(await openDatabase(sql as unknown as NeonHttp).batch([unnamed, call])).toEqual([['last']]);
  const options = { arrayMode: true, fullResults: true };
  expect(sent).toMatchObject([
    [
      [{ described: ['select 1', [], options] }, { described: ['select $1', ['value'], options] }],
      { ...options, isolationLevel: 'ReadCommitted' },
    ],
  ]);
});

test.each([
  '',
  'x',
  "'; drop table x; --",
  '2026-01-01T00:00:00.000Z',
  '2026-01-01T00:00:00.000Z x',
  'x 0',
  '-1 5f0c7a3e-6a52-4b8e-9d3b-0a5f3f1c2d4e',
  '1e9',
])('G02 a forged cursor that points to %j reaches no statement', async (position) => {
  const { connections, audit } = postgresStore(fakePglite());
  const refused = { code: 'invalid_input', fields: [{ path: 'cursor' }] };
  const page = await writeCursor(['connections', 'org_1', '', ''], position);
  await expect(connections.list('org_1', { cursor: page })).rejects.toMatchObject(refused);
  const entries = await writeCursor(['audit', 'org_1', ''], position);
  await expect(audit.list('org_1', { cursor: entries })).rejects.toMatchObject(refused);
});

function fakePglite(): Pglite {
  const query = async () => ({ rows: [] });
  return { waitReady: Promise.resolve(), query, transaction: (work) => work({ query }) };
}
