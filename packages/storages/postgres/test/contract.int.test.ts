/** The contract on a real PostgreSQL, through each driver, with settings that hosts are known to use. */
import { neon, neonConfig } from '@neondatabase/serverless';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeEach, describe, inject } from 'vitest';

import { storeContract } from '@plugboard/testing';
import type { PostgresClient, PostgresStoreOptions } from '../src/index.ts';
import { createStoreFactory } from './fixture.ts';
import { createNeonFetch } from './neon-proxy.ts';

const url = inject('postgresUrl');
const connectionString = url ?? '';
/** Three locks at a time, as the contract needs, and no more connections than the tests of others can spare. */
const max = 6;
/** Types that hosts have their drivers leave as text, or turn into objects of their own: dates, JSON, int8, numeric. */
const hostTypes = [20, 114, 1082, 1114, 1184, 1700, 3802];

beforeEach((context) => context.skip(url === null, 'PostgreSQL is not reachable'));

describe('pg', () => {
  const pool = new pg.Pool({ connectionString, max });
  contract(pool, () => pool.end());
});

describe('pg with types, names and settings of a host, without prepared statements', () => {
  const types = {
    getTypeParser: (oid: number) =>
      hostTypes.includes(oid) ? () => 'parsed by the host' : (pg.types.getTypeParser(oid) as unknown),
  } as unknown as pg.CustomTypesConfig;
  const pool = new pg.Pool({
    connectionString,
    max,
    types,
    options: '-c TimeZone=Asia/Kathmandu -c DateStyle=SQL,DMY',
  });
  const tables = { connections: 'order', once: `o${'n'.repeat(61)}e` };
  contract(pool, () => pool.end(), { prepare: false, prefix: 'select', tables });
});

describe('postgres.js', () => {
  const sql = postgres(connectionString, { max, onnotice: () => undefined });
  contract(sql, () => sql.end());
});

describe('postgres.js with types and names of a host', () => {
  const host = { to: 1184, from: hostTypes, serialize: (value: string) => value, parse: () => 'parsed by the host' };
  const sql = postgres(connectionString, {
    max,
    onnotice: () => undefined,
    transform: postgres.camel,
    types: { host },
  });
  contract(sql, () => sql.end());
});

describe('neon() over HTTP', () => {
  const pool = new pg.Pool({ connectionString, max });
  neonConfig.fetchFunction = createNeonFetch(pool);
  const sql = neon('postgres://user:example@db.example.com/db');
  contract(sql, () => pool.end(), {}, { lock: 'Each HTTP request is a transaction of its own: nothing outlasts it.' });
});

function contract(
  client: PostgresClient,
  end: () => Promise<unknown>,
  options: PostgresStoreOptions = {},
  skip: { readonly lock?: string } = {},
): void {
  const { create, drop } = createStoreFactory(client, options);
  afterAll(async () => {
    if (url !== null) await drop();
    await end();
  });
  storeContract({ name: 'postgres', create, skip });
}
