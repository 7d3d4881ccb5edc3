import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, inject } from 'vitest';

import { storeContract } from '../../../testing/src/store-contract.ts';
import { createStore } from './fixture.ts';

const url = inject('postgresUrl');
beforeEach((context) => context.skip(url === null, 'PostgreSQL is not reachable'));

describe('pg', () => {
  let pool: pg.Pool;
  beforeAll(() => {
    pool = new pg.Pool({ connectionString: url ?? '' });
  });
  afterAll(() => pool.end());
  storeContract({ name: 'postgres with pg', create: (clock) => createStore(pool, clock) });
});

describe('postgres.js', () => {
  let sql: postgres.Sql;
  beforeAll(() => {
    sql = postgres(url ?? '', { onnotice: () => undefined });
  });
  afterAll(() => sql.end());
  storeContract({ name: 'postgres with postgres.js', create: (clock) => createStore(sql, clock) });
});
