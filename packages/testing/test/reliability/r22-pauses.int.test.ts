/**
 * R22: a process is stopped by SIGSTOP in the middle of a refresh, for longer than its lease, and goes on. Under row locks
 * no token is spent twice. Under leases the process that slept writes nothing over what came after it; what it holds saves
 * the connection, or the loss is told as one.
 *
 * In the small size the pause is short and the rows are made to believe that it was long; the full one waits.
 */
import { setTimeout as wait } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { judge, judgeNow } from './judge.ts';
import { noteRow } from './note.ts';
import type { Point } from './points.ts';
import type { Worker } from './process.ts';
import { full, sized } from './size.ts';
import type { Report, Used } from './worker.ts';
import type { World, WorldOptions } from './world.ts';
import { useWorlds } from './worlds.ts';

/** Longer than a lease. */
const pauseMs = 80_000;
/** A call that has been out for 45 seconds has failed, whoever slept meanwhile: K4. Under the lock a pause is shorter. */
const lockedPauseMs = 40_000;
const timeout = sized(60_000, 600_000);
const together = sized(5, 10);
const createWorld = useWorlds();

interface Begun extends WorldOptions {
  readonly world: World;
  readonly labels: readonly string[];
  readonly worker: Worker;
}

async function begin(options: WorldOptions): Promise<Begun> {
  const world = await createWorld(options);
  const labels = await world.connect(together);
  const worker = await world.start();
  await world.expire(labels);
  return { ...options, world, labels, worker };
}

/** The pause, and what others do in it. */
async function pause(
  { world, labels, worker, locked = false }: Begun & { readonly locked?: boolean },
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  worker.kill('SIGSTOP');
  if (full) await wait(locked ? lockedPauseMs : pauseMs);
  // Nobody else can write a row that is locked.
  else if (!locked) await world.elapse(labels, pauseMs);
  await meanwhile();
  worker.kill('SIGCONT');
}

test.for(['claimed', 'at the vendor', 'answered'] as const)(
  'R22 strict, row lock: a pause while %s spends nothing twice',
  { timeout },
  async (when, context) => {
    const begun = await begin({ policy: 'strict', lock: true });
    const { world, labels, worker } = begun;
    if (when === 'at the vendor') world.vendor.switches.token.next({ hold: 'after' }, together);
    else await worker.ask({ do: 'arm', point: when, count: together, act: 'wait' });
    const used = worker.ask<Used>({ do: 'use', labels });
    await (when === 'at the vendor' ? world.vendor.gate.whenHeld(together) : worker.reached());
    // Others queue up behind the lock, and get what the process that slept brings.
    let others: Promise<readonly string[]> | undefined;
    await pause({ ...begun, locked: when !== 'claimed' }, async () => {
      others = world.use(labels);
      // They have asked for the turn by now, more than once.
      await wait(500);
    });
    world.vendor.gate.release();
    worker.tell({ do: 'go', sleptMs: full ? 0 : pauseMs });
    expect(await others).toEqual([]);
    const { failed } = await used;
    // Who slept through its lease gives way to whoever has the turn by now.
    expect(Object.keys(failed).filter((code) => when !== 'claimed' || code !== 'refresh_busy')).toEqual([]);
    const found = await judgeNow(world, labels);
    await noteRow(context, `R22 a pause while ${when}`, {
      policy: 'strict',
      mode: 'row lock',
      pauses: 1,
      cut: together,
      ...found,
    });
    expect(found).toEqual({ recovered: together, lost: 0, reasons: {}, reuse: 0, unseen: 0 });
  },
);

