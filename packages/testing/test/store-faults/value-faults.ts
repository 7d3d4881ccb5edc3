import type { JsonObject, NewConnection } from '@plugboard/core/store-kit';

import { altered, forgiving, without, type Fault } from './fault.ts';

const rounded = (date: Date | null) => date && new Date(Math.floor(+date / 1000) * 1000);

export const valueFaults: readonly Fault[] = [
  {
    name: 'stamps rows with another time than its own',
    parts: ({ connections }) => ({ connections: altered(connections, (row) => ({ ...row, readAt: row.createdAt })) }),
    fails: ['changes what is given and nothing', 'D06 tells its own time'],
  },
  {
    name: 'keeps the day of a sync to the second',
    parts: ({ connections }) => ({
      connections: altered(connections, (row) => ({ ...row, lastSyncAt: rounded(row.lastSyncAt) })),
    }),
    fails: ['sets every column that callers', 'keeps dates to the millisecond'],
  },
  {
    name: 'keeps numbers in four bytes',
    parts: ({ connections }) => ({
      connections: altered(connections, (row) => ({
        ...row,
        metadata: JSON.parse(
          JSON.stringify(row.metadata, (_key, value: unknown) =>
            typeof value === 'number' ? Math.fround(value) : value,
          ),
        ) as typeof row.metadata,
      })),
    }),
    fails: ['keeps JSON: numbers, unicode, nulls'],
  },
  {
    name: 'keeps bytes as text',
    parts: ({ connections }) => ({
      connections: altered(connections, (row) => ({
        ...row,
        credentials: row.credentials && new TextEncoder().encode(new TextDecoder().decode(row.credentials)),
      })),
    }),
    fails: ['keeps bytes: every value, any length'],
  },
  {
    name: 'keeps the whole buffer of a window of bytes',
    parts: ({ connections }) => ({
      connections: {
        insert: (organizationId, connection) =>
          connections.insert(organizationId, {
            ...connection,
            credentials:
              connection.credentials instanceof Uint8Array && connection.credentials.length === 7
                ? new Uint8Array(connection.credentials.buffer)
                : connection.credentials,
          }),
      },
    }),
    fails: ['keeps bytes: every value, any length'],
  },
  {
    name: 'replaces quotes',
    parts: ({ connections }) => ({
      connections: {
        insert: (organizationId, connection) =>
          connections.insert(organizationId, {
            ...connection,
            ...(typeof connection.writeId === 'string' && { writeId: connection.writeId.replaceAll("'", "''") }),
          }),
      },
    }),
    fails: ['G07 keeps texts that mean something'],
  },
  {
    name: 'keeps the objects that it was given',
    parts: ({ connections }) => {
      const given = new Map<string, NewConnection>();
      return {
        connections: {
          async insert(organizationId, connection) {
            const row = await connections.insert(organizationId, connection);
            if (row !== null) given.set(row.id, connection);
            return row;
          },
          async get(organizationId, id) {
            const row = await connections.get(organizationId, id);
            return row && row.version === 1 ? { ...row, metadata: given.get(id)?.metadata ?? {} } : row;
          },
        },
      };
    },
    fails: ['shares no object with its callers'],
  },
  {
    name: 'keeps the data of an entry as it was given',
    parts: ({ audit }) => {
      const given = new Map<string, JsonObject>();
      return {
        audit: {
          async append(entry) {
            await audit.append(entry);
            if (entry.id === 'entry') given.set(entry.id, entry.data);
          },
          async list(...args) {
            const page = await audit.list(...args);
            return { ...page, items: page.items.map((item) => ({ ...item, data: given.get(item.id) ?? item.data })) };
          },
        },
      };
    },
    fails: ['shares no object with its callers'],
  },
  {
    name: 'takes any organization',
    parts: ({ connections }) => ({
      connections: {
        list: (...args) =>
          forgiving(
            'organizationId',
            () => connections.list(...args),
            async () => ({ items: [], nextCursor: null }),
          ),
      },
    }),
    fails: ['G08 refuses a bad organization'],
  },
  {
    name: 'takes any label',
    parts: ({ connections }) => ({
      connections: {
        find: (...args) =>
          forgiving(
            'label',
            () => connections.find(...args),
            async () => null,
          ),
      },
    }),
    fails: ['G08 refuses bad texts in keys'],
  },
  {
    name: 'takes any one-time value',
    parts: ({ once }) => ({
      once: {
        peek: (key) =>
          forgiving(
            'key',
            () => once.peek(key),
            async () => null,
          ),
      },
    }),
    fails: ['G08 refuses bad texts in one-time'],
  },
  {
    name: 'drops settings that it cannot store',
    parts: ({ connections }) => ({
      connections: {
        update: (organizationId, id, guard, change) =>
          forgiving(
            'settings',
            () => connections.update(organizationId, id, guard, change),
            async () => null,
          ),
      },
    }),
    fails: ['G08 refuses what is no JSON object'],
  },
  {
    name: 'drops fields that are undefined',
    parts: ({ connections }) => ({
      connections: {
        update: (organizationId, id, guard, change) =>
          connections.update(
            organizationId,
            id,
            guard,
            without(change, (value) => value === undefined),
          ),
      },
    }),
    fails: ['G08 refuses dates, bytes, numbers'],
  },
  {
    name: 'takes any limit',
    parts: ({ connections }) => ({
      connections: {
        scan: (afterId, limit) =>
          forgiving(
            'limit',
            () => connections.scan(afterId, limit),
            async () => [],
          ),
      },
    }),
    fails: ['G08 refuses limits, lives, leases'],
  },
  {
    name: 'takes any text for an id',
    parts: ({ connections }) => ({
      connections: {
        insert: (organizationId, connection) =>
          connections.insert(organizationId, {
            ...connection,
            id: /^[0-9a-f-]{36}$/.test(connection.id) ? connection.id : crypto.randomUUID(),
          }),
      },
    }),
    fails: ['refuses a new id that is no UUID'],
  },
  {
    name: 'writes the last of two writes to one row',
    parts: ({ connections }) => ({
      connections: {
        updateMany: (writes, options) =>
          connections.updateMany([...new Map(writes.map((write) => [write.id, write])).values()], options),
      },
    }),
    fails: ['refuses a batch that writes one'],
  },
];
