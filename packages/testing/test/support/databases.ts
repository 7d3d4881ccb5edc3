/** A store on keys or tables of its own, for tests that must hold on every database. */
import { randomUUID } from 'node:crypto';

import type { Store } from '@plugboard/core';
import { migrate, postgresStore } from '@plugboard/storage-postgres';
import { redisStore } from '@plugboard/storage-redis';
import { Redis } from 'ioredis';
import { Pool } from 'pg';

export interface TestDatabase {
  readonly store: Store;
  /** Where `openWorkerStore` finds the same data. */
  readonly env: Readonly<Record<string, string>>;
  /** Everything that is stored, as bytes. */
  dump(): Promise<Buffer>;
  /** Deletes everything, and disconnects. */
  close(): Promise<unknown>;
}

export interface TestServers {
  readonly postgres: string | null;
  readonly redis: string | null;
}

export type DatabaseName = 'postgres' | 'postgres with leases' | 'redis';

export function openDatabase(name: DatabaseName, servers: TestServers): Promise<TestDatabase> {
  return name === 'redis' ? openRedis(servers.redis) : openPostgres(name, servers.postgres);
}

/** The store of a process that the parent told `env`. */
export function openWorkerStore(env: NodeJS.ProcessEnv): Pick<TestDatabase, 'store' | 'close'> {
  const { DATABASE, URL: url = '', NAMESPACE = '' } = env;
  if (DATABASE === 'redis') {
    const client = new Redis(url);
    return { store: redisStore(client, { prefix: NAMESPACE }), close: async () => client.disconnect() };
  }
  // Eight of these, and what runs beside them, stay below the 100 connections of a default server.
  const pool = new Pool({ connectionString: url, max: 6 });
  const lock = DATABASE === 'postgres with leases' ? { lock: false as const } : {};
  return { store: postgresStore(pool, { schema: NAMESPACE, ...lock }), close: () => pool.end() };
}

/** Makes every connection one whose token has expired a second ago, by the clock of the store. */
export async function expireAll({ connections, now }: Store): Promise<void> {
  const time = (await now()).getTime();
  const dates = { tokenExpiresAt: new Date(time - 1000), refreshAt: new Date(time) };
  for (const { organizationId, id } of await connections.scan(null, 100))
    await connections.update(organizationId, id, {}, dates);
}

async function openPostgres(name: DatabaseName, url: string | null): Promise<TestDatabase> {
  if (url === null) throw new Error('PostgreSQL is not reachable');
  const schema = `test_${randomUUID().slice(0, 8)}`;
  const pool = new Pool({ connectionString: url });
  await pool.query(`create schema ${schema}`);
  await migrate(pool, { schema });
  return {
    store: postgresStore(pool, { schema }),
    env: { DATABASE: name, URL: url, NAMESPACE: schema },
    dump: () => dumpTables(pool, schema),
    async close() {
      await pool.query(`drop schema ${schema} cascade`);
      await pool.end();
    },
  };
}

/** Every value of every table, with binary columns as they are. */
async function dumpTables(pool: Pool, schema: string): Promise<Buffer> {
  const tables = await pool.query<{ name: string }>(
    'select table_name as name from information_schema.tables where table_schema = $1',
    [schema],
  );
  if (tables.rows.length < 4) throw new Error('The dump does not see the tables.');
  const parts: Buffer[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await pool.query<Record<string, unknown>>(`select * from ${schema}.${name}`);
    for (const row of rows) {
      for (const value of Object.values(row))
        parts.push(Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value)));
    }
  }
  return Buffer.concat(parts);
}

async function openRedis(url: string | null): Promise<TestDatabase> {
  if (url === null) throw new Error('Redis is not reachable');
  const prefix = `plugboard_test_${randomUUID().slice(0, 8)}`;
  const client = new Redis(url);
  const watcher = await client.monitor();
  const commands: Buffer[] = [];
  watcher.on('monitor', (_time: string, command: readonly string[]) => commands.push(Buffer.from(command.join(' '))));
  const keys = async () => {
    const found: string[] = [];
    for await (const batch of client.scanStream({ match: `{${prefix}}*`, count: 1000 }))
      found.push(...(batch as string[]));
    return found;
  };
  return {
    store: redisStore(client, { prefix }),
    env: { DATABASE: 'redis', URL: url, NAMESPACE: prefix },
    dump: async () => Buffer.concat([...commands, ...(await dumpKeys(client, await keys()))]),
    async close() {
      watcher.disconnect();
      const found = await keys();
      if (found.length > 0) await client.del(found);
      client.disconnect();
    },
  };
}

/** Names, and values of every kind with their members. */
async function dumpKeys(client: Redis, keys: readonly string[]): Promise<Buffer[]> {
  if (keys.length < 4) throw new Error('The dump does not see the keys.');
  const parts: Buffer[] = [];
  for (const key of keys) {
    parts.push(Buffer.from(key));
    const type = await client.type(key);
    if (type === 'hash')
      for (const [name, value] of Object.entries(await client.hgetallBuffer(key))) parts.push(Buffer.from(name), value);
    else if (type === 'zset') parts.push(...(await client.zrangeBuffer(key, '0', '-1')));
    else if (type === 'string') parts.push((await client.getBuffer(key)) ?? Buffer.alloc(0));
    else throw new Error(`The dump does not read a ${type}.`);
  }
  return parts;
}
