/** One of several processes that want the same rows and values: does what its parent asks, and answers what it got. */
import { appendFileSync } from 'node:fs';

import { isPlugboardError, type ConnectionRow, type Store } from '@plugboard/core/store-kit';
import pg from 'pg';

import { postgresStore } from '../src/index.ts';
import { connection } from './connection.ts';

export interface Interval {
  readonly fence: number;
  readonly from: number;
  readonly to: number;
}

export interface Job {
  readonly task: string;
  /** Of the connection that the task is about. */
  readonly id: string;
  /** A file to append to. */
  readonly log: string;
}

const [connectionString = '', schema = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString, max: 4 });
const store = postgresStore(pool, { schema });
const organization = 'org_1';

const tasks: Readonly<Record<string, (store: Store, job: Job) => Promise<unknown>>> = {
  claim: () => claimAll({}),
  claimFairly: () => claimAll({ perOrganization: 3 }),

  /** Takes every key, five at a time. */
  async take({ once }) {
    const keys = Array.from({ length: 300 }, (_, index) => `key ${index}`);
    const taken: string[] = [];
    for (let index = 0; index < keys.length; index += 5) {
      const batch = keys.slice(index, index + 5);
      const values = await Promise.all(batch.map((key) => once.take(key)));
      taken.push(...batch.filter((_key, place) => values[place] !== null));
    }
    return taken;
  },

  /** Puts into one group with a cap, as one user who floods. */
  async put({ once }) {
    const put = (index: number) =>
      once.put({ key: `${process.pid} ${index}`, value: 'x', ttlMs: 60_000, group: 'user_1', maxInGroup: 20 });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => put(index)));
    return answers.filter((answer) => answer === 'stored').length;
  },

  /** Adds one fifty times, by reading and compare-and-set. */
  async add({ connections }, { id }) {
    let conflicts = 0;
    for (let added = 0; added < 50;) {
      const row = await read(id);
      const change = { failCount: row.failCount + 1 };
      if ((await connections.update(organization, id, { version: row.version }, change)) === null) conflicts++;
      else added++;
    }
    return conflicts;
  },

  /** Adds one fifty times under the row's lock, by what was read under it. */
  async addLocked({ connections }, { id }) {
    for (let added = 0; added < 50; added++) {
      await connections.lock?.(organization, id, (row, update) => update({ failCount: row.failCount + 1 }));
    }
    return null;
  },

  /** Holds the lease twenty times and logs from when to when, by the clock of the database. */
  async lease({ connections, now }, { id, log }) {
    for (let held = 0; held < 20;) {
      const leased = await connections.lease(organization, id, { credentialsVersion: 1, leaseMs: 60_000 });
      if (leased === null) continue;
      const from = leased.readAt.getTime();
      const to = (await now()).getTime();
      appendFileSync(log, `${JSON.stringify({ fence: leased.leaseFence, from, to } satisfies Interval)}\n`);
      await connections.release(organization, id, leased.leaseFence, null);
      held++;
    }
    return null;
  },

  /** Inserts the same keys as everybody, and counts what it won. */
  async insert({ connections }) {
    const rows = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        connections.insert(organization, connection({ label: `label ${index}` })),
      ),
    );
    return rows.filter((row) => row !== null).length;
  },

  /** Writes the same rows as everybody in batches, in an order of its own. */
  async updateMany({ connections }) {
    let written = 0;
    for (let round = 0; round < 20; round++) {
      const rows = await connections.scan(null, 100);
      const shuffled = rows.toSorted(() => (process.pid % 2 === 0 ? 1 : -1));
      const results = await connections.updateMany(
        shuffled.map((row) => ({
          organizationId: row.organizationId,
          id: row.id,
          guard: { version: row.version },
          change: { failCount: row.failCount + 1 },
        })),
      );
      written += results.filter((done) => done).length;
    }
    return written;
  },
};

process.on('message', (job: Job) => void answer(job));
process.once('disconnect', () => void pool.end());
process.send?.('ready');

async function answer(job: Job): Promise<void> {
  try {
    process.send?.({ result: await tasks[job.task]?.(store, job) });
  } catch (error) {
    process.send?.({ failed: isPlugboardError(error) ? error.toJSON() : String(error) });
  }
}

async function claimAll(cap: { readonly perOrganization?: number }): Promise<string[]> {
  const claimed: string[] = [];
  for (let idle = 0; idle < 3;) {
    const rows = await store.connections.claimDue({ limit: 25, leaseMs: 600_000, ...cap });
    idle = rows.length === 0 ? idle + 1 : 0;
    claimed.push(...rows.map((row) => row.id));
  }
  return claimed;
}

async function read(id: string): Promise<ConnectionRow> {
  const row = await store.connections.get(organization, id);
  if (row === null) throw new Error('The row is gone.');
  return row;
}
