import type { ConnectionStore } from '@plugboard/core/store-kit';

import { altered, ownerOf, tick, type Fault } from './fault.ts';

const unwaited = 'G01 lets no other organization wait';
const owned = "G01 treats another organization's id like an unknown one";

export const keyFaults: readonly Fault[] = [
  ...(['get', 'update', 'remove', 'lease', 'release'] as const).map((method): Fault => ({
    name: `${method} does not look at the organization`,
    parts: (sound) => {
      const call = sound.connections[method] as (
        organizationId: string,
        id: string,
        ...rest: unknown[]
      ) => Promise<unknown>;
      const everyones = async (organizationId: string, id: string, ...rest: unknown[]) => {
        const owner = await ownerOf(sound, id);
        return call(owner === 'nobody' ? organizationId : owner, id, ...rest);
      };
      return { connections: { [method]: everyones } as Partial<ConnectionStore> };
    },
    fails: [
      owned,
      ...(method === 'get' || method === 'lease' ? [] : [unwaited]),
      ...(method === 'remove' ? ['removes the streams of a connection', 'removes the events of a connection'] : []),
    ],
  })),
  {
    name: 'a read for a call forgets the settings',
    parts: ({ connections }) => ({
      connections: {
        async findForCall(...args) {
          const row = await connections.find(...args);
          return row && { ...row, settings: {} };
        },
      },
    }),
    fails: ['reads for a call what it reads otherwise'],
  },
  {
    name: 'a read for a call answers the only connection to a provider',
    parts: ({ connections }) => ({
      connections: {
        async findForCall(organizationId, key) {
          const found = await connections.find(organizationId, key);
          if (found !== null) return found;
          const { items } = await connections.list(organizationId, { provider: key.provider });
          return items[0] ?? null;
        },
      },
    }),
    fails: ['reads for a call what it reads otherwise'],
  },
  {
    name: 'lock does not look at the organization',
    parts: (sound) => ({
      connections: {
        lock: async (_organizationId, id, work) =>
          (await sound.connections.lock?.(await ownerOf(sound, id), id, work)) ?? null,
      },
    }),
    fails: [
      "G01 treats another organization's",
      'answers null without calling the',
      'G08 refuses a bad organization',
      unwaited,
    ],
  },
  {
    name: 'a batch does not look at the organization',
    parts: (sound) => ({
      connections: {
        async updateMany(writes, options) {
          const mine = await Promise.all(
            writes.map(async (write) => ({ ...write, organizationId: await ownerOf(sound, write.id) })),
          );
          return sound.connections.updateMany(
            writes.length === mine.filter((write) => write.organizationId === 'nobody').length ? writes : mine,
            options,
          );
        },
      },
    }),
    fails: ["G01 treats another organization's"],
  },
  {
    name: 'a list holds the rows of everybody',
    parts: ({ connections }) => ({
      connections: {
        async list(organizationId, filter) {
          await connections.list(organizationId, filter);
          return { items: await connections.scan(null, 200), nextCursor: null };
        },
      },
    }),
    fails: [
      "G01 treats another organization's",
      'G08 compares ids and labels as',
      'lists by creation time, then id',
      'holds 50 rows a page unless told',
      'goes on at the right place when',
      'filters by provider, by status',
      'G02 refuses the cursor of another',
      'G07 keeps texts that mean something',
    ],
  },
  {
    name: 'keys are joined with a colon',
    parts: ({ connections }) => {
      const joined = new Map<string, string>();
      return {
        connections: {
          async insert(organizationId, connection) {
            const row = await connections.insert(organizationId, connection);
            if (row !== null) joined.set([organizationId, row.provider, row.label].join(':'), row.id);
            return row;
          },
          async find(organizationId, key) {
            await connections.find(organizationId, key);
            const id = joined.get([organizationId, key.provider, key.label].join(':')) ?? 'none';
            return (await connections.scan(null, 10_000)).find((row) => row.id === id) ?? null;
          },
        },
      };
    },
    fails: ['G03 keeps keys apart whose parts'],
  },
  ...(
    [
      ['normalises labels', (label: string) => label.normalize('NFC')],
      ['ignores the case of labels', (label: string) => label.toLowerCase()],
      ['trims labels', (label: string) => label.trim()],
    ] as const
  ).map(([name, change]): Fault => ({
    name,
    parts: ({ connections }) => ({
      connections: {
        insert: (organizationId, connection) =>
          connections.insert(
            organizationId,
            typeof connection.label === 'string' ? { ...connection, label: change(connection.label) } : connection,
          ),
      },
    }),
    fails:
      name === 'trims labels'
        ? ['G08 compares ids and labels', 'G07 keeps texts that mean something']
        : ['G08 compares ids and labels'],
  })),
  {
    name: 'finds the only row of an organization by any key',
    parts: ({ connections }) => ({
      connections: {
        find: async (organizationId, key) =>
          (await connections.find(organizationId, key)) ?? (await connections.list(organizationId)).items[0] ?? null,
      },
    }),
    fails: ['answers null for a key that nothing'],
  },
  {
    name: 'loses the health record',
    parts: ({ connections }) => ({ connections: altered(connections, (row) => ({ ...row, health: null })) }),
    fails: ['sets every column that callers', 'keeps JSON: numbers, unicode, nulls'],
  },
  {
    name: 'counts versions from zero',
    parts: ({ connections }) => ({
      connections: {
        insert: async (...args) => {
          const row = await connections.insert(...args);
          return row && { ...row, version: 0 };
        },
      },
    }),
    fails: [
      'finds what was inserted, by id',
      "G01 treats another organization's",
      'answers null when the key is taken',
      'gives a key to one of many who',
      'refuses an id that exists, in whatever',
      'writes a batch like so many single',
      'deletes a row for good and frees',
      'hands the row to the work and the',
      'passes on what the work throws',
      'G07 keeps texts that mean something',
      'G08 refuses dates, bytes, numbers',
      'refuses a batch that writes one',
    ],
  },
  {
    name: 'replaces the row of a taken key',
    parts: ({ connections }) => ({
      connections: {
        async insert(organizationId, connection) {
          const row = await connections.insert(organizationId, connection);
          if (row !== null) return row;
          const old = await connections.find(organizationId, connection);
          await connections.remove(organizationId, old?.id ?? '');
          return connections.insert(organizationId, connection);
        },
      },
    }),
    fails: ['answers null when the key is taken', 'gives a key to one of many who', 'keeps a disconnected row and its'],
  },
  {
    name: 'looks for the key first and inserts later',
    parts: ({ connections }) => ({
      connections: {
        async insert(organizationId, connection) {
          if ((await connections.find(organizationId, connection)) !== null) return null;
          await tick();
          return (
            (await connections.insert(organizationId, connection)) ??
            (await connections.find(organizationId, connection))
          );
        },
      },
    }),
    fails: ['gives a key to one of many who'],
  },
  {
    name: 'answers a taken id like a taken key',
    parts: ({ connections }) => ({
      connections: {
        insert: (...args) =>
          connections.insert(...args).catch((error: { code?: string }) => {
            if (error.code === 'id_taken') return null;
            throw error;
          }),
      },
    }),
    fails: ['refuses an id that exists, in whatever'],
  },
];
