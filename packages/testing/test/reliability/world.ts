/** A vendor with a ledger, a database, connections between the two, and a process that survives. */
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { createFakeOAuthServer, type FakeOAuthServer } from '@plugboard/testing';
import { migrate, postgresStore, type MigrationResult } from '@plugboard/storage-postgres';
import { Pool } from 'pg';
import { inject } from 'vitest';

import { createBoard, organizationId, userId, type Board, type Rotation } from '../processes/vendor.ts';
import { startWorker, type Worker } from './process.ts';

/** What a vendor does with refresh tokens; the grace time is longer than any run. */
export const policies: Readonly<Record<'stable' | 'grace' | 'strict', Rotation>> = {
  stable: 'stable',
  grace: { graceSeconds: 3_600 },
  strict: 'strict',
};

export interface WorldOptions {
  readonly policy: keyof typeof policies;
  /** False: leases, also where the vendor is strict. */
  readonly lock: boolean;
  /** Default: the server of the tests. */
  readonly database?: string;
  /** A checkout of an earlier release, which makes the tables. Default: this one does. */
  readonly older?: string;
}

export interface WorkerSettings {
  /** Its address, where that is not the real one. */
  readonly database?: string;
  /** Connections to the database; half of them may hold row locks. Default 20. */
  readonly pool?: number;
  /** How long a statement waits for one of them. Default ten seconds. */
  readonly poolWaitMs?: number;
  /** A checkout of another release. Default: this one. */
  readonly release?: string;
}

export interface ConnectionState {
  readonly label: string;
  readonly status: string;
  readonly reason: string | null;
  readonly holdsCredentials: boolean;
  readonly credentialsVersion: number;
}

export interface World {
  readonly vendor: FakeOAuthServer;
  /** Of this process, which outlives the others. */
  readonly board: Board;
  /** New connections; their labels are their accounts at the vendor. */
  connect(count: number): Promise<string[]>;
  /** As if so much time had passed for these connections: tokens, leases and pauses end earlier. */
  elapse(labels: readonly string[], ms: number): Promise<void>;
  /** Tokens end, and nothing else. */
  expire(labels: readonly string[]): Promise<void>;
  states(labels: readonly string[]): Promise<readonly ConnectionState[]>;
  /** Uses each connection once; the codes of what was thrown. */
  use(labels: readonly string[]): Promise<readonly string[]>;
  refreshJob(): Promise<void>;
  /** Brings the tables to where this release wants them. */
  migrate(): Promise<MigrationResult>;
  /** A process of its own. */
  start(settings?: WorkerSettings): Promise<Worker>;
  readonly database: string;
  /** Statements on the tables: `T` stands for that of connections. */
  sql<T>(text: string, values?: readonly unknown[]): Promise<readonly T[]>;
  close(): Promise<void>;
}

const mostAccounts = 3_000;

