/** The audit trail, remembered values and the clock. */
import { expect } from 'vitest';

import type { AuditEntry, AuditFilter, Store } from '@plugboard/core/store-kit';

import { atOnce, insert, minute, organization, stranger, type StoreCase } from './subject.ts';

export const auditCases: readonly StoreCase[] = [
  {
    name: 'keeps entries as given, with the time of the store, the newest first',
    async run({ store: { audit }, clock }) {
      const first = entry({
        connectionId: crypto.randomUUID(),
        data: { reason: 'revoked', before: { status: 'active' } },
      });
      const next = entry({ actor: 'system' });
      await audit.append(first);
      const at = new Date(clock.now());
      await clock.advance(minute);
      await audit.append(next);
      expect(await audit.list(organization)).toEqual({
        items: [
          { ...next, at: new Date(clock.now()) },
          { ...first, at },
        ],
        nextCursor: null,
      });
    },
  },
  {
    name: 'shows the entries of one connection, and of no other organization',
    async run({ store: { audit } }) {
      const connectionId = crypto.randomUUID();
      const mine = entry({ connectionId });
      await audit.append(mine);
      await audit.append(entry({}));
      await audit.append(entry({ connectionId, organizationId: stranger }));
      expect(idsOf((await audit.list(organization, { connectionId })).items)).toEqual([mine.id]);
      expect((await audit.list(organization)).items).toHaveLength(2);
      expect((await audit.list(organization, { connectionId: 'not an id' })).items).toEqual([]);
    },
  },
  {
    name: 'pages through entries of the same instant in the order they were appended, each once',
    async run({ store }) {
      const entries = Array.from({ length: 7 }, () => entry({}));
      for (const one of entries) await store.audit.append(one);
      const expected = idsOf(entries).toReversed();
      for (const limit of [1, 3, 7, 8]) expect(idsOf(await walk(store, { limit }))).toEqual(expected);
      expect((await store.audit.list(organization)).nextCursor).toBeNull();
    },
  },
  {
    name: 'G02 refuses a cursor of the trail that is altered, or of another organization or filter',
    async run({ store: { audit } }) {
      for (let count = 0; count < 2; count++) await audit.append(entry({}));
      const { nextCursor } = await audit.list(organization, { limit: 1 });
      const cursor = nextCursor ?? '';
      const refused = { code: 'invalid_input', fields: [{ path: 'cursor' }] };
      await expect(audit.list(stranger, { cursor })).rejects.toMatchObject(refused);
      await expect(audit.list(organization, { cursor, connectionId: crypto.randomUUID() })).rejects.toMatchObject(
        refused,
      );
      await expect(audit.list(organization, { cursor: `${cursor}A` })).rejects.toMatchObject(refused);
      await expect(audit.list(organization, { cursor: `A${cursor.slice(1)}` })).rejects.toMatchObject(refused);
    },
  },
  {
    name: 'keeps an entry once when its append is repeated, and apart from the same id elsewhere',
    async run({ store: { audit } }) {
      const one = entry({ data: { first: true } });
      await audit.append(one);
      await audit.append({ ...one, data: { first: false } });
      await audit.append({ ...one, organizationId: stranger });
      expect((await audit.list(organization)).items).toMatchObject([{ data: { first: true } }]);
      expect((await audit.list(stranger)).items).toHaveLength(1);
    },
  },
];

export const markerCases: readonly StoreCase[] = [
  {
    name: 'remembers the first value of a name, whoever comes later',
    async run({ store }) {
      expect(await store.remember('test:environment', 'production')).toBe('production');
      expect(await store.remember('test:environment', 'staging')).toBe('production');
      expect(await store.remember('test:other', '')).toBe('');
    },
  },
  {
    name: 'agrees on one value among many who give one at once',
    async run({ store }) {
      const answers = await atOnce(20, (index) => store.remember('test:race', `value ${index}`));
      expect(new Set(answers).size).toBe(1);
      expect(await store.remember('test:race', 'late')).toBe(answers[0]);
    },
  },
  {
    name: 'G07 lists by prefix, taken literally',
    async run({ store }) {
      const names = ['key:a', 'key:b', 'keys', 'KEY:a', 'k%', 'k_', 'k\\', "k'"];
      for (const name of names) await store.remember(name, `value of ${name}`);
      const under = async (prefix: string) =>
        [...(await store.remembered(prefix))].toSorted(([a], [b]) => (a < b ? -1 : 1));
      expect(await under('key:')).toEqual([
        ['key:a', 'value of key:a'],
        ['key:b', 'value of key:b'],
      ]);
      for (const name of ['k%', 'k_', 'k\\', "k'"]) expect(await under(name)).toEqual([[name, `value of ${name}`]]);
      expect(await under('nothing')).toEqual([]);
    },
  },
];

export const clockCases: readonly StoreCase[] = [
  {
    name: 'D06 tells its own time, and stamps with it every row it reads',
    async run(subject) {
      const { store, clock } = subject;
      const { id } = await insert(subject);
      for (const step of [0, 1, minute]) {
        await clock.advance(step);
        expect(await store.now()).toEqual(new Date(clock.now()));
        expect((await store.connections.get(organization, id))?.readAt).toEqual(new Date(clock.now()));
        expect((await store.connections.scan(null, 1))[0]?.readAt).toEqual(new Date(clock.now()));
      }
    },
  },
];

function entry(given: Partial<AuditEntry>): Omit<AuditEntry, 'at'> {
  const fixed = {
    organizationId: organization,
    connectionId: null,
    provider: 'acme',
    type: 'connected',
    actor: 'user_1',
    data: {},
  };
  return { id: crypto.randomUUID(), ...fixed, ...given };
}

async function walk(store: Store, filter: AuditFilter): Promise<AuditEntry[]> {
  const { items, nextCursor } = await store.audit.list(organization, filter);
  return nextCursor === null ? [...items] : [...items, ...(await walk(store, { ...filter, cursor: nextCursor }))];
}

function idsOf(entries: readonly { readonly id: string }[]): string[] {
  return entries.map((one) => one.id);
}
