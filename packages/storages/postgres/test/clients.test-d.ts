/** The drivers' own types fit ours, which are structural; anything else does not. Compiled, never run. */
import type { PGlite } from '@electric-sql/pglite';
import type { NeonQueryFunction, Pool as NeonPool } from '@neondatabase/serverless';
import type { Store } from '@plugboard/core/store-kit';
import type pg from 'pg';
import type postgres from 'postgres';
import { expectTypeOf } from 'vitest';

import { migrate, postgresStore, type PostgresClient } from '../src/index.ts';

declare const drivers: {
  pool: pg.Pool;
  neonPool: NeonPool;
  neon: NeonQueryFunction<false, false>;
  neonArrays: NeonQueryFunction<true, true>;
  sql: postgres.Sql;
  sqlWithTypes: postgres.Sql<{ date: Date }>;
  pglite: PGlite;
};

expectTypeOf(postgresStore(drivers.pool)).toEqualTypeOf<Store>();
expectTypeOf(postgresStore(drivers.neonPool)).toEqualTypeOf<Store>();
expectTypeOf(postgresStore(drivers.neon)).toEqualTypeOf<Store>();
expectTypeOf(postgresStore(drivers.neonArrays)).toEqualTypeOf<Store>();
expectTypeOf(postgresStore(drivers.sql)).toEqualTypeOf<Store>();
expectTypeOf(postgresStore(drivers.sqlWithTypes)).toEqualTypeOf<Store>();
expectTypeOf(postgresStore(drivers.pglite)).toEqualTypeOf<Store>();
expectTypeOf<PostgresClient>().not.toBeAny();

declare const single: pg.Client;
// @ts-expect-error a single connection cannot serve a store
void migrate(single);
// @ts-expect-error a connection string is no client
postgresStore('postgres://localhost');
// @ts-expect-error tables have known names
postgresStore(drivers.pool, { tables: { connection: 'x' } });
// @ts-expect-error an organization is a text, a UUID or an integer
postgresStore(drivers.pool, { organization: { type: 'varchar' } });
