import type { StreamRow } from '@plugboard/core/store-kit';

import { forgiving, tick, type Fault } from './fault.ts';
import { answering, ownerOf, streamCases } from './sync-fault.ts';

const never = new Date(0);
const { first, one, second, saves, fenced, moves, schedules, claims, once, lists, owned, removes, input } = streamCases;

export const syncFaults: readonly Fault[] = [
  {
    name: 'leases no stream that it does not know',
    parts: ({ sync }) => ({
      sync: {
        lease: async (owner, key, leaseMs) =>
          (await sync.get(owner, key)) === null ? null : sync.lease(owner, key, leaseMs),
      },
    }),
    fails: [first, one, second, saves, fenced, schedules, claims, lists, owned, removes],
  },
  {
    name: 'makes streams of connections that it does not know',
    parts: ({ sync }) => ({
      sync: {
        lease: async (owner, key, leaseMs) => {
          const row = await sync.lease(owner, key, leaseMs);
          return row ?? ((await sync.get(owner, key)) === null ? ({ ...key } as StreamRow) : null);
        },
      },
    }),
    fails: [first, owned, removes, input],
  },
  {
    name: 'looks at the lease of a stream first and takes it later',
    parts: ({ sync }) => ({
      sync: {
        lease: async (owner, key, leaseMs) => {
          const row = await sync.get(owner, key);
          const free = row !== null && row.leaseUntil !== null && row.leaseUntil <= row.readAt;
          if (!free) return sync.lease(owner, key, leaseMs);
          await tick();
          return (await sync.lease(owner, key, leaseMs)) ?? { ...row, leaseFence: row.leaseFence + 1 };
        },
      },
    }),
    fails: [one],
  },
  {
    name: 'grants the lease of a stream while another lives',
    parts: ({ sync }) => ({
      sync: {
        lease: async (owner, key, leaseMs) => {
          const row = await sync.get(owner, key);
          if (row !== null && row.leaseUntil !== null)
            await sync.save(owner, key, { leaseFence: row.leaseFence, leaseMs: null }, {});
          return sync.lease(owner, key, leaseMs);
        },
      },
    }),
    fails: [second, input],
  },
  {
    name: 'never gives an abandoned stream back',
    parts: ({ sync }) => ({
      sync: {
        lease: async (owner, key, leaseMs) => {
          const row = await sync.get(owner, key);
          return row === null || row.leaseUntil === null ? sync.lease(owner, key, leaseMs) : null;
        },
        claimDue: async (request) => (await sync.claimDue(request)).filter((row) => row.leaseFence === 1),
      },
    }),
    fails: [one, second, fenced, schedules, once, input],
  },
  {
    name: 'counts streams in four bytes',
    parts: ({ sync }) => ({ sync: answering(sync, (row) => ({ ...row, records: row.records % 2 ** 31 })) }),
    fails: [saves],
  },
  {
    name: 'keeps a cursor as text',
    parts: ({ sync }) => ({
      sync: answering(sync, (row) => ({
        ...row,
        cursor: row.cursor && new TextEncoder().encode(new TextDecoder().decode(row.cursor)),
      })),
    }),
    fails: [saves],
  },
  {
    name: 'takes null for «leave it» in a stream',
    parts: ({ sync }) => ({
      sync: {
        save: (owner, key, hold, change) =>
          sync.save(owner, key, hold, Object.fromEntries(Object.entries(change).filter(([, value]) => value !== null))),
      },
    }),
    fails: [saves, moves, input],
  },
  {
    name: 'does not extend the lease of a stream',
    parts: ({ sync }) => ({
      sync: {
        save: async (owner, key, hold, change) => {
          const before = await sync.get(owner, key);
          const row = await sync.save(owner, key, hold, change);
          return row && hold.leaseMs !== null ? { ...row, leaseUntil: before?.leaseUntil ?? never } : row;
        },
      },
    }),
    fails: [saves],
  },
  {
    name: 'does not compare the fence of a stream',
    parts: ({ sync }) => ({
      sync: {
        save: async (owner, key, hold, change) => {
          const row = await sync.get(owner, key);
          const leaseFence = Number.isInteger(hold.leaseFence) && hold.leaseFence >= 0 ? row?.leaseFence : undefined;
          return sync.save(owner, key, { ...hold, leaseFence: leaseFence ?? hold.leaseFence }, change);
        },
      },
    }),
    fails: [fenced, input],
  },
  {
    name: 'refuses the save of a lease that ran out',
    parts: ({ sync }) => ({
      sync: {
        save: async (owner, key, hold, change) => {
          const row = await sync.get(owner, key);
          if (row !== null && row.leaseUntil !== null && row.leaseUntil <= row.readAt) return null;
          return sync.save(owner, key, hold, change);
        },
      },
    }),
    fails: [fenced],
  },
  {
    name: 'saves after the lease of a stream was ended',
    parts: ({ sync }) => ({
      sync: {
        save: async (owner, key, hold, change) => {
          const row = await sync.get(owner, key);
          const written = await sync.save(owner, key, hold, change);
          return written ?? (row?.leaseFence === hold.leaseFence ? row : null);
        },
      },
    }),
    fails: [fenced],
  },
  {
    name: 'lists streams as they come',
    parts: ({ sync }) => ({ sync: { list: async (...args) => (await sync.list(...args)).toReversed() } }),
    fails: [lists],
  },
  {
    name: 'lists streams of every organization',
    parts: ({ sync }) => ({
      sync: {
        list: async (owner, connectionId) => {
          await sync.list(owner, connectionId);
          return sync.list(await ownerOf(sync, connectionId), connectionId);
        },
      },
    }),
    fails: [owned],
  },
  ...(['get', 'lease', 'save'] as const).map((method): Fault => ({
    name: `${method} of a stream does not look at the organization`,
    parts: ({ sync }) => ({
      sync: {
        [method]: async (owner: string, key: StreamRow, ...rest: unknown[]) => {
          const mine = typeof owner === 'string' && owner.startsWith('org_');
          const real = mine ? await ownerOf(sync, key.connectionId) : 'nobody';
          const call = sync[method] as (...args: unknown[]) => Promise<unknown>;
          return call(real === 'nobody' ? owner : real, key, ...rest);
        },
      },
    }),
    fails: [owned],
  })),
  {
    name: 'keeps the streams of removed connections',
    parts: ({ connections, sync }) => {
      const removed = new Map<string, readonly StreamRow[]>();
      return {
        connections: {
          remove: async (owner, id) => {
            const rows = await sync.list(owner, id);
            const done = await connections.remove(owner, id);
            if (done) removed.set(id, rows);
            return done;
          },
        },
        sync: { list: async (owner, id) => removed.get(id) ?? sync.list(owner, id) },
      };
    },
    fails: [removes],
  },
  {
    name: 'accepts a cursor of any length',
    parts: ({ sync }) => ({
      sync: {
        save: (owner, key, hold, change) =>
          forgiving(
            'cursor',
            () => sync.save(owner, key, hold, change),
            async () => null,
          ),
      },
    }),
    fails: [input],
  },
];
