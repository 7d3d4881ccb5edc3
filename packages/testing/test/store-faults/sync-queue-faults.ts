import type { StreamRow } from '@plugboard/core/store-kit';

import { type Fault } from './fault.ts';
import { answering, mapped, streamCases } from './sync-fault.ts';

const { first, saves, moves, schedules, claims, excepts, once, owned, input } = streamCases;

export const syncQueueFaults: readonly Fault[] = [
  {
    name: 'leaves the due time of a stream where it was',
    parts: ({ sync }, clock) => ({
      sync: {
        lease: async (owner, key, leaseMs) => {
          const before = await sync.get(owner, key);
          return mapped(await sync.lease(owner, key, leaseMs), (row) => ({ ...row, dueAt: before?.dueAt ?? null }));
        },
        claimDue: async (request) =>
          (await sync.claimDue(request)).map((row) => ({ ...row, dueAt: new Date(clock.now()) })),
      },
    }),
    fails: [moves, claims, input],
  },
  {
    name: 'has jobs read whatever was leased once',
    parts: ({ sync }) => ({
      sync: answering(sync, (row) => ({ ...row, dueAt: row.dueAt ?? row.leaseUntil })),
    }),
    fails: [first, saves, moves, owned],
  },
  {
    name: 'schedules a stream anew that was planned already',
    parts: ({ sync }, clock) => {
      const again = new Set<string>();
      const now = (row: StreamRow) =>
        again.has(row.connectionId) && row.leaseUntil === null ? { ...row, dueAt: new Date(clock.now()) } : row;
      return {
        sync: {
          ...answering(sync, now),
          schedule: async (streams) => {
            await sync.schedule(streams);
            for (const { connectionId } of streams) again.add(connectionId);
          },
        },
      };
    },
    fails: [moves, schedules],
  },
  {
    name: 'wakes no stream that is parked',
    parts: ({ sync }) => ({
      sync: {
        schedule: async (streams) => {
          for (const stream of streams) {
            const known = stream.organizationId !== '' && typeof stream.stream === 'string' ? stream : null;
            const row = known && (await sync.get(known.organizationId, known).catch(() => null));
            if (row === null) await sync.schedule([stream]);
          }
        },
      },
    }),
    fails: [schedules],
  },
  {
    name: 'claims streams that are not due',
    parts: ({ sync }, clock) => ({
      sync: {
        claimDue: async (request) => {
          await sync.claimDue({ ...request, stream: 'customers' });
          const claimed = await sync.claimDue(request);
          return claimed.length === 0 && request.limit === 100 && request.except.length > 0
            ? [{ organizationId: 'org_1', readAt: new Date(clock.now()) } as StreamRow]
            : claimed;
        },
      },
    }),
    fails: [excepts],
  },
  {
    name: 'claims the streams that fell due last',
    parts: ({ sync }) => ({
      sync: { claimDue: async (request) => (await sync.claimDue(request)).toReversed() },
    }),
    fails: [claims],
  },
  {
    name: 'claims streams of every provider',
    parts: ({ sync }) => ({
      sync: {
        claimDue: (request) => sync.claimDue({ ...request, ...(request.provider === 'other' && { provider: 'acme' }) }),
      },
    }),
    fails: [claims],
  },
  {
    name: 'claims streams of organizations that have enough',
    parts: ({ sync }) => ({
      sync: { claimDue: (request) => sync.claimDue({ ...request, except: request.except.slice(1) }) },
    }),
    fails: [excepts, input],
  },
  {
    name: 'claims one stream for several',
    parts: ({ sync }) => {
      let last: readonly StreamRow[] = [];
      return {
        sync: {
          claimDue: async (request) => {
            const claimed = await sync.claimDue(request);
            const answer = claimed.length > 0 ? claimed : request.limit === 3 ? last : [];
            last = claimed.length > 0 ? claimed.slice(0, 1) : last;
            return answer.length < request.limit && request.limit === 3 ? [...answer, ...last] : answer;
          },
        },
      };
    },
    fails: [once],
  },
];
