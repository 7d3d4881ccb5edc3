import { stranger } from '../../src/store-contract/subject.ts';
import { tick, type Fault } from './fault.ts';

export const recordFaults: readonly Fault[] = [
  {
    name: 'shows the oldest entries first',
    parts: ({ audit }) => ({
      audit: {
        async list(...args) {
          const page = await audit.list(...args);
          return { ...page, items: page.items.toReversed() };
        },
      },
    }),
    fails: ['keeps entries as given, with the', 'pages through entries of the same'],
  },
  {
    name: 'shows the entries of every connection',
    parts: ({ audit }) => ({
      audit: {
        async list(organizationId, filter = {}) {
          await audit.list(organizationId, filter);
          const { connectionId, ...rest } = filter;
          return audit.list(organizationId, connectionId === 'not an id' ? filter : rest);
        },
      },
    }),
    fails: ['shows the entries of one connection'],
  },
  {
    name: 'shows the entries of every organization',
    parts: ({ audit }) => {
      const owners = new Set<string>();
      return {
        audit: {
          append(entry) {
            owners.add(entry.organizationId);
            return audit.append(entry);
          },
          async list(organizationId, filter = {}) {
            const page = await audit.list(organizationId, filter);
            if (filter.cursor !== undefined || page.nextCursor !== null) return page;
            const others = await Promise.all(
              [...owners].filter((owner) => owner !== organizationId).map((owner) => audit.list(owner, filter)),
            );
            return { ...page, items: [...page.items, ...others.flatMap((other) => other.items)] };
          },
        },
      };
    },
    fails: [
      "G01 treats another organization's",
      'shows the entries of one connection',
      'keeps an entry once when its append',
    ],
  },
  {
    name: 'answers the first page of the trail to any cursor it does not know',
    parts: ({ audit }) => ({
      audit: {
        list: (organizationId, filter = {}) => {
          const { cursor, ...rest } = filter;
          return audit.list(organizationId, filter).catch((error: unknown) => {
            if (cursor === undefined) throw error;
            return audit.list(organizationId, rest);
          });
        },
      },
    }),
    fails: ['G02 refuses a cursor of the trail'],
  },
  {
    name: 'appends an entry again',
    parts: ({ audit }) => {
      const seen = new Set<string>();
      return {
        audit: {
          append(entry) {
            const repeated = seen.has(`${entry.organizationId} ${entry.id}`);
            seen.add(`${entry.organizationId} ${entry.id}`);
            return audit.append(repeated ? { ...entry, id: crypto.randomUUID() } : entry);
          },
        },
      };
    },
    fails: ['keeps an entry once when its append'],
  },
  {
    name: 'keeps one entry of an id for all organizations',
    parts: ({ audit }) => {
      const seen = new Set<string>();
      return {
        audit: {
          async append(entry) {
            if (seen.has(entry.id) && entry.organizationId === stranger) return;
            seen.add(entry.id);
            await audit.append(entry);
          },
        },
      };
    },
    fails: ['keeps an entry once when its append'],
  },
  {
    name: 'goes on after the time of the last entry',
    parts: ({ audit }) => ({
      audit: {
        async list(organizationId, filter = {}) {
          const page = await audit.list(organizationId, filter);
          return filter.cursor === undefined ? page : { items: [], nextCursor: null };
        },
      },
    }),
    fails: ['pages through entries of the same'],
  },
  {
    name: 'remembers the last value',
    parts: (sound) => {
      const values = new Map<string, string>();
      return {
        store: {
          async remember(name, value) {
            await sound.remember(name, value);
            values.set(name, value);
            return value;
          },
        },
      };
    },
    fails: ['remembers the first value of a', 'agrees on one value among many'],
  },
  {
    name: 'looks for a value first and remembers later',
    parts: (sound) => ({
      store: {
        async remember(name, value) {
          const known = await sound.remembered('test:race');
          await tick();
          if (known.has(name)) return sound.remember(name, value);
          const kept = await sound.remember(name, value);
          return name === 'test:race' ? value : kept;
        },
      },
    }),
    fails: ['agrees on one value among many'],
  },
  {
    name: 'takes a prefix for a pattern',
    parts: (sound) => ({
      store: {
        async remembered(prefix) {
          await sound.remembered(prefix);
          const pattern = new RegExp(`^${prefix.replace(/[\\']/g, '\\$&').replaceAll('%', '.*').replaceAll('_', '.')}`);
          return new Map([...(await sound.remembered(''))].filter(([name]) => pattern.test(name)));
        },
      },
    }),
    fails: ['G07 lists by prefix, taken literally'],
  },
  {
    name: 'asks the clock of the process',
    parts: () => ({ store: { now: async () => new Date() } }),
    fails: ['D06 tells its own time, and stamps'],
  },
];
