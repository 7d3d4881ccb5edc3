/** A schema of its own in the real database, with connections in it, dropped when the benchmark ends. */
import { randomUUID } from 'node:crypto';

import { createVault, Secret, type Store } from '@plugboard/core';
import { migrate, postgresStore } from '@plugboard/storage-postgres';
import pg from 'pg';

import { sealCredentials } from '../../packages/core/src/connections/envelope.ts';
import type { Engine } from '../../packages/core/src/engine.ts';
import { databaseUrl } from './database-url.ts';

export interface Bench {
  readonly schema: string;
  readonly pool: pg.Pool;
  readonly store: Store;
  readonly keys: { readonly k1: Uint8Array };
}

export interface Seed {
  readonly organizationId: string;
  readonly label: string;
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Milliseconds from now. */
  readonly expiresInMs: number;
  readonly refreshInMs: number;
}

/** Name of the deployment that the boards of benchmarks use, bound into what is sealed. */
export const environment = 'bench';

/** The store's client is real and shared; what hosts would give as keys is made here. */
export async function withDatabase<T>(keys: Bench['keys'], run: (bench: Bench) => Promise<T>): Promise<T> {
  const schema = `plugboard_bench_${process.pid}`;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 16, idleTimeoutMillis: 0 });
  try {
    await migrate(pool, { schema });
    return await run({ schema, pool, keys, store: postgresStore(pool, { schema }) });
  } finally {
    await pool.query(`drop schema if exists ${schema} cascade`);
    await pool.end();
  }
}

const batch = 1_000;

/** Connections of the provider `bench`, written at once: `connect` would ask the vendor for each. */
export async function seedConnections(bench: Bench, seeds: readonly Seed[], tokens: Tokens): Promise<void> {
  const vault = createVault({ environment, keys: bench.keys });
  const credentials = {
    accessToken: new Secret(tokens.accessToken),
    refreshToken: new Secret(tokens.refreshToken),
  };
  for (let from = 0; from < seeds.length; from += batch) {
    const rows = await Promise.all(
      seeds.slice(from, from + batch).map(async (seed) => {
        const identity = { id: randomUUID(), organizationId: seed.organizationId, provider: 'bench' };
        const sealed = await sealCredentials(
          { vault } as Engine,
          { ...identity, method: 'oauth', metadata: {} },
          credentials,
          1,
        );
        return { ...identity, label: seed.label, sealed: Buffer.from(sealed).toString('base64') };
      }),
    );
    await bench.pool.query(
      `insert into ${bench.schema}.integration_connections (organization_id, id, provider, label, method, status,
         credentials_encrypted, token_expires_at, refresh_at, scopes, metadata, settings, stub, fail_count,
         connected_at, created_at, updated_at)
       select r."organizationId", r.id, r.provider, r.label, 'oauth', 'active', decode(r.sealed, 'base64'),
         now() + $2::bigint * interval '1 ms', now() + $3::bigint * interval '1 ms', '["read"]', '{}', '{}', false, 0,
         now(), now(), now()
       from jsonb_to_recordset($1::jsonb) as r("organizationId" text, id uuid, provider text, label text, sealed text)`,
      [JSON.stringify(rows), tokens.expiresInMs, tokens.refreshInMs],
    );
  }
  await bench.pool.query(`vacuum analyze ${bench.schema}.integration_connections`);
}

/** Counts the statements that any client of this process sends while `run` runs. */
export async function countStatements(run: () => Promise<unknown>): Promise<number> {
  const { prototype } = pg.Client;
  const original = Reflect.get(prototype, 'query') as (...args: unknown[]) => unknown;
  let count = 0;
  Reflect.set(prototype, 'query', function counted(this: pg.Client, ...args: unknown[]) {
    count += 1;
    return original.apply(this, args);
  });
  try {
    await run();
    return count;
  } finally {
    Reflect.set(prototype, 'query', original);
  }
}
