/** Thousands of connections in a real database, a vendor with a ledger, and processes that work on them. */
import { fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';

import { createVault, text, type KeyRing, type NewConnection } from '@plugboard/core';
import { migrate, postgresStore } from '@plugboard/storage-postgres';
import { createFakeOAuthServer, type FakeOAuthServer } from '@plugboard/testing';
import { Pool } from 'pg';
import { inject } from 'vitest';

import { openCredentials } from '../../../core/src/connections/envelope.ts';
import type { Engine } from '../../../core/src/engine.ts';
import { allRows } from '../../../core/test/support/fleet.ts';
import { connectionOf } from '../../../core/test/support/populate.ts';
import type { Rotation } from '../processes/vendor.ts';
import type { Command, Counted } from './crowd-worker.ts';

export const environment = 'processes';

export interface CrowdOptions {
  readonly connections: number;
  /** Life of every token, in seconds. */
  readonly lifeSeconds?: number;
  /** All are due at once. */
  readonly due?: boolean;
  readonly rotation?: Rotation;
}

export interface Crowd {
  readonly vendor: FakeOAuthServer;
  readonly pool: Pool;
  readonly keys: { readonly k1: string; readonly k2: string };
  readonly organizations: readonly string[];
  start(options?: { readonly ring?: KeyRing; readonly alone?: boolean }): Promise<CrowdWorker>;
  /** `T` stands for the table of connections, `O` for that of one-time values. */
  sql<T>(text: string, values?: readonly unknown[]): Promise<readonly T[]>;
  /** How many credentials are sealed with the key of this id. */
  sealedWith(keyId: string): Promise<number>;
  /** Grants that are lost: dead at the vendor, or alive with a refresh token that is not the one stored. */
  lost(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface CrowdWorker {
  ask<T = Counted>(command: Command): Promise<T>;
  /** Waits for a word that the process says by itself. */
  said(): Promise<unknown>;
  kill(): Promise<void>;
}

export async function createCrowd(options: CrowdOptions): Promise<Crowd> {
  const { connections, lifeSeconds = 3_600, due = false, rotation = 'strict' } = options;
  const database = inject('postgresUrl');
  if (database === null) throw new Error('PostgreSQL is not reachable');
  const schema = `crowd_${randomUUID().slice(0, 8)}`;
  const keys = { k1: randomBytes(32).toString('base64'), k2: randomBytes(32).toString('base64') };
  const pool = new Pool({ connectionString: database, max: 8 });
  await pool.query(`create schema ${schema}`);
  await migrate(pool, { schema });
  const store = postgresStore(pool, { schema });
  const vault = createVault({ environment, keys: { k1: keys.k1, k2: keys.k2 } });
  const vendor = await createFakeOAuthServer({ rotation, pkce: 'required' });
  vendor.switches.token.always({ expiresIn: lifeSeconds });
  const organizations = Array.from({ length: connections }, (_, index) => `org-${index}`);
  const families = new Map<string, string>();
  const workers: CrowdWorker[] = [];

  const now = await store.now();
  const life = {
    now: due ? new Date(now.getTime() - lifeSeconds * 1_000) : now,
    ms: lifeSeconds * 1_000,
    random: Math.random,
  };
  await inLanes(organizations, 8, async (organizationId) => {
    const issued = vendor.issue();
    const key = { organizationId, provider: 'vendor', label: 'default' };
    const connection: NewConnection = await connectionOf(vault, issued, key, life);
    families.set(connection.id, vendor.ledger.find(text(issued['refresh_token'])!)!.family);
    await store.connections.insert(organizationId, connection);
  });

  return {
    vendor,
    pool,
    keys,
    organizations,
    async sql<T>(text: string, values: readonly unknown[] = []) {
      const named = text
        .replaceAll(/\bT\b/g, `${schema}.integration_connections`)
        .replaceAll(/\bO\b/g, `${schema}.integration_once`);
      return (await pool.query(named, [...values])).rows as readonly T[];
    },
    async sealedWith(keyId) {
      // The id stands behind the version and its own length.
      const text = `select count(*)::integer as count from ${schema}.integration_connections where substring(credentials_encrypted from 3 for 2) = $1`;
      const { rows } = await pool.query<{ count: number }>(text, [Buffer.from(keyId)]);
      return rows[0]!.count;
    },
    async start({ ring = { k1: keys.k1 }, alone = false } = {}) {
      const worker = await startWorker({
        ORIGIN: vendor.origin,
        DATABASE: database,
        SCHEMA: schema,
        RING: JSON.stringify(ring),
        ROTATION: JSON.stringify(rotation),
        ALONE: alone ? 'yes' : 'no',
      });
      workers.push(worker);
      return worker;
    },
    async lost() {
      const lost: string[] = [];
      for (const row of await allRows(store)) {
        const current = vendor.ledger.current(families.get(row.id)!);
        const { refreshToken } = await openCredentials({ vault } as Engine, row);
        const stored = typeof refreshToken === 'string' ? refreshToken : refreshToken?.reveal();
        if (current === undefined || current.reveal() !== stored) lost.push(`${row.organizationId} ${row.status}`);
      }
      return lost;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.kill()));
      await vendor.close();
      await pool.query(`drop schema ${schema} cascade`);
      await pool.end();
    },
  };
}

async function inLanes<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

type Message = { readonly id: number; readonly answer?: unknown; readonly error?: string } | { readonly said: unknown };

async function startWorker(env: Readonly<Record<string, string>>): Promise<CrowdWorker> {
  const child = fork(new URL('crowd-worker.ts', import.meta.url), {
    env: { ...process.env, ...env, NODE_ENV: 'test' },
    execArgv: ['--conditions=@plugboard/source', '--no-warnings', '--unhandled-rejections=strict'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const answers = new Map<number, PromiseWithResolvers<unknown>>();
  const exited = once(child, 'exit');
  let word = Promise.withResolvers<unknown>();
  let asked = 0;
  child.on('message', (message: Message) => {
    if ('said' in message) {
      const { resolve } = word;
      word = Promise.withResolvers();
      return resolve(message.said);
    }
    const waiting = answers.get(message.id);
    answers.delete(message.id);
    if (message.error === undefined) waiting?.resolve(message.answer);
    else waiting?.reject(new Error(message.error));
  });
  void exited.then(() => {
    for (const { reject } of answers.values()) reject(new Error('the process has ended'));
  });
  await Promise.race([word.promise, exited.then(() => Promise.reject(new Error('a worker ended at once')))]);
  return {
    ask<T>(command: Command) {
      const waiting = Promise.withResolvers<unknown>();
      answers.set(++asked, waiting);
      child.send({ id: asked, command });
      return waiting.promise as Promise<T>;
    },
    said: () => word.promise,
    async kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}
