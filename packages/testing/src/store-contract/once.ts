/** One-time values: OAuth state and webhook delivery ids. */
import { expect } from 'vitest';

import { atOnce, minute, second, type StoreCase } from './subject.ts';

const entry = { key: 'state', value: 'value', ttlMs: 10 * minute };

export const onceCases: readonly StoreCase[] = [
  {
    name: 'stores a value, shows it, and hands it out once',
    async run({ store: { once }, probe }) {
      expect(await once.put(entry)).toBe('stored');
      expect(await once.peek('state')).toBe('value');
      expect(await once.peek('state')).toBe('value');
      expect(await once.take('state')).toBe('value');
      expect(await once.take('state')).toBeNull();
      expect(await once.peek('state')).toBeNull();
      expect((await probe?.onceKeys?.()) ?? []).toEqual([]);
    },
  },
  {
    name: 'A03 hands a value to one of fifty who take it at once',
    async run({ store: { once } }) {
      await once.put(entry);
      const taken = await atOnce(50, () => once.take('state'));
      expect(taken.filter((value) => value === 'value')).toHaveLength(1);
      expect(taken.filter((value) => value === null)).toHaveLength(49);
    },
  },
  {
    name: 'stores the value of one of fifty who put the same key at once',
    async run({ store: { once } }) {
      const answers = await atOnce(50, (index) => once.put({ ...entry, value: `value ${index}` }));
      expect(answers.filter((answer) => answer === 'exists')).toHaveLength(49);
      expect(await once.peek('state')).toBe(`value ${answers.indexOf('stored')}`);
    },
  },
  {
    name: 'keeps the first value while it lives',
    async run({ store: { once } }) {
      await once.put(entry);
      expect(await once.put({ ...entry, value: 'second', ttlMs: 60 * minute })).toBe('exists');
      expect(await once.peek('state')).toBe('value');
    },
  },
  {
    name: 'answers `exists` to the same put again, whether it is a retry or another caller, and tells them by the value',
    async run({ store: { once } }) {
      const mine = { ...entry, value: crypto.randomUUID(), group: 'user_1', maxInGroup: 1 };
      expect(await once.put(mine)).toBe('stored');
      expect(await once.put(mine)).toBe('exists');
      expect(await once.peek('state')).toBe(mine.value);
      expect(await once.put({ ...mine, value: crypto.randomUUID() })).toBe('exists');
      expect(await once.peek('state')).toBe(mine.value);
    },
  },
  {
    name: 'A04 D06 ends a value by the clock of the store: there a second before, gone in the second itself',
    async run({ store: { once }, clock }) {
      await once.put(entry);
      await clock.advance(10 * minute - second);
      expect(await once.peek('state')).toBe('value');
      await clock.advance(second);
      expect(await once.peek('state')).toBeNull();
      expect(await once.take('state')).toBeNull();
      expect(await once.put({ ...entry, value: 'second' })).toBe('stored');
      await clock.advance(10 * minute - 1);
      expect(await once.take('state')).toBe('second');
    },
  },
  {
    name: 'replaces by `set` what lives and what has ended, with a life of its own',
    async run({ store: { once }, clock }) {
      await once.set('state', 'first', minute);
      await once.set('state', 'second', 3 * minute);
      await clock.advance(2 * minute);
      expect(await once.peek('state')).toBe('second');
      await clock.advance(2 * minute);
      await once.set('state', 'third', minute);
      expect(await once.take('state')).toBe('third');
    },
  },
  {
    name: 'A27 never holds more live values of a group than its cap, however many come at once',
    async run({ store: { once } }) {
      const put = (group: string) => (index: number) =>
        once.put({ ...entry, key: `${group} ${index}`, group, maxInGroup: 20 });
      const [mine, theirs] = await Promise.all([atOnce(40, put('user_1')), atOnce(10, put('user_2'))]);
      expect(mine.filter((answer) => answer === 'stored')).toHaveLength(20);
      expect(mine.filter((answer) => answer === 'full')).toHaveLength(20);
      expect(theirs).toEqual(Array.from({ length: 10 }, () => 'stored'));
    },
  },
  {
    name: 'A27 counts neither taken nor ended values, and lets what has no cap pass',
    async run({ store: { once }, clock }) {
      const put = (key: string) => once.put({ ...entry, key, group: 'user_1', maxInGroup: 2 });
      expect([await put('a'), await put('b'), await put('c')]).toEqual(['stored', 'stored', 'full']);
      expect(await put('a')).toBe('exists');
      expect(await once.put({ ...entry, key: 'other' })).toBe('stored');
      expect(await once.put({ ...entry, key: 'uncapped', group: 'user_1' })).toBe('stored');
      await once.take('uncapped');
      await once.take('a');
      expect([await put('c'), await put('d')]).toEqual(['stored', 'full']);
      await clock.advance(10 * minute);
      expect([await put('b'), await put('d'), await put('e')]).toEqual(['stored', 'stored', 'full']);
    },
  },
  {
    name: 'A27 purges what has ended, all of it, and counts it',
    async run({ store: { once }, clock, probe }) {
      for (let index = 0; index < 5; index++) await once.put({ ...entry, key: `short ${index}`, ttlMs: minute });
      await once.put({ ...entry, key: 'long' });
      await clock.advance(minute);
      expect((await probe?.onceKeys?.())?.length ?? 6).toBe(6);
      expect(await once.purge()).toBe(5);
      expect((await probe?.onceKeys?.()) ?? ['long']).toEqual(['long']);
      expect(await once.purge()).toBe(0);
      expect(await once.peek('long')).toBe('value');
    },
  },
  {
    name: 'lists what lives under a prefix, and takes none of it',
    async run({ store: { once }, clock }) {
      await once.set('process:b', 'first', minute);
      await once.set('process:b', 'second', 10 * minute);
      await once.put({ ...entry, key: 'process:a', group: 'user_1' });
      await once.put({ ...entry, key: 'process:short', ttlMs: minute });
      await once.put({ ...entry, key: 'process:taken' });
      await once.take('process:taken');
      await once.put({ ...entry, key: 'processes' });
      await clock.advance(minute);
      const expected = [
        ['process:a', 'value'],
        ['process:b', 'second'],
      ];
      expect(sorted(await once.entries('process:', 100))).toEqual(expected);
      expect(sorted(await once.entries('process:', 100))).toEqual(expected);
      expect((await once.entries('process:c', 100)).size).toBe(0);
    },
  },
  {
    name: 'G07 lists one-time values by a prefix, taken literally',
    async run({ store: { once } }) {
      const last = '\u{10ffff}';
      const keys = [
        'a_b',
        'a_b:1',
        'axb:2',
        'a%b',
        'A_b:3',
        'a_',
        'a',
        "a'b",
        'é:1',
        'e\u0301:1',
        `${last}`,
        `${last}${last}z`,
      ];
      for (const key of keys) await once.put({ ...entry, key });
      const under = async (prefix: string) => sorted(await once.entries(prefix, 100)).map(([key]) => key);
      for (const prefix of ['a_b', 'a_b:', 'a_', 'a', 'a%', 'A', "a'", 'é', 'e', 'b', last, last + last, 'a\\']) {
        expect(await under(prefix), prefix).toEqual(keys.filter((key) => key.startsWith(prefix)).toSorted());
      }
    },
  },
  {
    name: 'lists no more one-time values than the limit',
    async run({ store: { once } }) {
      for (let index = 0; index < 5; index++) await once.put({ ...entry, key: `process:${index}` });
      for (const limit of [1, 3, 5, 6]) expect((await once.entries('process:', limit)).size).toBe(Math.min(limit, 5));
    },
  },
  {
    name: 'keeps keys and values as they are',
    async run({ store: { once } }) {
      const texts = [
        'é',
        'e\u0301',
        'State',
        'state',
        'state ',
        "'; drop table x; --",
        '%',
        '_',
        '\u{1f511}',
        'a:b',
        'x'.repeat(512),
      ];
      for (const text of texts) expect(await once.put({ ...entry, key: text, value: text })).toBe('stored');
      for (const text of texts) expect(await once.take(text)).toBe(text);
      await once.put({ ...entry, value: '' });
      expect(await once.take('state')).toBe('');
      const large = 'v'.repeat(60_000);
      await once.put({ ...entry, value: large });
      expect(await once.take('state')).toBe(large);
    },
  },
];

function sorted(entries: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
