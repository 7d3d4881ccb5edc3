/**
 * R37: an upgrade as it is rolled out. The earlier release made the tables and works; the tables are migrated under it; both
 * releases work side by side; the earlier one goes, comes back as after a change of mind, and works with what the newer one
 * has written. No connection is lost, no token is spent twice, and no caller hears of it.
 *
 * PLUGBOARD_OLDER names a checkout of the earlier release with its dependencies installed.
 */
import { beforeEach, expect, test } from 'vitest';

import { judgeNow } from './judge.ts';
import { noteRow } from './note.ts';
import type { Worker } from './process.ts';
import { sized } from './size.ts';
import { useWorlds } from './worlds.ts';

const older = process.env['PLUGBOARD_OLDER'];
const rounds = sized(5, 40);
const createWorld = useWorlds();

beforeEach((context) => {
  context.skip(older === undefined, 'PLUGBOARD_OLDER names no checkout of an earlier release');
});

test.for([
  { policy: 'strict', mode: 'row lock' },
  { policy: 'grace', mode: 'lease' },
] as const)('R37 $policy, $mode: two releases share the tables', { timeout: 600_000 }, async (row, context) => {
  const { policy, mode } = row;
  const release = older ?? '';
  const world = await createWorld({ policy, lock: mode === 'row lock', older: release });
  const labels = await world.connect(sized(24, 60));
  const failed: Record<string, number> = {};
  const counts = { done: 0, conflicts: 0 };

  async function begin(settings: { readonly release?: string } = {}): Promise<Worker> {
    const worker = await world.start({ pool: 6, ...settings });
    await worker.ask({ do: 'load', labels, callers: 6 });
    return worker;
  }
  async function stop(worker: Worker): Promise<void> {
    const { report, exit } = await worker.stop();
    expect(exit).toEqual({ code: 0, signal: null });
    counts.done += report?.done ?? 0;
    counts.conflicts += report?.conflicts ?? 0;
    for (const [code, count] of Object.entries(report?.failed ?? {})) failed[code] = (failed[code] ?? 0) + count;
  }
  /** All tokens end, and each is renewed by whoever comes first. */
  async function renewAll(): Promise<void> {
    const versions = async () => (await world.states(labels)).map(({ credentialsVersion }) => credentialsVersion);
    for (let round = 0; round < rounds; round++) {
      const before = await versions();
      await world.expire(labels);
      const renewed = async () => (await versions()).filter((version, index) => version > (before[index] ?? 0)).length;
      await expect.poll(renewed, { timeout: 60_000 }).toBe(labels.length);
    }
  }

  const old = [await begin({ release }), await begin({ release })];
  await renewAll();
  const { from, to } = await world.migrate();
  await renewAll();
  const fresh = [await begin(), await begin()];
  await renewAll();
  for (const worker of old) await stop(worker);
  await renewAll();
  const back = await begin({ release });
  for (const worker of fresh) await stop(worker);
  await renewAll();
  await stop(back);

  const found = await judgeNow(world, labels);
  const refreshes = world.vendor.ledger.tokenCalls.length;
  await noteRow(context, 'R37 two releases', { policy, mode, from, to, refreshes, ...counts, failed, ...found });
  expect(found).toEqual({ recovered: labels.length, lost: 0, reasons: {}, reuse: 0, unseen: 0 });
  const stopped = new Set(['board_stopping', 'transport_closed']);
  expect(Object.keys(failed).filter((code) => !stopped.has(code))).toEqual([]);
});