export async function createWorld({
  policy,
  lock,
  database = inject('postgresUrl') ?? undefined,
  older,
}: WorldOptions): Promise<World> {
  if (database === undefined) throw new Error('PostgreSQL is not reachable');
  const schema = `reliability_${randomUUID().slice(0, 8)}`;
  const key = randomBytes(32).toString('base64');
  const rotation = policies[policy];
  const pool = new Pool({ connectionString: database, max: 6 });
  // Looks on while every connection of the other pool waits for a lock.
  const aside = new Pool({ connectionString: database, max: 1 });
  // A server that is restarted ends idle connections as well.
  for (const each of [pool, aside]) each.on('error', () => undefined);
  await pool.query(`create schema ${schema}`);
  if (older === undefined) await migrate(pool, { schema });
  else await migrateBy(older, { DATABASE: database, SCHEMA: schema });
  const accounts = Array.from({ length: mostAccounts }, (_, index) => ({ id: `a${index}`, name: `Account ${index}` }));
  const vendor = await createFakeOAuthServer({ rotation, pkce: 'required', accounts });
  const store = postgresStore(pool, { schema, ...(!lock && { lock: false as const }) });
  const board = createBoard(vendor.origin, store, key, { rotation });
  const workers: Worker[] = [];
  let connected = 0;

  async function sql<T>(text: string, values: readonly unknown[] = []): Promise<readonly T[]> {
    const table = `${schema}.integration_connections`;
    return (await aside.query(text.replaceAll(/\bT\b/g, table), [...values])).rows as readonly T[];
  }

  async function connectOne(label: string): Promise<string> {
    const { url, cookie } = await board.authorize('vendor', { organizationId, userId, label });
    const params = await vendor.approve(url, { account: label });
    await board.callback('vendor', { params, cookies: `${cookie.name}=${cookie.value}`, organizationId, userId });
    return label;
  }

  return {
    vendor,
    board,
    database,
    sql,
    async connect(count) {
      const labels: string[] = [];
      while (labels.length < count) {
        const next = Array.from({ length: Math.min(5, count - labels.length) }, () => `a${connected++}`);
        labels.push(...(await Promise.all(next.map(connectOne))));
      }
      return labels;
    },
    async elapse(labels, ms) {
      const columns = ['token_expires_at', 'refresh_at', 'lease_until', 'attempt_at'];
      const earlier = columns.map((column) => `${column} = ${column} - $2 * interval '1 millisecond'`);
      await sql(`update T set ${earlier.join(', ')} where label = any($1)`, [labels, ms]);
    },
    async expire(labels) {
      const past = `clock_timestamp() - interval '1 second'`;
      await sql(`update T set token_expires_at = ${past}, refresh_at = ${past} where label = any($1)`, [labels]);
    },
    states: (labels) =>
      sql(
        `select label, status, status_reason as reason, credentials_encrypted is not null as "holdsCredentials",
          credentials_version as "credentialsVersion" from T where label = any($1) order by label`,
        [labels],
      ),
    async use(labels) {
      const calls = labels.map((label) => board.client('vendor', { organizationId, label }).account.get());
      const results = await Promise.allSettled(calls);
      return results.flatMap((result) =>
        result.status === 'rejected' ? [String((result.reason as { code?: string }).code ?? result.reason)] : [],
      );
    },
    refreshJob: async () => void (await board.jobs.find(({ name }) => name === 'refresh')?.run()),
    migrate: () => migrate(pool, { schema }),
    async start(settings = {}) {
      const env = {
        ORIGIN: vendor.origin,
        DATABASE: settings.database ?? database,
        SCHEMA: schema,
        KEY: key,
        ROTATION: JSON.stringify(rotation),
        LOCK: lock ? 'yes' : 'no',
        POOL: String(settings.pool ?? 20),
        POOL_WAIT_MS: String(settings.poolWaitMs ?? 10_000),
      };
      const worker = await startWorker(env, settings.release);
      workers.push(worker);
      return worker;
    },
    async close() {
      for (const worker of workers) worker.kill('SIGKILL');
      await Promise.all(workers.map(({ exited }) => exited));
      await board.stop();
      await vendor.close();
      await pool.query(`drop schema ${schema} cascade`);
      await pool.end();
      await aside.end();
    },
  };
}

const makeTables = `
  import { migrate } from '@plugboard/storage-postgres';
  import { Pool } from 'pg';
  const pool = new Pool({ connectionString: process.env.DATABASE });
  await migrate(pool, { schema: process.env.SCHEMA });
  await pool.end();
`;

/** As that release makes its tables. */
async function migrateBy(release: string, env: Readonly<Record<string, string>>): Promise<void> {
  const args = ['--conditions=@plugboard/source', '--input-type=module', '--eval', makeTables];
  const cwd = join(release, 'packages/testing');
  await promisify(execFile)(process.execPath, args, { cwd, env: { ...process.env, ...env } });
}
