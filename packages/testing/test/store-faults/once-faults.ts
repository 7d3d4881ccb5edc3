import { tick, type Fault } from './fault.ts';

export const onceFaults: readonly Fault[] = [
  {
    name: 'looks at a value first and deletes it later',
    parts: ({ once }) => ({
      once: {
        async take(key) {
          const value = await once.peek(key);
          await tick();
          await once.take(key);
          return value;
        },
      },
    }),
    fails: ['A03 hands a value to one of fifty'],
  },
  {
    name: 'keeps a value that was taken, marked as used',
    parts: () => ({ probe: { onceKeys: async () => ['state'] } }),
    fails: ['stores a value, shows it, and hands', 'A27 purges what has ended, all'],
  },
  {
    name: 'looks for the key first and stores later',
    parts: ({ once }) => ({
      once: {
        async put(request) {
          const answer = await once.peek(request.key);
          await tick();
          if (answer !== null) return once.put(request);
          const stored = await once.put(request);
          return stored === 'exists' ? 'stored' : stored;
        },
      },
    }),
    fails: ['stores the value of one of fifty'],
  },
  {
    name: 'replaces a value that lives',
    parts: ({ once }) => ({
      once: {
        async put(request) {
          const answer = await once.put(request);
          if (answer === 'exists' && request.group === undefined)
            await once.set(request.key, request.value, request.ttlMs);
          return answer;
        },
      },
    }),
    fails: ['stores the value of one of fifty', 'keeps the first value while it'],
  },
  {
    name: 'takes whoever puts the same value for the one who put it first',
    parts: ({ once }) => ({
      once: {
        async put(request) {
          const answer = await once.put(request);
          return answer === 'exists' && (await once.peek(request.key)) === request.value ? 'stored' : answer;
        },
      },
    }),
    fails: ['answers `exists` to the same put again', 'A27 counts neither taken nor ended'],
  },
  {
    name: 'lets a value live a second longer',
    parts: ({ once }) => ({
      once: {
        put: (request) => once.put({ ...request, ttlMs: request.ttlMs > 100 ? request.ttlMs + 1000 : request.ttlMs }),
      },
    }),
    fails: [
      'A04 D06 ends a value by the clock',
      'A27 counts neither taken nor ended',
      'A27 purges what has ended, all',
      'lists what lives under a prefix',
    ],
  },
  {
    name: 'ends a value a second early',
    parts: ({ once }) => ({
      once: {
        put: (request) => once.put({ ...request, ttlMs: request.ttlMs > 1000 ? request.ttlMs - 1000 : request.ttlMs }),
      },
    }),
    fails: ['A04 D06 ends a value by the clock'],
  },
  {
    name: 'does not replace by `set` what lives',
    parts: ({ once }) => ({
      once: {
        async set(key, value, ttlMs) {
          if ((await once.peek(key)) === null) await once.set(key, value, ttlMs);
        },
      },
    }),
    fails: ['replaces by `set` what lives and', 'lists what lives under a prefix'],
  },
  {
    name: 'counts a group first and stores later',
    parts: ({ once }) => {
      const counts = new Map<string, number>();
      return {
        once: {
          async put(request) {
            const { group, maxInGroup, ...rest } = request;
            if (group === undefined || maxInGroup !== 20) return once.put(request);
            const count = counts.get(group) ?? 0;
            await tick();
            counts.set(group, count + 1);
            return count >= maxInGroup ? 'full' : once.put({ ...rest, group });
          },
        },
      };
    },
    fails: ['A27 never holds more live values'],
  },
  {
    name: 'counts all groups as one',
    parts: ({ once }) => ({
      once: {
        put: (request) => once.put(String(request.group).startsWith('user') ? { ...request, group: 'all' } : request),
      },
    }),
    fails: ['A27 never holds more live values'],
  },
  {
    name: 'counts what a group ever held',
    parts: ({ once }) => {
      const ever = new Map<string, number>();
      return {
        once: {
          async put(request) {
            const { group, maxInGroup } = request;
            const count = ever.get(group ?? '') ?? 0;
            if (
              group !== undefined &&
              maxInGroup !== undefined &&
              count >= maxInGroup &&
              group.startsWith('user') &&
              (await once.peek(request.key)) === null
            )
              return 'full';
            const answer = await once.put(request);
            if (answer === 'stored' && group !== undefined) ever.set(group, count + 1);
            return answer;
          },
        },
      };
    },
    fails: ['A27 counts neither taken nor ended'],
  },
  {
    name: 'purges what still lives',
    parts: ({ once }) => ({
      once: {
        async purge() {
          const purged = await once.purge();
          await once.take('long');
          return purged;
        },
      },
    }),
    fails: ['A27 purges what has ended, all'],
  },
  {
    name: 'takes what it lists',
    parts: ({ once }) => ({
      once: {
        async entries(prefix, limit) {
          const entries = await once.entries(prefix, limit);
          for (const key of entries.keys()) if (prefix === 'process:') await once.take(key);
          return entries;
        },
      },
    }),
    fails: ['lists what lives under a prefix', 'lists no more one-time values than'],
  },
  {
    name: 'lists values that have ended',
    parts: ({ once }) => {
      const ever = new Map<string, string>();
      return {
        once: {
          async put(request) {
            const answer = await once.put(request);
            if (answer === 'stored') ever.set(request.key, request.value);
            return answer;
          },
          async take(key) {
            ever.delete(key);
            return once.take(key);
          },
          async entries(prefix, limit) {
            const live = await once.entries(prefix, limit);
            const ended = [...ever].filter(([key]) => key.startsWith(prefix) && !live.has(key));
            return new Map([...live, ...ended.slice(0, limit - live.size)]);
          },
        },
      };
    },
    fails: ['lists what lives under a prefix'],
  },
  {
    name: 'takes the prefix of one-time values for a pattern',
    parts: ({ once }) => {
      const keys = new Set<string>();
      return {
        once: {
          async put(request) {
            keys.add(request.key);
            return once.put(request);
          },
          async entries(prefix, limit) {
            const literal = await once.entries(prefix, limit);
            const pattern = new RegExp(
              `^${prefix.replace(/[\\']/g, '\\$&').replaceAll('%', '.*').replaceAll('_', '.')}`,
            );
            if (!/[%_]/.test(prefix)) return literal;
            return new Map([...keys].filter((key) => pattern.test(key)).map((key) => [key, 'value']));
          },
        },
      };
    },
    fails: ['G07 lists one-time values by a'],
  },
  {
    name: 'ends a range of keys before the last character',
    parts: ({ once }) => ({
      once: {
        async entries(prefix, limit) {
          const entries = await once.entries(prefix, limit);
          return new Map([...entries].filter(([key]) => key < `${prefix}\u{10ffff}`));
        },
      },
    }),
    fails: ['G07 lists one-time values by a'],
  },
  {
    name: 'lists one-time values without a limit',
    parts: ({ once }) => ({
      once: {
        async entries(prefix, limit) {
          await once.entries(prefix, limit);
          return once.entries(prefix, 10_000);
        },
      },
    }),
    fails: ['lists no more one-time values than'],
  },
  {
    name: 'normalises keys of one-time values',
    parts: ({ once }) => ({
      once: {
        put: (request) =>
          once.put(typeof request.key === 'string' ? { ...request, key: request.key.normalize('NFC') } : request),
      },
    }),
    fails: ['keeps keys and values as they are', 'G07 lists one-time values by a'],
  },
];
