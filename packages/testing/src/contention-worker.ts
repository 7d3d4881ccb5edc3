/** One of several processes that want the same rows and values: does what `storeContention` asks, and answers what it got. */
import { appendFileSync } from 'node:fs';

import { isPlugboardError, type ConnectionRow, type Store } from '@plugboard/core/store-kit';

import { newConnection } from './new-connection.ts';

/** What the parent asks for. */
export interface ContentionJob {
  readonly task: string;
  /** Of the connection that the task is about. */
  readonly id: string;
  /** A file to append to. */
  readonly log: string;
}

/** From when to when a lease was held, by the clock of the store. */
export interface HeldLease {
  readonly fence: number;
  readonly from: number;
  readonly to: number;
}

const organization = 'org_1';

const tasks: Readonly<Record<string, (store: Store, job: ContentionJob) => Promise<unknown>>> = {
  claim: (store) => claimAll(store, {}),
  claimFairly: (store) => claimAll(store, { perOrganization: 3 }),

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
  async add(store, { id }) {
    let conflicts = 0;
    for (let added = 0; added < 50;) {
      const row = await read(store, id);
      const change = { failCount: row.failCount + 1 };
      if ((await store.connections.update(organization, id, { version: row.version }, change)) === null) conflicts++;
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

  /** Holds the lease twenty times and logs from when to when, by the clock of the store. */
  async lease({ connections, now }, { id, log }) {
    for (let held = 0; held < 20;) {
      const leased = await connections.lease(organization, id, { credentialsVersion: 1, leaseMs: 60_000 });
      if (leased === null) continue;
      const from = leased.readAt.getTime();
      const to = (await now()).getTime();
      appendFileSync(log, `${JSON.stringify({ fence: leased.leaseFence, from, to } satisfies HeldLease)}\n`);
      await connections.release(organization, id, leased.leaseFence, null);
      held++;
    }
    return null;
  },

  /** Inserts the same keys as everybody, and counts what it won. */
  async insert({ connections }) {
    const rows = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        connections.insert(organization, newConnection({ label: `label ${index}` })),
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

/**
 * Makes this process one that `storeContention` started. `close` is called when the parent has gone.
 * @example serveContention(postgresStore(pool, { schema: process.argv[2] }), () => pool.end())
 */
export function serveContention(store: Store, close: () => Promise<unknown>): void {
  process.on('message', (job: ContentionJob) => void answer(store, job));
  process.once('disconnect', () => void close());
  process.send?.('ready');
}

async function answer(store: Store, job: ContentionJob): Promise<void> {
  try {
    process.send?.({ result: await tasks[job.task]?.(store, job) });
  } catch (error) {
    process.send?.({ failed: isPlugboardError(error) ? error.toJSON() : String(error) });
  }
}

async function claimAll(store: Store, cap: { readonly perOrganization?: number }): Promise<string[]> {
  const claimed: string[] = [];
  for (let idle = 0; idle < 3;) {
    const rows = await store.connections.claimDue({ limit: 25, leaseMs: 600_000, ...cap });
    idle = rows.length === 0 ? idle + 1 : 0;
    claimed.push(...rows.map((row) => row.id));
  }
  return claimed;
}

async function read(store: Store, id: string): Promise<ConnectionRow> {
  const row = await store.connections.get(organization, id);
  if (row === null) throw new Error('The row is gone.');
  return row;
}