test('R22 strict, lease: who slept before sending sends nothing', { timeout }, async (context) => {
  const begun = await begin({ policy: 'strict', lock: false });
  const { world, labels, worker } = begun;
  await worker.ask({ do: 'arm', point: 'claimed', count: together, act: 'wait' });
  const used = worker.ask({ do: 'use', labels });
  await worker.reached();
  await pause(begun, async () => expect(await world.use(labels)).toEqual([]));
  worker.tell({ do: 'go', sleptMs: full ? 0 : pauseMs });
  expect(await used).toEqual({ done: 0, failed: { refresh_busy: together } });
  const found = await judgeNow(world, labels);
  await noteRow(context, 'R22 a pause while claimed', {
    policy: 'strict',
    mode: 'lease',
    pauses: 1,
    cut: together,
    ...found,
  });
  expect(found).toEqual({ recovered: together, lost: 0, reasons: {}, reuse: 0, unseen: 0 });
});

interface Late {
  readonly policy: 'grace' | 'strict';
  readonly point: Point | 'at the vendor';
}

test.for<Late>([
  { policy: 'strict', point: 'at the vendor' },
  { policy: 'strict', point: 'answered' },
  { policy: 'grace', point: 'at the vendor' },
  { policy: 'grace', point: 'answered' },
])('R22 $policy, lease: a pause while $point writes over nothing', { timeout }, async ({ policy, point }, context) => {
  const begun = await begin({ policy, lock: false });
  const { world, labels, worker } = begun;
  if (point === 'at the vendor') world.vendor.switches.token.next({ hold: 'after' }, together);
  else await worker.ask({ do: 'arm', point, count: together, act: 'wait' });
  const used = worker.ask({ do: 'use', labels });
  await (point === 'at the vendor' ? world.vendor.gate.whenHeld(together) : worker.reached());
  await pause(begun, async () => {
    const refused = policy === 'strict' ? labels.map(() => 'refresh_refused') : [];
    expect(await world.use(labels)).toEqual(refused);
  });
  const before = await world.states(labels);
  world.vendor.gate.release();
  worker.tell({ do: 'go', sleptMs: full ? 0 : pauseMs });
  await used;
  const { conflicts } = await worker.ask<Report>({ do: 'report' });
  const stale = (await world.states(labels)).filter(
    ({ credentialsVersion }, index) => credentialsVersion !== before[index]?.credentialsVersion,
  ).length;
  const found = await judge(world, labels, () => world.use(labels));
  await noteRow(context, `R22 a pause while ${point}`, {
    policy,
    mode: 'lease',
    pauses: 1,
    cut: together,
    ...found,
    stale,
    conflicts,
  });
  const lost = policy === 'strict' ? together : 0;
  const reasons = lost === 0 ? {} : { rotation_lost: lost };
  expect(found).toEqual({ recovered: together - lost, lost, reasons, reuse: lost, unseen: 0 });
  // A real pause of this length is longer than the call may take: then there is no answer to keep.
  expect([stale, conflicts]).toEqual([0, full && point === 'at the vendor' ? 0 : together]);
});

test(
  'R22 lease: what the process that slept brings saves a connection that is refused meanwhile',
  { timeout },
  async (context) => {
    const begun = await begin({ policy: 'strict', lock: false });
    const { world, labels, worker } = begun;
    const { switches } = world.vendor;
    await worker.ask({ do: 'arm', point: 'answered', count: together, act: 'wait' });
    const used = worker.ask({ do: 'use', labels });
    await worker.reached();
    await pause(begun, async () => {
      // A vendor that refuses what was spent, and ends nothing for it.
      switches.token.next({ error: 'invalid_grant' }, 2 * together);
      expect(await world.use(labels)).toEqual(labels.map(() => 'refresh_refused'));
    });
    worker.tell({ do: 'go', sleptMs: full ? 0 : pauseMs });
    await used;
    const found = await judge(world, labels, () => world.use(labels));
    await noteRow(context, 'R22 saved by what was kept', {
      policy: 'strict',
      mode: 'lease',
      pauses: 1,
      cut: together,
      ...found,
    });
    expect(found).toEqual({ recovered: together, lost: 0, reasons: {}, reuse: 0, unseen: 0 });
  },
);
