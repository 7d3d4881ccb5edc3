/** B02: what a database says about a statement quotes values; nothing of it may leave the store. */
import { inspect } from 'node:util';

import { isPlugboardError } from '@plugboard/core/store-kit';
import { newConnection } from '@plugboard/testing';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';

import { openDatabase } from '../src/drivers.ts';
import { migrate, postgresStore, type PostgresClient } from '../src/index.ts';
import { randomSchema } from './fixture.ts';

const url = inject('postgresUrl');
const connectionString = url ?? '';
const canary = 'canary-7f3a9c';
const schema = randomSchema();
const pool = new pg.Pool({ connectionString, max: 3 });
const sql = postgres(connectionString, { max: 3, onnotice: () => undefined });

beforeEach((context) => context.skip(url === null, 'PostgreSQL is not reachable'));
beforeAll(async () => {
  if (url !== null) await migrate(pool, { schema });
});
afterAll(async () => {
  if (url !== null) await pool.query(`drop schema ${schema} cascade`);
  await Promise.all([pool.end(), sql.end()]);
});

/** Statements that make the database complain with the value in its message or detail, and what becomes of that. */
const complaints = [
  [`insert into ${schema}.integration_markers values ($1::text, ''), ($1::text, '')`, 'conflict', 'already_exists'],
  [`select $1::text::uuid`, 'configuration', 'database_refused'],
  [`select $1::text::timestamptz`, 'configuration', 'database_refused'],
  [`select $1::text::jsonb`, 'configuration', 'database_refused'],
  [`select $1::text::integer`, 'configuration', 'database_refused'],
  [`select * from "${canary}" where $1::text is null`, 'configuration', 'tables_missing'],
  [`select "${canary}", $1::text from ${schema}.integration_once`, 'configuration', 'tables_missing'],
  [`do $do$ begin raise '${canary}' using errcode = '57014'; end $do$`, 'unavailable', 'database_unavailable'],
  [`do $do$ begin raise '${canary}' using errcode = '40001'; end $do$`, 'conflict', 'serialization_failure'],
  [`do $do$ begin raise '${canary}' using errcode = '26000'; end $do$`, 'configuration', 'prepared_statements'],
  [`do $do$ begin raise '${canary}' using errcode = '25006'; end $do$`, 'configuration', 'read_only_database'],
  [`do $do$ begin raise '${canary}' using errcode = '28P01'; end $do$`, 'configuration', 'database_access'],
] as const;

describe.each([
  ['pg', pool],
  ['postgres.js', sql],
] as [string, PostgresClient][])('B02 %s', (_name, client) => {
  test.each(complaints)('%s', async (text, kind, code) => {
    const values = text.includes('$1') ? [canary] : [];
    const error: unknown = await openDatabase(client)
      .query({ statement: { text }, values })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind, code });
    expectNothingOf(canary, error);
  });

  test('keeps the error of the batch that failed, and none of its effects', async () => {
    const insert = { text: `insert into ${schema}.integration_markers values ($1::text, '')` };
    const call = { statement: insert, values: [canary] };
    const error: unknown = await openDatabase(client)
      .batch([call, call])
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'conflict', code: 'already_exists' });
    expectNothingOf(canary, error);
    expect(await postgresStore(client, { schema }).remembered(canary)).toEqual(new Map());
  });

  test('a missing table says what to run', async () => {
    const { connections } = postgresStore(client, { schema: randomSchema() });
    const missing = {
      kind: 'configuration',
      code: 'tables_missing',
      hint: expect.stringContaining('migrate') as string,
    };
    await expect(connections.find('org_1', { provider: 'acme', label: canary })).rejects.toMatchObject(missing);
  });
});

describe('a database out of reach is unavailable, and no secret of the connection is told', () => {
  const password = `${canary}-password`;

  test('nobody listens', async () => {
    const nowhere = new pg.Pool({ host: '127.0.0.1', port: 1, user: 'app', password, database: canary, max: 1 });
    await expectUnavailable(nowhere);
    await nowhere.end();
    const none = postgres({
      host: '127.0.0.1',
      port: 1,
      user: 'app',
      password,
      database: canary,
      max: 1,
      connect_timeout: 2,
    });
    await expectUnavailable(none);
    await none.end();
  });

  test('the pool has ended', async () => {
    const ended = new pg.Pool({ connectionString, max: 1 });
    await ended.end();
    await expectUnavailable(ended);
  });

  test('the pool is exhausted', async () => {
    const small = new pg.Pool({ connectionString, max: 1, connectionTimeoutMillis: 50 });
    const client = await small.connect();
    await expectUnavailable(small);
    client.release();
    await small.end();
  });

  test('D16 a replica takes no writes, and no lease', async () => {
    const replica = new pg.Pool({ connectionString, max: 2, options: '-c default_transaction_read_only=on' });
    const row = await postgresStore(pool, { schema }).connections.insert('org_1', newConnection());
    const { connections } = postgresStore(replica, { schema });
    const readOnly = { kind: 'configuration', code: 'read_only_database' };
    const id = row?.id ?? '';
    expect(await connections.get('org_1', id)).toMatchObject({ version: 1 });
    await expect(connections.lease('org_1', id, { credentialsVersion: 1, leaseMs: 1000 })).rejects.toMatchObject(
      readOnly,
    );
    await expect(connections.claimDue({ limit: 1, leaseMs: 1000 })).rejects.toMatchObject(readOnly);
    await expect(connections.lock?.('org_1', id, async () => 'worked')).rejects.toMatchObject(readOnly);
    await replica.end();
  });
});

async function expectUnavailable(client: PostgresClient): Promise<void> {
  const { connections } = postgresStore(client, { schema });
  const error: unknown = await connections
    .find('org_1', { provider: 'acme', label: canary })
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ kind: 'unavailable', code: 'database_unavailable', retryable: true });
  expectNothingOf(canary, error);
}

function expectNothingOf(secret: string, error: unknown): void {
  expect(isPlugboardError(error)).toBe(true);
  const { stack, message } = error as Error;
  const told = [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error), String(error), stack, message];
  for (const text of told) expect(text).not.toContain(secret);
}
