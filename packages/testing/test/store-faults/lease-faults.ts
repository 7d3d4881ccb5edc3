import type { ConnectionRow, ConnectionStore } from '@plugboard/core/store-kit';

import { tick, type Fault } from './fault.ts';

const never = new Date(0);

/** A lease of a sound store, its answer altered; what is stored stays. */
function leasing(sound: ConnectionStore, alter: (row: ConnectionRow) => ConnectionRow): Partial<ConnectionStore> {
  return {
    async lease(...args) {
      const row = await sound.lease(...args);
      return row && alter(row);
    },
  };
}

export const leaseFaults: readonly Fault[] = [
  {
    name: 'leaves the refresh point where it was',
    parts: ({ connections }) => ({ connections: leasing(connections, (row) => ({ ...row, refreshAt: never })) }),
    fails: ["G01 treats another organization's", 'leases a row: a new fence, and', 'gives the lease to one of many'],
  },
  {
    name: 'forgets when an attempt was made',
    parts: ({ connections }) => ({ connections: leasing(connections, (row) => ({ ...row, attemptAt: null })) }),
    fails: ['notes the attempt with the time'],
  },
  {
    name: 'leases whatever has become of the row',
    parts: ({ connections }) => ({
      connections: {
        lease: (organizationId, id, { version: _seen, ...request }) => connections.lease(organizationId, id, request),
      },
    }),
    fails: ['refuses a lease of a row that has changed'],
  },
  {
    name: 'looks at the lease first and takes it later',
    parts: ({ connections }) => ({
      connections: {
        async lease(organizationId, id, request) {
          const row = await connections.get(organizationId, id);
          if (row?.leaseUntil !== null) return connections.lease(organizationId, id, request);
          await tick();
          return (await connections.lease(organizationId, id, request)) ?? { ...row, leaseFence: 1 };
        },
      },
    }),
    fails: [
      'gives the lease to one of many',
      'refuses a lease of moved credentials',
      'refuses a lease of a row that has changed',
      'refuses a lease and a claim of',
    ],
  },
  {
    name: 'grants a lease while another lives',
    parts: ({ connections }) => ({
      connections: {
        async lease(organizationId, id, request) {
          const row = await connections.get(organizationId, id);
          if (row !== null && row.leaseUntil !== null)
            await connections.release(organizationId, id, row.leaseFence, null);
          return connections.lease(organizationId, id, request);
        },
      },
    }),
    fails: ['refuses a second lease until the', 'leases what it claims: a new fence'],
  },
  {
    name: 'never gives an abandoned lease back',
    parts: ({ connections }) => ({
      connections: {
        async lease(organizationId, id, request) {
          const row = await connections.get(organizationId, id);
          const leased = await connections.lease(organizationId, id, request);
          return row === null || row.leaseUntil === null ? leased : null;
        },
      },
    }),
    fails: ['notes the attempt with the time', 'refuses a second lease until the', 'D05 refuses the write of a holder'],
  },
  {
    name: 'gives every lease the same fence',
    parts: ({ connections }) => ({
      connections: {
        ...leasing(connections, (row) => ({ ...row, leaseFence: 1 })),
        update: (organizationId, id, { leaseFence, ...guard }, change) =>
          connections.update(
            organizationId,
            id,
            leaseFence === 1 ? guard : { ...guard, ...(leaseFence !== undefined && { leaseFence }) },
            change,
          ),
      },
    }),
    fails: [
      'refuses a second lease until the',
      'D05 refuses the write of a holder',
      'releases a lease early and moves',
    ],
  },
  {
    name: 'leases whatever the version of the credentials',
    parts: ({ connections }) => ({
      connections: {
        async lease(organizationId, id, request) {
          const row = await connections.get(organizationId, id);
          return connections.lease(organizationId, id, {
            ...request,
            credentialsVersion: row?.credentialsVersion ?? 1,
          });
        },
      },
    }),
    fails: ['refuses a lease of moved credentials'],
  },
  {
    name: 'leases a disconnected row',
    parts: ({ connections }) => ({
      connections: {
        async lease(organizationId, id, request) {
          const row = await connections.get(organizationId, id);
          const leased = await connections.lease(organizationId, id, request);
          return leased ?? (row?.status === 'disconnected' ? row : null);
        },
      },
    }),
    fails: ['refuses a lease of moved credentials'],
  },
  {
    name: 'answers a lease from a copy that lags behind',
    parts: ({ connections }) => {
      const copies = new Map<string, ConnectionRow>();
      return {
        connections: {
          async insert(...args) {
            const row = await connections.insert(...args);
            if (row !== null) copies.set(row.id, row);
            return row;
          },
          ...leasing(connections, (row) => ({ ...row, metadata: copies.get(row.id)?.metadata ?? {} })),
        },
      };
    },
    fails: ['D16 answers a lease with the row'],
  },
  {
    name: 'releases whatever the fence',
    parts: ({ connections }) => ({
      connections: {
        async release(organizationId, id, leaseFence, refreshAt) {
          const row = await connections.get(organizationId, id);
          return connections.release(
            organizationId,
            id,
            leaseFence > 0 ? (row?.leaseFence ?? leaseFence) : leaseFence,
            refreshAt,
          );
        },
      },
    }),
    fails: ['D05 refuses the write of a holder', 'releases a lease early and moves'],
  },
  {
    name: 'releases a lease that a write of credentials has ended',
    parts: ({ connections }) => ({
      connections: {
        async release(organizationId, id, leaseFence, refreshAt) {
          if (await connections.release(organizationId, id, leaseFence, refreshAt)) return true;
          const row = await connections.get(organizationId, id);
          if (row === null || row.leaseFence !== leaseFence || leaseFence === 0 || row.status === 'disconnected')
            return false;
          return (await connections.update(organizationId, id, {}, { refreshAt })) !== null;
        },
      },
    }),
    fails: ['releases a lease early and moves', 'leaves the refresh point alone'],
  },
];
