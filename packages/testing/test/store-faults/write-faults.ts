import { altered, tick, without, type Fault } from './fault.ts';

export const writeFaults: readonly Fault[] = [
  {
    name: 'resets the metadata with every write',
    parts: ({ connections }) => ({
      connections: {
        update: (organizationId, id, guard, change) =>
          connections.update(organizationId, id, guard, { metadata: {}, ...change }),
      },
    }),
    fails: ['changes what is given and nothing', 'sets every column that callers'],
  },
  {
    name: 'takes null for «leave it»',
    parts: ({ connections }) => ({
      connections: {
        update: (organizationId, id, guard, change) =>
          connections.update(
            organizationId,
            id,
            guard,
            without(change, (value) => value === null),
          ),
      },
    }),
    fails: [
      'sets every column that callers',
      'C05 counts credentials by themselves',
      'keeps a disconnected row and its',
      'D15 never brings a row back: a',
      'G08 refuses what is no JSON object',
      'G08 refuses dates, bytes, numbers',
    ],
  },
  {
    name: 'does not compare the version',
    parts: ({ connections }) => ({
      connections: {
        update: (organizationId, id, { version: _version, ...guard }, change) =>
          connections.update(organizationId, id, guard, change),
      },
    }),
    fails: [
      'writes only when every given guard',
      'lets one of many writers of the',
      'makes other writers wait, and then',
      'G08 refuses limits, lives, leases',
    ],
  },
  {
    name: 'does not compare the version of the credentials',
    parts: ({ connections }) => ({
      connections: {
        update: (organizationId, id, { credentialsVersion: _version, ...guard }, change) =>
          connections.update(organizationId, id, guard, change),
      },
    }),
    fails: ['writes only when every given guard', 'D15 never brings a row back: a'],
  },
  {
    name: 'does not compare the fence',
    parts: ({ connections }) => ({
      connections: {
        update: (organizationId, id, { leaseFence: _fence, ...guard }, change) =>
          connections.update(organizationId, id, guard, change),
      },
    }),
    fails: ['writes only when every given guard', 'D05 refuses the write of a holder'],
  },
  {
    name: 'compares first and writes later',
    parts: ({ connections }) => ({
      connections: {
        async update(organizationId, id, guard, change) {
          const row = await connections.get(organizationId, id);
          if (row?.version !== guard.version) return connections.update(organizationId, id, guard, change);
          await tick();
          const { version: _version, ...rest } = guard;
          return connections.update(organizationId, id, rest, change);
        },
      },
    }),
    fails: ['lets one of many writers of the', 'makes other writers wait, and then'],
  },
  {
    name: 'reads the version first and writes its successor',
    parts: ({ connections }) => ({
      connections: {
        async update(organizationId, id, guard, change) {
          const before = await connections.get(organizationId, id);
          await tick();
          const row = await connections.update(organizationId, id, guard, change);
          return row && { ...row, version: (before?.version ?? 0) + 1 };
        },
      },
    }),
    fails: ['loses no version when many write'],
  },
  {
    name: 'counts the versions of credentials anew after a disconnect',
    parts: ({ connections }) => {
      const base = new Map<string, number>();
      return {
        connections: altered(connections, (row) => {
          if (row.credentials === null) base.set(row.id, row.credentialsVersion);
          return { ...row, credentialsVersion: row.credentialsVersion - (base.get(row.id) ?? 0) };
        }),
      };
    },
    fails: ['sets every column that callers', 'C05 counts credentials by themselves'],
  },
  {
    name: 'counts every write as a write of credentials',
    parts: ({ connections }) => ({
      connections: altered(connections, (row) => ({ ...row, credentialsVersion: row.version })),
    }),
    fails: [
      'changes what is given and nothing',
      'C05 counts credentials by themselves',
      'writes a batch like so many single',
      'leases a row: a new fence, and',
      'leases what it claims: a new fence',
    ],
  },
  {
    name: 'keeps the lease over a write of credentials',
    parts: ({ connections }) => ({
      connections: {
        async update(organizationId, id, guard, change) {
          const before = await connections.get(organizationId, id);
          const row = await connections.update(organizationId, id, guard, change);
          return row && { ...row, leaseUntil: before?.leaseUntil ?? null };
        },
      },
    }),
    fails: ['ends the lease with a write of', 'D05 refuses the write of a holder'],
  },
  {
    name: 'ends the lease with any write',
    parts: ({ connections }) => ({
      connections: {
        update: async (...args) => {
          const row = await connections.update(...args);
          return row && { ...row, leaseUntil: null };
        },
      },
    }),
    fails: ['ends the lease with a write of'],
  },
  {
    name: 'answers a batch with the rows it wrote, in the order it found them',
    parts: ({ connections }) => ({
      connections: {
        updateMany: async (...batch) => (await connections.updateMany(...batch)).filter((written) => written),
      },
    }),
    fails: [
      "G01 treats another organization's",
      'writes a batch like so many single',
      'passes over a row that somebody holds',
    ],
  },
  {
    name: 'writes a batch wholly or not at all',
    parts: ({ connections }) => ({
      connections: {
        async updateMany(writes, options) {
          const rows = await Promise.all(writes.map((write) => connections.get(write.organizationId, write.id)));
          return rows.includes(null) ? rows.map(() => false) : connections.updateMany(writes, options);
        },
      },
    }),
    fails: ['writes a batch like so many single', 'refuses a batch that writes one'],
  },
  {
    name: 'keeps the sealed bytes of a disconnected row',
    parts: ({ connections }) => ({
      probe: {
        connection: async (id) => {
          const row = (await connections.scan(null, 100)).find((one) => one.id === id);
          return row === undefined ? null : { credentials: row.credentials ?? Uint8Array.of(1), status: row.status };
        },
      },
    }),
    fails: ['keeps a disconnected row and its'],
  },
  {
    name: 'keeps a deleted row under another status',
    parts: ({ connections }) => ({
      connections: {
        remove: async (organizationId, id) =>
          (await connections.update(organizationId, id, {}, { status: 'disconnected', credentials: null })) !== null,
      },
    }),
    fails: [
      'deletes a row for good and frees',
      'D15 never brings a row back: a',
      'goes on at the right place when',
      'removes the streams of a connection',
      'removes the events of a connection',
    ],
  },
  {
    name: 'inserts what an update does not find',
    parts: ({ connections }) => {
      const seen = new Map<string, Parameters<typeof connections.insert>>();
      return {
        connections: {
          insert(...args) {
            seen.set(args[1].id, args);
            return connections.insert(...args);
          },
          async update(organizationId, id, guard, change) {
            const row = await connections.update(organizationId, id, guard, change);
            const known = seen.get(id);
            if (row !== null || known === undefined || known[0] !== organizationId) return row;
            return (await connections.get(organizationId, id)) === null
              ? connections.insert(organizationId, { ...known[1], ...change })
              : null;
          },
        },
      };
    },
    fails: ['D15 never brings a row back: a', 'refuses a new id that is no UUID'],
  },
];
