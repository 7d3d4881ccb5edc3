import type { ConnectionRow, ConnectionStore } from '@plugboard/core/store-kit';

import type { Fault } from './fault.ts';

type Lock = NonNullable<ConnectionStore['lock']>;

/** A lock of one's own, on the sound one. */
function locking(wrap: (lock: Lock, connections: ConnectionStore) => Lock): Fault['parts'] {
  return ({ connections }) =>
    connections.lock === undefined ? {} : { connections: { lock: wrap(connections.lock, connections) } };
}

export const lockFaults: readonly Fault[] = [
  {
    name: 'waits in a batch for rows that somebody holds, although told not to',
    parts: ({ connections }) => ({ connections: { updateMany: (writes) => connections.updateMany(writes) } }),
    fails: ['passes over a row that somebody holds'],
  },
  {
    name: 'locks nothing',
    parts: locking((_lock, connections) => async (organizationId, id, work) => {
      const row = await connections.get(organizationId, id);
      return row && work(row, (change) => connections.update(organizationId, id, {}, change));
    }),
    fails: [
      'passes over a row that somebody holds',
      'lets one work on a row at a time',
      'writes a second time only while',
      'makes other writers wait, and then',
      'refuses a lease and a claim of',
    ],
  },
  {
    name: 'does not hand on what the work answers',
    parts: locking((lock) => async (organizationId, id, work) => {
      await lock(organizationId, id, work);
      return null;
    }),
    fails: ['hands the row to the work and the', 'commits an update before it resolves'],
  },
  {
    name: 'calls the work without a row',
    parts: locking((lock) => async (organizationId, id, work) => {
      const answer = await lock(organizationId, id, async (row, update) => [await work(row, update)] as const);
      return answer === null ? work({ id } as ConnectionRow, async () => null) : answer[0];
    }),
    fails: [
      "G01 treats another organization's",
      'answers null without calling the',
      'G01 lets no other organization wait',
    ],
  },
  {
    name: 'shows a write when the work has ended',
    parts: ({ connections }) => {
      const before = new Map<string, ConnectionRow>();
      return {
        connections: {
          lock: async (organizationId, id, work) =>
            (await connections.lock?.(organizationId, id, async (row, update) => {
              before.set(id, row);
              try {
                return await work(row, update);
              } finally {
                before.delete(id);
              }
            })) ?? null,
          get: async (organizationId, id) => {
            const row = await connections.get(organizationId, id);
            return row && (before.get(id) ?? row);
          },
        },
      };
    },
    fails: ['commits an update before it resolves'],
  },
  {
    name: 'undoes what the work had written when it throws',
    parts: locking((lock, connections) => async (organizationId, id, work) => {
      const before = await connections.get(organizationId, id);
      return lock(organizationId, id, work).catch(async (error: unknown) => {
        await connections.update(organizationId, id, {}, { credentials: before?.credentials ?? null });
        throw error;
      });
    }),
    fails: ['passes on what the work throws'],
  },
  {
    name: 'hides what the work throws behind an error of its own',
    parts: locking(
      (lock) => (organizationId, id, work) =>
        lock(organizationId, id, work).catch(() => {
          throw new Error('the transaction failed');
        }),
    ),
    fails: ['passes on what the work throws', 'G08 refuses a bad organization'],
  },
  {
    name: 'writes a second time whatever happened since the first',
    parts: locking(
      (lock, connections) => (organizationId, id, work) =>
        lock(organizationId, id, (row, update) => {
          let written = false;
          return work(row, async (change) => {
            if (written) return connections.update(organizationId, id, {}, change);
            written = true;
            return update(change);
          });
        }),
    ),
    fails: ['writes a second time only while'],
  },
  {
    name: 'lets other writers through',
    parts: ({ connections }) => {
      const held = new Map<string, ConnectionRow>();
      return {
        connections: {
          lock: async (organizationId, id, work) =>
            (await connections.lock?.(organizationId, id, async (row, update) => {
              held.set(id, row);
              try {
                return await work(row, update);
              } finally {
                held.delete(id);
              }
            })) ?? null,
          async update(organizationId, id, guard, change) {
            const row = held.get(id);
            const mine = row?.organizationId === organizationId;
            return mine ? { ...row, ...change } : connections.update(organizationId, id, guard, change);
          },
        },
      };
    },
    fails: ['writes a second time only while', 'makes other writers wait, and then'],
  },
  {
    name: 'makes everybody wait for a lock',
    parts: ({ connections }) => {
      const held = new Map<string, Promise<unknown>>();
      return {
        connections: {
          async lock(organizationId, id, work) {
            const run = connections.lock?.(organizationId, id, work) ?? Promise.resolve(null);
            held.set(
              id,
              run.catch(() => undefined),
            );
            return run.finally(() => held.delete(id));
          },
          async remove(organizationId, id) {
            await held.get(id);
            return connections.remove(organizationId, id);
          },
        },
      };
    },
    fails: ['G01 lets no other organization wait'],
  },
  {
    name: 'leases a locked row',
    parts: ({ connections }) => {
      const held = new Map<string, ConnectionRow>();
      return {
        connections: {
          lock: async (organizationId, id, work) =>
            (await connections.lock?.(organizationId, id, async (row, update) => {
              held.set(id, row);
              try {
                return await work(row, update);
              } finally {
                held.delete(id);
              }
            })) ?? null,
          lease: async (organizationId, id, request) =>
            (await connections.lease(organizationId, id, request)) ?? held.get(id) ?? null,
        },
      };
    },
    fails: ['refuses a lease and a claim of'],
  },
];
