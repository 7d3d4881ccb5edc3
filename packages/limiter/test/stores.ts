/** The stores under test, each in a space of its own. */
import { Redis } from 'ioredis';
import pg from 'pg';

import { createLimitsTable, postgresLimits, redisLimits, type SharedLimits } from '../src/index.ts';

export type StoreName = 'Redis' | 'PostgreSQL';

export interface StorePlace {
  readonly store: StoreName;
  readonly url: string;
  /** A prefix or a table of its own. */
  readonly space: string;
}

export interface OpenedStore {
  readonly limits: SharedLimits;
  /** Everything that is kept, keys included. */
  texts(): Promise<string>;
  remove(): Promise<void>;
  close(): Promise<void>;
}

export async function openStore({ store, url, space }: StorePlace): Promise<OpenedStore> {
  return store === 'Redis' ? openRedis(url, space) : openPostgres(url, space);
}

async function openRedis(url: string, prefix: string): Promise<OpenedStore> {
  const redis = new Redis(url);
  redis.on('error', () => undefined);
  const keys = () => redis.keys(`${prefix}*`);
  return {
    limits: redisLimits(redis, { prefix }),
    texts: async () => (await keys()).join('\n'),
    async remove() {
      const found = await keys();
      if (found.length > 0) await redis.del(found);
    },
    close: async () => redis.disconnect(),
  };
}

async function openPostgres(connectionString: string, table: string): Promise<OpenedStore> {
  const pool = new pg.Pool({ connectionString, max: 3 });
  await createLimitsTable(pool, { table });
  return {
    limits: postgresLimits(pool, { table }),
    async texts() {
      const { rows } = await pool.query<{ line: string }>(`select t::text as line from ${table} t`);
      return rows.map(({ line }) => line).join('\n');
    },
    remove: async () => void (await pool.query(`drop table if exists ${table}`)),
    close: () => pool.end(),
  };
}
