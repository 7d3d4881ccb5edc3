/** K1 to K9: how each is brought about, with nothing in the engine that helps. */
import { expect } from 'vitest';

import { organizationId } from '../processes/vendor.ts';
import type { Worker } from './process.ts';
import { createTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import type { Point } from './points.ts';
import type { Report } from './worker.ts';
import type { World } from './world.ts';

export type Path = 'on demand' | 'in the background';

/** Refreshes of these connections, and whatever happens to the process that does them. */
export interface Blow {
  readonly world: World;
  readonly labels: readonly string[];
  readonly path: Path;
  readonly locked: boolean;
}

const hourMs = 3_600_000;

/** Starts the refreshes, without waiting for them. */
function refresh(worker: Worker, { labels, path }: Blow): void {
  worker.tell(path === 'on demand' ? { do: 'use', labels } : { do: 'refresh' });
}

function dieAt(point: Point) {
  return async (blow: Blow): Promise<void> => {
    const worker = await blow.world.start();
    await blow.world.elapse(blow.labels, hourMs);
    await worker.ask({ do: 'arm', point, count: blow.labels.length, act: 'die' });
    refresh(worker, blow);
    expect(await worker.exited).toEqual({ code: null, signal: 'SIGKILL' });
  };
}

/** The process is killed while its requests are at the vendor, which then goes on with them. */
function dieWhileHeld(switches: { readonly hold: 'before' | 'after'; readonly drop?: 'before' }) {
  return async (blow: Blow): Promise<void> => {
    const { world, labels } = blow;
    const worker = await world.start();
    await world.elapse(labels, hourMs);
    world.vendor.switches.token.next(switches, labels.length);
    refresh(worker, blow);
    await world.vendor.gate.whenHeld(labels.length);
    worker.kill('SIGKILL');
    expect(await worker.exited).toEqual({ code: null, signal: 'SIGKILL' });
    world.vendor.gate.release();
  };
}

export interface Kill {
  readonly what: string;
  readonly strike: (blow: Blow) => Promise<void>;
}

/** The process dies. */
export const kills: Readonly<Record<'K1' | 'K2' | 'K3' | 'K4' | 'K5' | 'K7', Kill>> = {
  K1: { what: 'before the claim', strike: dieAt('claim') },
  K2: { what: 'after the claim, before anything is sent', strike: dieAt('claimed') },
  K3: { what: 'the request never arrives', strike: dieWhileHeld({ hold: 'before', drop: 'before' }) },
  K4: { what: 'rotated, the answer is on the wire', strike: dieWhileHeld({ hold: 'after' }) },
  K5: { what: 'the answer is in memory, not stored', strike: dieAt('answered') },
  K7: { what: 'stored, the caller is not answered', strike: dieAt('stored') },
};

/** The process lives, and its database is taken from it. */
export async function withProxy(
  { world }: Pick<Blow, 'world'>,
  run: (worker: Worker, proxy: TcpProxy) => Promise<void>,
): Promise<void> {
  const proxy = await createTcpProxy(world.database);
  const worker = await world.start({ database: proxy.url });
  try {
    await run(worker, proxy);
    const { conflicts } = await worker.ask<Report>({ do: 'report' });
    expect(conflicts).toBe(0);
    expect((await worker.stop()).exit).toEqual({ code: 0, signal: null });
  } finally {
    await proxy.close();
  }
}

async function refreshed(worker: Worker, { labels, path }: Blow): Promise<void> {
  if (path === 'in the background') return void (await worker.ask({ do: 'refresh' }));
  expect(await worker.ask({ do: 'use', labels })).toEqual({ done: labels.length, failed: {} });
}

/** K6: the database commits, and the process does not hear of it. */
export async function loseAcknowledgement(blow: Blow): Promise<void> {
  await withProxy(blow, async (worker, proxy) => {
    const { world, labels, path, locked } = blow;
    await world.elapse(labels, hourMs);
    // Under the lock the write counts with the commit that follows it; else it is a statement of its own.
    const batched = !locked && path === 'in the background';
    proxy.loseAnswers(locked ? 'commit\0' : '"writeId"', batched ? 1 : labels.length);
    await refreshed(worker, blow);
    expect(proxy.lost).toBe(batched ? 1 : labels.length);
  });
}

/** K8: the database is away when the answers come, and comes back later. */
export async function loseDatabase(blow: Blow): Promise<void> {
  await withProxy(blow, async (worker, proxy) => {
    const { world, labels } = blow;
    await world.elapse(labels, hourMs);
    world.vendor.switches.token.next({ hold: 'after' }, labels.length);
    const done = refreshed(worker, blow);
    await world.vendor.gate.whenHeld(labels.length);
    proxy.cut();
    world.vendor.gate.release();
    await proxy.whenRefused(2 * labels.length);
    proxy.restore();
    await done;
  });
}

/** K9: somebody disconnects while the answer is on its way. */
export async function disconnectMeanwhile(blow: Blow, when: 'before the answer' | 'around the answer'): Promise<void> {
  const { world, labels, locked } = blow;
  const { switches, gate, ledger } = world.vendor;
  const worker = await world.start();
  await world.elapse(labels, hourMs);
  switches.token.next({ hold: 'after' }, labels.length);
  refresh(worker, blow);
  await gate.whenHeld(labels.length);
  // The vendor refuses to revoke what was spent: what is revoked in the end is what the refresh brought.
  if (!locked)
    switches.revoke.next(
      { error: 'unsupported_token_type', ...(when === 'around the answer' && { hold: 'before' as const }) },
      labels.length,
    );
  const disconnected = Promise.all(labels.map((label) => world.board.disconnect('vendor', { organizationId, label })));
  // Under the row lock a disconnection waits for the refresh.
  if (locked) gate.release();
  else if (when === 'before the answer') {
    await disconnected;
    gate.release();
  } else {
    await gate.whenHeld(2 * labels.length);
    gate.release(labels.length);
  }
  const ended = () =>
    ledger.families().filter(({ account, revokedBy }) => labels.includes(account.id) && revokedBy === 'request');
  await worker.stop();
  gate.release();
  await disconnected;
  expect(ended()).toHaveLength(labels.length);
  for (const state of await world.states(labels)) {
    expect(state).toMatchObject({ status: 'disconnected', holdsCredentials: false });
  }
}
