/** G08: bad input of streams gets a typed error that names the field, before anything is read or written. */
import { expect } from 'vitest';

import type { StreamData } from '@plugboard/core/store-kit';

import { badJson, badTexts, refuses } from './input.ts';
import { minute, organization, type StoreCase } from './subject.ts';
import { leased, scheduled, request } from './sync-subject.ts';

export const syncInputCases: readonly StoreCase[] = [
  {
    name: 'G08 refuses bad names, cursors, counts, dates and leases of streams',
    async run(subject) {
      const { sync } = subject.store;
      const key = await scheduled(subject);
      const before = await leased(subject, key);
      const hold = { leaseFence: 1, leaseMs: minute };
      for (const [what, bad] of Object.entries(badTexts)) {
        const badKey = { connectionId: key.connectionId, stream: bad };
        const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
          ['organizationId', () => sync.get(bad, key)],
          ['organizationId', () => sync.list(bad, key.connectionId)],
          ['organizationId', () => sync.lease(bad, key, minute)],
          ['organizationId', () => sync.save(bad, key, hold, {})],
          ['organizationId', () => sync.schedule([{ ...key, organizationId: bad }])],
          ['stream', () => sync.get(organization, badKey)],
          ['stream', () => sync.lease(organization, badKey, minute)],
          ['stream', () => sync.save(organization, badKey, hold, {})],
          ['stream', () => sync.schedule([{ ...key, stream: bad }])],
          ['stream', () => sync.claimDue({ ...request, stream: bad })],
          ['provider', () => sync.claimDue({ ...request, provider: bad })],
          ['except', () => sync.claimDue({ ...request, except: [bad] })],
          ['accountId', () => sync.save(organization, key, hold, { accountId: bad })],
        ];
        for (const [path, call] of calls) await refuses(call, [path], `${path}: ${what}`);
      }
      for (const [what, bad] of Object.entries(badJson)) {
        if (bad !== null)
          await refuses(() => sync.save(organization, key, hold, { lastError: bad as never }), ['lastError'], what);
      }
      const values: Partial<Record<keyof StreamData, readonly unknown[]>> = {
        cursor: [new Uint8Array(0), new Uint8Array(20_481), 'text', undefined],
        mark: [new Date(Number.NaN), 0, undefined],
        startedAt: ['2026-01-01', undefined],
        finishedAt: [new Date(8.64e15), undefined],
        records: [-1, 0.5, 2 ** 53, '1', null, undefined],
        pages: [-1, Number.NaN, undefined],
        failCount: [-1, 1e9, undefined],
        dueAt: [new Date(0)],
        leaseFence: [1],
      } as Partial<Record<keyof StreamData, readonly unknown[]>>;
      for (const [field, list] of Object.entries(values)) {
        for (const bad of list)
          await refuses(() => sync.save(organization, key, hold, { [field]: bad }), [field], field);
      }
      await refuses(
        () => sync.save(organization, key, { ...hold, leaseMs: null }, { dueAt: 0 as never }),
        ['dueAt'],
        'dueAt',
      );
      for (const bad of [-1, 0, 1.5, Number.NaN, '5' as unknown as number, 1e15]) {
        const what = String(bad);
        await refuses(() => sync.lease(organization, key, bad), ['leaseMs'], what);
        await refuses(() => sync.claimDue({ ...request, leaseMs: bad }), ['leaseMs'], what);
        await refuses(() => sync.claimDue({ ...request, limit: bad }), ['limit'], what);
        await refuses(() => sync.save(organization, key, { ...hold, leaseMs: bad }, {}), ['leaseMs'], what);
        if (bad !== 0)
          await refuses(() => sync.save(organization, key, { ...hold, leaseFence: bad }, {}), ['leaseFence'], what);
      }
      for (const id of ['', 'x', key.connectionId.toUpperCase(), `${key.connectionId}\0`]) {
        const unknown = { connectionId: id, stream: 'orders' };
        expect(await sync.get(organization, unknown)).toBeNull();
        expect(await sync.list(organization, id)).toEqual([]);
        expect(await sync.lease(organization, unknown, minute)).toBeNull();
        expect(await sync.save(organization, unknown, hold, {})).toBeNull();
        await sync.schedule([{ organizationId: organization, ...unknown }]);
      }
      expect(await sync.list(organization, key.connectionId)).toEqual([before]);
    },
  },
];
