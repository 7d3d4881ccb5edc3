/** A database that was restored from a backup ten minutes old: some of its refresh tokens are spent. */
import { expect, test } from 'vitest';

import { createMemoryStore } from '../../../core/src/memory-store.ts';
import { allRows, createFleet, refreshJob, runFor } from '../../../core/test/support/fleet.ts';
import { populate } from '../../../core/test/support/populate.ts';
import { createRig, drive } from '../../../core/test/support/rig.ts';
import type { Rotation } from '../../../core/src/auth/auth.ts';
import type { Restored } from '../../../core/src/engine.ts';
import type { ConnectionRow, NewConnection } from '../../../core/src/store.ts';

const connections = 60;
const spent = 20;
const minuteMs = 60_000;

/** As a backup would have it: the rows of before, and nothing of what was written since. */
async function restoredFleet(rotation: Rotation) {
  const before = createFleet({ rotation });
  await populate(before, { count: connections });
  const backup = await allRows(before.store);
  await before.clock.advance(60 * minuteMs);
  // The work after the backup, for a third of them.
  let passed = 0;
  before.between.fault = () => (passed++ < spent ? undefined : new Response(null, { status: 503 }));
  await drive(before, refreshJob(before).run());
  before.between.fault = undefined;
  const store = createMemoryStore({ clock: before.clock });
  for (const row of backup) await store.connections.insert(row.organizationId, asNew(row));
  const calls = { count: 0, now: 0, atOnce: 0 };
  before.between.fault = async (_token, request) => {
    calls.count++;
    calls.atOnce = Math.max(calls.atOnce, ++calls.now);
    await before.clock.sleep(200);
    calls.now--;
    return before.handle(request);
  };
  const start = (restored: Restored) => {
    const rig = createRig({ rotation }, { store, clock: before.clock, wire: before.wire, restored, cacheMs: 0 });
    return { board: rig.board, clock: before.clock };
  };
  return { store, calls, start, oauth: before.oauth };
}

function asNew(row: ConnectionRow): NewConnection {
  const { organizationId: _o, version: _v, credentialsVersion: _c, leaseFence: _f, leaseUntil: _l, ...rest } = row;
  const { createdAt: _m, updatedAt: _u, readAt: _r, ...data } = rest;
  return data;
}

test('D17 R36 while it is held, no token is spent but for who needs one', async () => {
  const { calls, start } = await restoredFleet('strict');
  const rig = start('hold');
  await runFor(rig, 10 * minuteMs, minuteMs);
  expect(calls.count).toBe(0);
  // Whoever cannot go on without a token is served.
  const answers = await Promise.allSettled(
    Array.from({ length: connections }, (_, index) =>
      drive(rig, rig.board.client('acme', { organizationId: `org-${index}`, label: `c${index}` }).orders.list()),
    ),
  );
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(connections - spent);
});

test('D17 R36 at a server that punishes reuse, what was spent is flagged after one call and not tried again', async () => {
  const { calls, start, store, oauth } = await restoredFleet('strict');
  const rig = start('resume');
  await runFor(rig, 10 * minuteMs, minuteMs);
  const rows = await allRows(store);
  const lost = rows.filter(({ status }) => status !== 'active');
  expect(lost.map(({ status, statusReason }) => `${status} ${statusReason}`)).toEqual(
    Array(spent).fill('expired rotation_lost'),
  );
  expect(rows.filter(({ credentialsVersion }) => credentialsVersion === 2)).toHaveLength(connections - spent);
  expect(oauth.ledger.reuses).toHaveLength(spent);
  expect(calls).toMatchObject({ count: connections, atOnce: 1 });
});

test('D17 R36 at a server with a grace window nothing is lost', async () => {
  const { start, store, oauth } = await restoredFleet({ graceSeconds: 1_800 });
  const rig = start('resume');
  await runFor(rig, 10 * minuteMs, minuteMs);
  const rows = await allRows(store);
  expect(rows.filter(({ status, credentialsVersion }) => status !== 'active' || credentialsVersion !== 2)).toEqual([]);
  expect(oauth.ledger.revocations).toEqual([]);
});

test('D17 an unknown word is refused at the start', () => {
  expect(() => createRig({}, { restored: 'yes' as never })).toThrow('Option `restored` is neither');
});
