import type { ConnectionFilter, ConnectionRow, ConnectionStore } from '@plugboard/core/store-kit';

import type { Fault } from './fault.ts';

type List = ConnectionStore['list'];

/** A list of one's own over all rows of the organization, in the order of a sound store. */
function listing(
  sound: ConnectionStore,
  list: (rows: ConnectionRow[], filter: ConnectionFilter) => ReturnType<List>,
): { list: List } {
  return {
    async list(organizationId, filter = {}) {
      await sound.list(organizationId, { ...filter, limit: filter.limit ?? 50 });
      const rows: ConnectionRow[] = [];
      const { cursor: _cursor, limit: _limit, ...kept } = filter;
      for (let cursor: string | null = null; ;) {
        const page = await sound.list(organizationId, { ...kept, limit: 200, ...(cursor !== null && { cursor }) });
        rows.push(...page.items);
        cursor = page.nextCursor;
        if (cursor === null) return list(rows, filter);
      }
    },
  };
}

export const pagingFaults: readonly Fault[] = [
  {
    name: 'lists the newest first',
    parts: ({ connections }) => ({
      connections: {
        async list(...args) {
          const page = await connections.list(...args);
          return { ...page, items: page.items.toReversed() };
        },
      },
    }),
    fails: ['lists by creation time, then id', 'goes on at the right place when'],
  },
  {
    name: 'holds 20 rows a page',
    parts: ({ connections }) => ({
      connections: {
        list: (organizationId, filter = {}) => connections.list(organizationId, { limit: 20, ...filter }),
      },
    }),
    fails: ['holds 50 rows a page unless told'],
  },
  {
    name: 'counts rows to find the next page',
    parts: ({ connections }) => {
      const offsets = new Map<string, number>();
      return {
        connections: {
          async list(organizationId, filter = {}) {
            const offset = offsets.get(filter.cursor ?? '') ?? 0;
            await connections.list(organizationId, filter);
            const { cursor: _cursor, ...rest } = filter;
            const limit = filter.limit ?? 50;
            const page = await connections.list(organizationId, { ...rest, limit: 200 });
            const items = page.items.slice(offset, offset + limit);
            if (offset + limit >= page.items.length) return { items, nextCursor: null };
            const { nextCursor } = await connections.list(organizationId, { ...rest, limit: offset + limit });
            offsets.set(nextCursor ?? '', offset + limit);
            return { items, nextCursor };
          },
        },
      };
    },
    fails: ['goes on at the right place when'],
  },
  {
    name: 'offers a next page that is empty',
    parts: ({ connections }) => ({
      connections: listing(connections, async (rows, { limit = 50, cursor }) => {
        const after = cursor === undefined ? -1 : rows.findIndex((row) => row.id === cursor);
        const items = rows.slice(after + 1, after + 1 + limit);
        return { items, nextCursor: items.at(-1)?.id ?? null };
      }),
    }),
    fails: [
      'lists by creation time, then id',
      'holds 50 rows a page unless told',
      'goes on at the right place when',
      'filters by provider, by status',
      'G02 refuses the cursor of another',
    ],
  },
  ...(['provider', 'status'] as const).map((field): Fault => ({
    name: `lists whatever the ${field}`,
    parts: ({ connections }) => ({
      connections: {
        list: async (organizationId, filter = {}) => {
          await connections.list(organizationId, filter);
          const { [field]: _field, ...rest } = filter;
          return connections.list(organizationId, rest);
        },
      },
    }),
    fails: ['filters by provider, by status', ...(field === 'provider' ? ['G02 refuses the cursor of another'] : [])],
  })),
  {
    name: 'answers the first page to a cursor of somebody else',
    parts: ({ connections }) => {
      const known = new Set<string>();
      return {
        connections: {
          async list(organizationId, filter = {}) {
            const { cursor, ...rest } = filter;
            const page = await connections.list(organizationId, filter).catch((error: unknown) => {
              if (cursor === undefined || !known.has(cursor)) throw error;
              return connections.list(organizationId, rest);
            });
            if (page.nextCursor !== null) known.add(page.nextCursor);
            return page;
          },
        },
      };
    },
    fails: ['G02 refuses the cursor of another'],
  },
  {
    name: 'answers the first page to an altered cursor',
    parts: ({ connections }) => {
      const known = new Set<string>();
      return {
        connections: {
          async list(organizationId, filter = {}) {
            const { cursor, ...rest } = filter;
            const page = await connections.list(
              organizationId,
              cursor === undefined || known.has(cursor) ? filter : rest,
            );
            if (page.nextCursor !== null) known.add(page.nextCursor);
            return page;
          },
        },
      };
    },
    fails: ['G02 refuses a cursor with any character'],
  },
  {
    name: 'walks over all rows by age',
    parts: ({ connections }) => ({
      connections: {
        async scan(afterId, limit) {
          const rows = (await connections.scan(null, 10_000)).toReversed();
          const after = rows.findIndex((row) => row.id === afterId);
          await connections.scan(afterId, limit);
          return rows.slice(after + 1, after + 1 + limit);
        },
      },
    }),
    fails: ['walks over the rows of all organizations'],
  },
  {
    name: 'does not look among further ids',
    parts: ({ connections }) => ({
      connections: {
        findByAccount: async (provider, accountId) =>
          (await connections.findByAccount(provider, accountId)).filter((row) => row.account?.id === accountId),
      },
    }),
    fails: ['finds the live connections that name'],
  },
  {
    name: 'finds disconnected rows by account',
    parts: ({ connections }) => ({
      connections: {
        async findByAccount(provider, accountId) {
          await connections.findByAccount(provider, accountId);
          const rows = await connections.scan(null, 10_000);
          return rows.filter((row) => row.provider === provider && row.account?.id === accountId);
        },
      },
    }),
    fails: ['finds the live connections of all', 'finds the live connections that name'],
  },
  {
    name: 'finds rows of other providers by account',
    parts: ({ connections }) => ({
      connections: {
        async findByAccount(provider, accountId) {
          await connections.findByAccount(provider, accountId);
          const rows = await connections.scan(null, 10_000);
          return rows.filter((row) => row.account?.id === accountId && row.status !== 'disconnected');
        },
      },
    }),
    fails: ['finds the live connections of all', 'finds the live connections that name'],
  },
];
