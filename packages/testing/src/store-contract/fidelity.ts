/** What comes out is what went in: dates, JSON, bytes and texts, and nothing shared with the caller. */
import { expect } from 'vitest';

import type { JsonObject } from '@plugboard/core/store-kit';

import { insert, organization, type StoreCase } from './subject.ts';

const json: JsonObject = {
  empty: {},
  list: [],
  nothing: null,
  no: false,
  zero: 0,
  fraction: 0.1,
  tiny: 5e-324,
  huge: 1.7976931348623157e308,
  safe: Number.MAX_SAFE_INTEGER,
  negative: -1.5,
  'a key with spaces, "quotes", back\\slash and \u{1f511}':
    'é e\u0301 \u2028 \u0001 \u{1f511} \\ " \' \t \n \\u0041 \u200f',
  '': 'the empty key',
  nested: [{ deep: [[[{ er: [null, true, 'x', 1] }]]] }],
  like: ['null', '1', 'true', '{}', '2026-01-01T00:00:00.000Z'],
};

const hostile = [
  "'; drop table integration_connections; --",
  '"',
  '\\',
  '$1',
  '%',
  '_',
  '{}',
  '${x}',
  '\r\n',
  '\u200f\u202e',
  'null',
];

export const fidelityCases: readonly StoreCase[] = [
  {
    name: 'keeps dates to the millisecond, from the year 1 to the year 9999',
    async run(subject) {
      // 1.001 s is no binary fraction: read carelessly it becomes 1.000 s.
      const times = [
        1001, -62_135_596_800_000, -1, 0, 1, 999, 1_763_650_000_123, 1_763_650_000_999, 4_102_444_800_001,
        253_402_300_799_999,
      ];
      for (const time of times) {
        const date = new Date(time);
        const dates = {
          tokenExpiresAt: date,
          refreshAt: date,
          refreshExpiresAt: date,
          lastSyncAt: date,
          connectedAt: date,
        };
        const { id } = await insert(subject, dates);
        expect(await subject.store.connections.get(organization, id)).toMatchObject(dates);
      }
    },
  },
  {
    name: 'keeps JSON: numbers, unicode, nulls, empty things and strings that look like something else',
    async run(subject) {
      const values = { metadata: json, settings: json, health: json, lastError: json };
      const { id } = await insert(subject, values);
      expect(await subject.store.connections.get(organization, id)).toMatchObject(values);
      expect((await subject.store.connections.get(organization, id))?.metadata).toEqual(json);
      const empty = { metadata: {}, settings: {}, health: {}, lastError: {}, scopes: [] };
      expect(await subject.store.connections.update(organization, id, {}, empty)).toMatchObject(empty);
    },
  },
  {
    name: 'keeps bytes: every value, any length, also of a window on a larger buffer',
    async run(subject) {
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);
      const window = all.subarray(100, 107);
      for (const credentials of [all, window, Uint8Array.of(0), new Uint8Array(100_000).fill(255)]) {
        const { id, credentials: answered } = await insert(subject, { credentials });
        const stored = await subject.store.connections.get(organization, id);
        for (const bytes of [
          answered,
          stored?.credentials,
          (await subject.probe?.connection?.(id))?.credentials ?? credentials,
        ]) {
          expect(bytes).toBeInstanceOf(Uint8Array);
          expect(Buffer.from(bytes ?? []).toString('hex')).toBe(Buffer.from(credentials).toString('hex'));
        }
      }
    },
  },
  {
    name: 'G07 keeps texts that mean something to a database',
    async run(subject) {
      const { connections } = subject.store;
      for (const text of hostile) {
        const account = { id: text, name: text };
        const texts = { method: text, statusReason: text, attemptHash: text, writeId: text, account, scopes: [text] };
        const row = await insert(subject, { provider: text, label: text, ...texts }, text);
        expect(row).toMatchObject({ organizationId: text, provider: text, label: text, ...texts });
        expect(await connections.find(text, { provider: text, label: text })).toEqual(row);
        expect((await connections.list(text, { provider: text })).items).toEqual([row]);
        expect(await connections.findByAccount(text, text)).toEqual([row]);
      }
      expect(await connections.scan(null, 100)).toHaveLength(hostile.length);
    },
  },
  {
    name: 'shares no object with its callers',
    async run(subject) {
      const { connections } = subject.store;
      const given = { credentials: Uint8Array.of(1, 2, 3), refreshAt: new Date(1000), metadata: { list: [1] } };
      const row = await insert(subject, given);
      const before = structuredClone(await connections.get(organization, row.id));
      const spoil = (value: typeof given) => {
        value.credentials.fill(0);
        value.refreshAt.setTime(0);
        value.metadata.list.push(2);
      };
      spoil(given);
      spoil(row as unknown as typeof given);
      expect(await connections.get(organization, row.id)).toEqual(before);

      const { audit } = subject.store;
      const data = { list: [1] };
      const entry = {
        id: 'entry',
        organizationId: organization,
        connectionId: null,
        provider: 'acme',
        type: 'x',
        actor: 'x',
      };
      await audit.append({ ...entry, data });
      data.list.push(2);
      (await audit.list(organization)).items.map((item) => (item.data as typeof data).list.push(3));
      expect((await audit.list(organization)).items).toMatchObject([{ data: { list: [1] } }]);
    },
  },
];
