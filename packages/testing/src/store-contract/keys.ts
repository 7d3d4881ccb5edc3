/** Who owns a row, and what makes two keys the same. */
import { expect } from 'vitest';

import type { CallRow } from '@plugboard/core/store-kit';

import { atOnce, connection, insert, minute, organization, stranger, unread, type StoreCase } from './subject.ts';

export const keyCases: readonly StoreCase[] = [
  {
    name: 'finds what was inserted, by id and by key, with every field as given',
    async run({ store, clock }) {
      const given = connection();
      const inserted = await store.connections.insert(organization, given);
      const now = new Date(clock.now());
      expect(inserted).toEqual({
        ...given,
        organizationId: organization,
        version: 1,
        credentialsVersion: 1,
        leaseFence: 0,
        leaseUntil: null,
        createdAt: now,
        updatedAt: now,
        readAt: now,
      });
      expect(await store.connections.get(organization, given.id)).toEqual(inserted);
      expect(await store.connections.find(organization, { provider: 'acme', label: 'default' })).toEqual(inserted);
      expect((await store.connections.list(organization)).items).toEqual([inserted]);
    },
  },
  {
    name: 'answers null for a key that nothing holds',
    async run(subject) {
      const { connections } = subject.store;
      await insert(subject, { label: 'held' });
      expect(await connections.find(organization, { provider: 'acme', label: 'other' })).toBeNull();
      expect(await connections.find(organization, { provider: 'other', label: 'held' })).toBeNull();
      expect(await connections.get(organization, crypto.randomUUID())).toBeNull();
    },
  },
  {
    name: "G01 treats another organization's id like an unknown one in every call",
    async run(subject) {
      const { connections, audit } = subject.store;
      const row = await insert(subject, { label: 'theirs' }, stranger);
      const { id: leasedId } = await insert(subject, {}, stranger);
      // So that a release has something to end.
      const leased = await connections.lease(stranger, leasedId, { credentialsVersion: 1, leaseMs: minute });
      await audit.append(auditEntry(stranger, row.id));
      for (const id of [row.id, leasedId, crypto.randomUUID()]) {
        const write = { organizationId: organization, id, guard: {}, change: { status: 'error' as const } };
        expect(await connections.get(organization, id)).toBeNull();
        expect(await connections.update(organization, id, {}, { status: 'error' })).toBeNull();
        expect(await connections.updateMany([write])).toEqual([false]);
        expect(await connections.remove(organization, id)).toBe(false);
        expect(await connections.lease(organization, id, { credentialsVersion: 1, leaseMs: minute })).toBeNull();
        expect(await connections.release(organization, id, 1, null)).toBe(false);
        expect((await connections.lock?.(organization, id, async () => 'reached')) ?? null).toBeNull();
        expect((await audit.list(organization, { connectionId: id })).items).toEqual([]);
      }
      expect(await connections.find(organization, { provider: 'acme', label: 'theirs' })).toBeNull();
      expect((await connections.list(organization)).items).toEqual([]);
      expect((await audit.list(organization)).items).toEqual([]);
      expect(await connections.get(stranger, row.id)).toEqual(row);
      expect(await connections.get(stranger, leasedId)).toEqual(leased);
    },
  },
  {
    name: 'G03 keeps keys apart whose parts join to the same text',
    async run(subject) {
      const texts = ['a', 'a:b', 'b', '["a"', 'a","b'];
      const labels = ['c', 'b:c', 'b","c'];
      const keys = texts.flatMap((owner) =>
        texts.flatMap((provider) => labels.map((label) => ({ owner, provider, label }))),
      );
      const rows = await Promise.all(keys.map(({ owner, ...key }) => insert(subject, key, owner)));
      const found = await Promise.all(keys.map(({ owner, ...key }) => subject.store.connections.find(owner, key)));
      expect(found.map((row) => row?.id)).toEqual(rows.map((row) => row.id));
    },
  },
  {
    name: 'G08 compares ids and labels as they are: case, spaces, composed and decomposed letters all differ',
    async run(subject) {
      const twins = ['é', 'e\u0301', 'É', 'e', 'e ', ' e', 'E', 'ｅ', 'e\u200f', 'e\u200b', 'ß', 'ss', 'ǆ', 'dž'];
      for (const id of twins) {
        await insert(subject, { label: 'same' }, id);
        await insert(subject, { label: id });
      }
      for (const id of twins) {
        const { items } = await subject.store.connections.list(id);
        expect(items.map((row) => row.organizationId)).toEqual([id]);
        const found = await subject.store.connections.find(organization, { provider: 'acme', label: id });
        expect(found?.label).toBe(id);
      }
    },
  },
  {
    name: 'reads for a call what it reads otherwise, as far as it reads that alone',
    async run(subject) {
      const { connections } = subject.store;
      if (connections.findForCall === undefined) return;
      const key = { provider: 'acme', label: 'default' };
      expect(await connections.findForCall(organization, key)).toBeNull();
      const dates = { tokenExpiresAt: null, refreshAt: null, refreshExpiresAt: null };
      await insert(subject, { label: 'bare', ...dates, account: null, scopes: null, metadata: {}, settings: {} });
      await insert(subject, { label: 'ended', status: 'disconnected', credentials: null });
      await insert(subject, { label: 'stub', stub: true, statusReason: 'scopes_missing', status: 'degraded' });
      await insert(subject, { provider: 'other', label: 'default' });
      await insert(subject, { label: 'default' }, stranger);
      for (const [owner, provider, label] of [
        [organization, 'acme', 'bare'],
        [organization, 'acme', 'ended'],
        [organization, 'acme', 'stub'],
        [organization, 'other', 'default'],
        [stranger, 'acme', 'default'],
      ] as const) {
        const whole = await connections.find(owner, { provider, label });
        const part = await connections.findForCall(owner, { provider, label });
        expect(whole).not.toBeNull();
        for (const field of callFields) expect(part?.[field], field).toEqual(whole?.[field]);
      }
      expect(await connections.findForCall(organization, key)).toBeNull();
      expect(await connections.findForCall(stranger, { ...key, label: 'bare' })).toBeNull();
    },
  },
  {
    name: 'answers null when the key is taken, and keeps the first row',
    async run(subject) {
      const { connections } = subject.store;
      const first = await insert(subject, { label: 'default' });
      expect(await connections.insert(organization, connection({ metadata: { second: true } }))).toBeNull();
      expect(await connections.find(organization, first)).toEqual(first);
      expect(await connections.insert(organization, connection({ label: 'second' }))).not.toBeNull();
      expect(await connections.insert(organization, connection({ provider: 'other' }))).not.toBeNull();
      expect(await connections.insert(stranger, connection())).not.toBeNull();
    },
  },
  {
    name: 'gives a key to one of many who insert it at once',
    async run({ store }) {
      const rows = await atOnce(20, () => store.connections.insert(organization, connection()));
      const winners = rows.filter((row) => row !== null);
      expect(winners).toHaveLength(1);
      const found = await store.connections.find(organization, { provider: 'acme', label: 'default' });
      expect(unread(found)).toEqual(unread(winners[0] ?? null));
    },
  },
  {
    name: 'refuses an id that exists, in whatever organization, as a conflict',
    async run(subject) {
      const { connections } = subject.store;
      const row = await insert(subject);
      const again = connection({ id: row.id, label: 'again' });
      const conflict = { kind: 'conflict', code: 'id_taken', retryable: false };
      await expect(connections.insert(organization, again)).rejects.toMatchObject(conflict);
      await expect(connections.insert(stranger, again)).rejects.toMatchObject(conflict);
      expect(await connections.get(organization, row.id)).toEqual(row);
    },
  },
];

/** Each member of `CallRow`; the type refuses a list in which one is missing. */
const callFields = Object.keys({
  id: true,
  organizationId: true,
  provider: true,
  method: true,
  status: true,
  statusReason: true,
  credentials: true,
  credentialsVersion: true,
  tokenExpiresAt: true,
  refreshAt: true,
  account: true,
  scopes: true,
  metadata: true,
  settings: true,
  stub: true,
  readAt: true,
} satisfies Record<keyof CallRow, true>) as (keyof CallRow)[];

function auditEntry(organizationId: string, connectionId: string) {
  const data = { code: 'example' };
  return {
    id: crypto.randomUUID(),
    organizationId,
    connectionId,
    provider: 'acme',
    type: 'connected',
    actor: 'user_1',
    data,
  };
}
