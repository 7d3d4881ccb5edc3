/** Lists and cursors, and the engine's walks over all organizations. */
import { expect } from 'vitest';

import type { ConnectionFilter, ConnectionRow, Store } from '@plugboard/core/store-kit';

import { insert, minute, organization, stranger, type StoreCase } from './subject.ts';

export const pagingCases: readonly StoreCase[] = [
  {
    name: 'lists by creation time, then id, each row once over all pages',
    async run(subject) {
      const created: ConnectionRow[] = [];
      for (let index = 0; index < 9; index++) {
        created.push(await insert(subject));
        // Three rows share each instant, so that only their ids order them.
        if (index % 3 === 2) await subject.clock.advance(1);
      }
      await insert(subject, {}, stranger);
      const expected = created
        .toSorted((a, b) => +a.createdAt - +b.createdAt || (a.id < b.id ? -1 : 1))
        .map((row) => row.id);
      for (const limit of [1, 2, 4, 9, 10, 200]) {
        const pages = await pagesOf(subject.store, { limit });
        expect(pages.flat().map((row) => row.id)).toEqual(expected);
        expect(pages).toHaveLength(Math.ceil(9 / limit));
      }
    },
  },
  {
    name: 'holds 50 rows a page unless told',
    async run(subject) {
      await Promise.all(Array.from({ length: 51 }, () => insert(subject)));
      const pages = await pagesOf(subject.store, {});
      expect(pages.map((page) => page.length)).toEqual([50, 1]);
    },
  },
  {
    name: 'goes on at the right place when rows come and go between two pages',
    async run(subject) {
      const { connections } = subject.store;
      const rows: ConnectionRow[] = [];
      for (let index = 0; index < 5; index++) {
        rows.push(await insert(subject));
        await subject.clock.advance(minute);
      }
      const first = await connections.list(organization, { limit: 2 });
      await connections.remove(organization, rows[1]?.id ?? '');
      await connections.remove(organization, rows[3]?.id ?? '');
      const late = await insert(subject);
      const rest = await connections.list(organization, { limit: 9, ...cursorOf(first.nextCursor) });
      expect(rest.items.map((row) => row.id)).toEqual([rows[2]?.id, rows[4]?.id, late.id]);
    },
  },
  {
    name: 'filters by provider, by status, and by both, on every page',
    async run(subject) {
      for (const provider of ['acme', 'other']) {
        for (const status of ['active', 'expired', 'disconnected'] as const) {
          for (let count = 0; count < 3; count++) await insert(subject, { provider, status });
        }
      }
      const count = async (filter: ConnectionFilter) => {
        const rows = (await pagesOf(subject.store, { ...filter, limit: 2 })).flat();
        for (const row of rows) expect(row).toMatchObject(filter);
        return new Set(rows.map((row) => row.id)).size;
      };
      expect(await count({})).toBe(18);
      expect(await count({ provider: 'acme' })).toBe(9);
      expect(await count({ status: 'expired' })).toBe(6);
      expect(await count({ provider: 'other', status: 'disconnected' })).toBe(3);
      expect(await count({ provider: 'nobody' })).toBe(0);
    },
  },
  {
    name: 'G02 refuses the cursor of another organization or filter',
    async run(subject) {
      const { connections } = subject.store;
      for (let count = 0; count < 3; count++) {
        await insert(subject);
        await insert(subject, {}, stranger);
      }
      const { nextCursor } = await connections.list(organization, { provider: 'acme', limit: 1 });
      const cursor = cursorOf(nextCursor);
      const refused = { code: 'invalid_input', fields: [{ path: 'cursor' }] };
      await expect(connections.list(stranger, { provider: 'acme', ...cursor })).rejects.toMatchObject(refused);
      for (const filter of [{}, { provider: 'other' }, { provider: 'acme', status: 'active' }] as const) {
        await expect(connections.list(organization, { ...filter, ...cursor })).rejects.toMatchObject(refused);
      }
      expect((await connections.list(organization, { provider: 'acme', ...cursor })).items).toHaveLength(2);
    },
  },
  {
    name: 'G02 refuses a cursor with any character altered, cut off or made up',
    async run(subject) {
      const { connections } = subject.store;
      for (let count = 0; count < 2; count++) await insert(subject);
      const { nextCursor } = await connections.list(organization, { limit: 1 });
      const cursor = nextCursor ?? '';
      const altered = Array.from(cursor, (letter, index) => {
        return cursor.slice(0, index) + (letter === 'A' ? 'B' : 'A') + cursor.slice(index + 1);
      });
      const madeUp = ['', ' ', 'null', '%', '\0', 'A'.repeat(5000), cursor.slice(1), cursor.slice(0, -1), `${cursor}A`];
      for (const bad of [...altered, ...madeUp]) {
        const refused = { code: 'invalid_input', fields: [{ path: 'cursor' }] };
        await expect(connections.list(organization, { cursor: bad }), bad).rejects.toMatchObject(refused);
      }
    },
  },
  {
    name: 'walks over the rows of all organizations in the order of their ids',
    async run(subject) {
      const rows = await Promise.all(
        [organization, stranger, organization, stranger, organization].map((owner) => insert(subject, {}, owner)),
      );
      const expected = rows.map((row) => row.id).toSorted();
      const walked: string[] = [];
      for (let after: string | null = null; ;) {
        const batch: readonly ConnectionRow[] = await subject.store.connections.scan(after, 2);
        expect(batch.length).toBeLessThanOrEqual(2);
        walked.push(...batch.map((row) => row.id));
        after = batch.at(-1)?.id ?? null;
        if (after === null) break;
      }
      expect(walked).toEqual(expected);
    },
  },
  {
    name: 'finds the live connections that name the account among further ids, each once',
    async run(subject) {
      const named = (...alsoKnownAs: string[]) => ({ metadata: { alsoKnownAs, other: 'page_7' } });
      const account = { id: 'page_7', name: 'Itself' };
      const rows = [
        await insert(subject, { account: null, ...named('page_6', 'page_7') }),
        await insert(subject, { account, ...named('page_7') }, stranger),
        await insert(subject, { account: null, ...named('page_7'), status: 'expired' }, stranger),
      ];
      await insert(subject, { account: null, ...named('page_7'), status: 'disconnected' });
      await insert(subject, { account: null, ...named('page_7'), provider: 'other' });
      await insert(subject, { account: null, ...named('page_70', 'PAGE_7') });
      await insert(subject, { account: null, metadata: { alsoKnownAs: { page_7: 'page_7' }, page_7: ['page_7'] } });
      const found = await subject.store.connections.findByAccount('acme', 'page_7');
      expect(found.map((row) => row.id).toSorted()).toEqual(rows.map((row) => row.id).toSorted());
    },
  },
  {
    name: 'finds the live connections of all organizations to one account of one provider',
    async run(subject) {
      const account = { id: 'acct_7', name: 'Shared' };
      const rows = [
        await insert(subject, { account }),
        await insert(subject, { account, status: 'expired' }, stranger),
        await insert(subject, { account: { ...account, name: 'Renamed' } }, stranger),
      ];
      await insert(subject, { account, status: 'disconnected' });
      await insert(subject, { account, provider: 'other' });
      await insert(subject, { account: { id: 'acct_70', name: 'Shared' } });
      await insert(subject, { account: { id: 'ACCT_7', name: 'Shared' } });
      await insert(subject, { account: null });
      const found = await subject.store.connections.findByAccount('acme', 'acct_7');
      expect(found.map((row) => row.id).toSorted()).toEqual(rows.map((row) => row.id).toSorted());
    },
  },
];

async function pagesOf(store: Store, filter: ConnectionFilter): Promise<(readonly ConnectionRow[])[]> {
  const pages: (readonly ConnectionRow[])[] = [];
  for (let cursor: string | null = null; ;) {
    const page: Awaited<ReturnType<Store['connections']['list']>> = await store.connections.list(organization, {
      ...filter,
      ...cursorOf(cursor),
    });
    pages.push(page.items);
    cursor = page.nextCursor;
    if (cursor === null) return pages;
  }
}

function cursorOf(cursor: string | null): { cursor?: string } {
  return cursor === null ? {} : { cursor };
}
