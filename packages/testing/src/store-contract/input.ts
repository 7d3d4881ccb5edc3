/** G08: bad input gets a typed error that names the field, before anything is read or written. */
import { expect } from 'vitest';

import { isPlugboardError, type ConnectionData, type NewConnection } from '@plugboard/core/store-kit';

import { connection, insert, minute, organization, type StoreCase, type Subject } from './subject.ts';

export const badTexts = {
  NUL: 'a\0b',
  'half a pair, first': 'a\ud83d',
  'half a pair, second': '\udd11b',
  'far too much': 'm'.repeat(300_000),
  nothing: '',
  'no text': 7 as unknown as string,
};
export const badJson = {
  NUL: { a: ['b\0'] },
  'NUL in a key': { 'a\0': 1 },
  'half a pair': { a: { b: '\ud83d' } },
  'no number': { a: Number.NaN },
  endless: { a: Number.POSITIVE_INFINITY },
  'a date': { a: new Date(0) },
  'a list': [],
  null: null,
  'a text': '{}',
  'a way to a prototype': { constructor: { a: 1 } },
  'two hundred levels': nested(200),
  'far too much': { a: 'm'.repeat(300_000) },
};

export const inputCases: readonly StoreCase[] = [
  {
    name: 'G08 refuses a bad organization in every call',
    async run(subject) {
      const { connections, audit } = subject.store;
      const findForCall = connections.findForCall?.bind(connections);
      const id = crypto.randomUUID();
      for (const [what, bad] of Object.entries(badTexts)) {
        const key = { provider: 'acme', label: 'default' };
        const entry = {
          id,
          organizationId: bad,
          connectionId: null,
          provider: 'acme',
          type: 'x',
          actor: 'x',
          data: {},
        };
        const write = { organizationId: bad, id, guard: {}, change: {} };
        const calls: Record<string, () => Promise<unknown>> = {
          get: () => connections.get(bad, id),
          find: () => connections.find(bad, key),
          ...(findForCall !== undefined && { findForCall: () => findForCall(bad, key) }),
          list: () => connections.list(bad),
          insert: () => connections.insert(bad, connection()),
          update: () => connections.update(bad, id, {}, {}),
          updateMany: () => connections.updateMany([write]),
          remove: () => connections.remove(bad, id),
          lease: () => connections.lease(bad, id, { credentialsVersion: 1, leaseMs: minute }),
          release: () => connections.release(bad, id, 1, null),
          append: () => audit.append(entry),
          trail: () => audit.list(bad),
          ...(connections.lock && { lock: () => connections.lock?.(bad, id, async () => null) ?? Promise.resolve() }),
        };
        for (const [name, call] of Object.entries(calls)) await refuses(call, ['organizationId'], `${name}: ${what}`);
      }
      expect(await subject.store.connections.scan(null, 10)).toEqual([]);
    },
  },
  {
    name: 'G08 refuses bad texts in keys, columns, filters and accounts',
    async run(subject) {
      const { connections } = subject.store;
      const findForCall = connections.findForCall?.bind(connections);
      const fields = ['provider', 'label', 'method', 'statusReason', 'attemptHash', 'writeId'] as const;
      for (const [what, bad] of Object.entries(badTexts)) {
        for (const field of fields) {
          await refuses(
            () => connections.insert(organization, connection({ [field]: bad })),
            [field],
            `${field}: ${what}`,
          );
        }
        const others: [string, Partial<NewConnection>][] = [
          ['account', { account: { id: bad, name: 'Example' } }],
          ['scopes', { scopes: ['read', bad] }],
        ];
        for (const [field, given] of others) {
          await refuses(() => connections.insert(organization, connection(given)), [field], `${field}: ${what}`);
        }
        await refuses(() => connections.find(organization, { provider: bad, label: 'x' }), ['provider'], what);
        await refuses(() => connections.find(organization, { provider: 'x', label: bad }), ['label'], what);
        if (findForCall !== undefined) {
          await refuses(() => findForCall(organization, { provider: bad, label: 'x' }), ['provider'], what);
          await refuses(() => findForCall(organization, { provider: 'x', label: bad }), ['label'], what);
        }
        await refuses(() => connections.list(organization, { provider: bad }), ['provider'], what);
        await refuses(() => connections.findByAccount(bad, 'x'), ['provider'], what);
        await refuses(() => connections.findByAccount('x', bad), ['accountId'], what);
        await refuses(() => connections.claimDue({ limit: 1, leaseMs: 1, provider: bad }), ['provider'], what);
      }
      expect(await connections.scan(null, 10)).toEqual([]);
    },
  },
  {
    name: 'G08 refuses bad texts in one-time values, audit entries and remembered values',
    async run({ store }) {
      const good = { id: 'x', organizationId: 'x', connectionId: null, provider: 'x', type: 'x', actor: 'x', data: {} };
      for (const [what, bad] of Object.entries(badTexts)) {
        await refuses(() => store.once.put({ key: bad, value: 'x', ttlMs: 1 }), ['key'], what);
        await refuses(() => store.once.put({ key: 'x', value: 'x', ttlMs: 1, group: bad }), ['group'], what);
        await refuses(() => store.once.set(bad, 'x', 1), ['key'], what);
        await refuses(() => store.once.peek(bad), ['key'], what);
        await refuses(() => store.once.take(bad), ['key'], what);
        await refuses(() => store.once.entries(bad, 1), ['prefix'], what);
        await refuses(() => store.remember(bad, 'x'), ['name'], what);
        for (const field of ['id', 'provider', 'type', 'actor'] as const) {
          await refuses(() => store.audit.append({ ...good, [field]: bad }), [field], `${field}: ${what}`);
        }
        if (bad === '') continue;
        await refuses(() => store.once.put({ key: 'x', value: bad, ttlMs: 1 }), ['value'], what);
        await refuses(() => store.once.set('x', bad, 1), ['value'], what);
        await refuses(() => store.remember('x', bad), ['value'], what);
        await refuses(() => store.remembered(bad), ['prefix'], what);
      }
      expect(await store.once.peek('x')).toBeNull();
      expect((await store.audit.list('x')).items).toEqual([]);
      expect((await store.remembered('')).size).toBe(0);
    },
  },
  {
    name: 'G08 refuses what is no JSON object, or one that could not be read back',
    async run(subject) {
      const { connections, audit } = subject.store;
      const row = await insert(subject);
      const good = { id: 'x', organizationId: 'x', connectionId: null, provider: 'x', type: 'x', actor: 'x' };
      for (const [what, bad] of Object.entries(badJson)) {
        const always = { metadata: bad, settings: bad };
        await refusesChange(subject, row.id, bad === null ? always : { ...always, health: bad, lastError: bad }, what);
        await refuses(() => audit.append({ ...good, data: bad as never }), ['data'], what);
      }
      const deep = nested(40);
      expect(await connections.update(organization, row.id, {}, { metadata: deep })).toMatchObject({ metadata: deep });
    },
  },
  {
    name: 'G08 refuses dates, bytes, numbers and names of fields that are none',
    async run(subject) {
      const row = await insert(subject);
      const bad: Record<string, readonly unknown[]> = {
        status: ['asleep', null, '', 'constructor'],
        tokenExpiresAt: [new Date(Number.NaN), new Date(8.64e15), new Date(-62_135_596_800_001), 0, '2026-01-01'],
        credentials: [new Uint8Array(0), 'text', [1, 2], new Uint8Array(2_000_000)],
        failCount: [-1, 1.5, Number.NaN, '1', 2 ** 40],
        stub: ['true', 0, null],
        scopes: ['read', [null], [['read']], Array.from({ length: 2000 }, () => 'read')],
        account: [{ id: 'x' }, { name: 'x' }, 'x', { id: 'x', name: 'x', token: 'x' }],
        version: [9],
        organizationId: ['org_9'],
        createdAt: [new Date(0)],
        toString: ['x'],
      };
      for (const [field, values] of Object.entries(bad)) {
        for (const value of [...values, undefined]) await refusesChange(subject, row.id, { [field]: value }, field);
      }
      expect(await subject.store.connections.get(organization, row.id)).toEqual(row);
    },
  },
  {
    name: 'G08 refuses limits, lives, leases and guards out of range',
    async run({ store }) {
      const { connections, once, audit } = store;
      const id = crypto.randomUUID();
      const due = { limit: 10, leaseMs: minute };
      for (const bad of [-1, 0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5' as unknown as number, 1e15]) {
        const what = String(bad);
        await refuses(() => connections.list(organization, { limit: bad }), ['limit'], what);
        await refuses(() => audit.list(organization, { limit: bad }), ['limit'], what);
        await refuses(() => connections.scan(null, bad), ['limit'], what);
        await refuses(() => connections.claimDue({ ...due, limit: bad }), ['limit'], what);
        await refuses(() => connections.claimDue({ ...due, leaseMs: bad }), ['leaseMs'], what);
        await refuses(() => connections.claimDue({ ...due, perOrganization: bad }), ['perOrganization'], what);
        await refuses(
          () => connections.lease(organization, id, { credentialsVersion: 1, leaseMs: bad }),
          ['leaseMs'],
          what,
        );
        await refuses(() => once.put({ key: 'x', value: 'x', ttlMs: bad }), ['ttlMs'], what);
        await refuses(() => once.entries('x', bad), ['limit'], what);
        await refuses(
          () => once.put({ key: 'x', value: 'x', ttlMs: 1, group: 'x', maxInGroup: bad }),
          ['maxInGroup'],
          what,
        );
        if (bad === 0) continue;
        await refuses(() => connections.update(organization, id, { version: bad }, {}), ['version'], what);
        await refuses(() => connections.release(organization, id, bad, null), ['leaseFence'], what);
      }
      await refuses(() => once.put({ key: 'x', value: 'x', ttlMs: 1, maxInGroup: 1 }), ['group'], 'cap without group');
    },
  },
  {
    name: 'refuses a new id that is no UUID, and treats one on reading like an unknown id',
    async run(subject) {
      const { connections } = subject.store;
      await insert(subject);
      const good = crypto.randomUUID();
      for (const id of [
        '',
        'x',
        '1',
        good.toUpperCase(),
        `{${good}}`,
        good.replaceAll('-', ''),
        `${good}\0`,
        '00000000-0000-0000-0000-000000000000',
      ]) {
        await refuses(() => connections.insert(organization, connection({ id })), ['id'], id);
        expect(await connections.get(organization, id)).toBeNull();
        expect(await connections.update(organization, id, {}, { failCount: 1 })).toBeNull();
        expect(await connections.remove(organization, id)).toBe(false);
        expect(await connections.lease(organization, id, { credentialsVersion: 1, leaseMs: minute })).toBeNull();
        expect(await connections.release(organization, id, 0, null)).toBe(false);
      }
    },
  },
  {
    name: 'refuses a batch that writes one connection twice, and writes none of it',
    async run(subject) {
      const row = await insert(subject);
      const write = { organizationId: organization, id: row.id, guard: {}, change: { failCount: 1 } };
      await refuses(
        () => subject.store.connections.updateMany([write, { ...write, change: { failCount: 2 } }]),
        ['id'],
        'twice',
      );
      const bad = { ...write, id: crypto.randomUUID(), change: { failCount: -1 } };
      await refuses(() => subject.store.connections.updateMany([write, bad]), ['failCount'], 'one bad');
      expect(await subject.store.connections.get(organization, row.id)).toEqual(row);
    },
  },
];

/** In an update, in a batch, and where the field is one that callers set, in an insert. */
async function refusesChange({ store }: Subject, id: string, change: object, what: string): Promise<void> {
  const given = change as Partial<ConnectionData>;
  const paths = Object.keys(change);
  await refuses(() => store.connections.update(organization, id, {}, given), paths, what);
  await refuses(
    () => store.connections.updateMany([{ organizationId: organization, id, guard: {}, change: given }]),
    paths,
    what,
  );
  await refuses(() => store.connections.insert(organization, { ...connection(), ...given }), paths, what);
}

export async function refuses(call: () => Promise<unknown>, paths: readonly string[], what: string): Promise<void> {
  const error: unknown = await call().then(
    () => expect.unreachable(`accepted ${what.slice(0, 60)}`),
    (reason: unknown) => reason,
  );
  if (!isPlugboardError(error)) throw error;
  const { kind, code, fields } = error;
  const refused = { kind: 'invalid_request', code: 'invalid_input', fields: paths };
  expect({ kind, code, fields: fields?.map((field) => field.path) }, what.slice(0, 60)).toEqual(refused);
  expect(error.message.length, 'the message quotes no value').toBeLessThan(600);
}

function nested(levels: number): { a: unknown } & Record<string, never> {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = { a: value };
  return value as never;
}
