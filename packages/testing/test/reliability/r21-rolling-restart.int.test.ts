/**
 * R21: processes are restarted one after the other by SIGTERM while all of them refresh. Nothing is lost, no turn begins
 * after the signal, and each process ends within the deadline of a call to a vendor.
 *
 * What a host does with the signal is in worker.ts: it takes no new work, awaits `board.stop()`, ends its pool, leaves.
 */
import { until } from '@plugboard/testing';
import { expect, test } from 'vitest';

import { judgeNow } from './judge.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';
import { useWorlds } from './worlds.ts';

const processes = 4;
const restarts = sized(6, 80);
/** The deadline of a token call, and five seconds. */
const mostMs = 50_000;
const createWorld = useWorlds();

test.for([
  { policy: 'strict', mode: 'row lock' },
  { policy: 'strict', mode: 'lease' },
  { policy: 'grace', mode: 'lease' },
] as const)(
  'R21 $policy, $mode: rolling restarts under load',
  { timeout: 1_200_000 },
  async ({ policy, mode }, context) => {
    const world = await createWorld({ policy, lock: mode === 'row lock' });
    const { vendor } = world;
    const labels = await world.connect(sized(24, 60));
    // Slow enough that the signal always finds refreshes on their way, and more of them than there are row locks.
    vendor.switches.token.always({ delayBeforeMs: 100, delayAfterMs: 100 });
    const begin = async () => {
      const worker = await world.start({ pool: 4 });
      await worker.ask({ do: 'load', labels, callers: 8 });
      return worker;
    };
    const workers = await Promise.all(Array.from({ length: processes }, begin));
    let longestMs = 0;
    let claimsAfterSignal = 0;
    let done = 0;
    const failed: Record<string, number> = {};

    async function stop(worker: (typeof workers)[number]): Promise<void> {
      const startedAt = performance.now();
      const { report, exit } = await worker.stop();
      longestMs = Math.max(longestMs, performance.now() - startedAt);
      expect(exit).toEqual({ code: 0, signal: null });
      claimsAfterSignal += report?.claimsAfterSignal ?? 1;
      done += report?.done ?? 0;
      for (const [code, count] of Object.entries(report?.failed ?? {})) failed[code] = (failed[code] ?? 0) + count;
    }

    for (let restart = 0; restart < restarts; restart++) {
      await world.expire(labels);
      await until(() => vendor.ledger.tokenCalls.some(({ outcome }) => outcome === 'pending'));
      await stop(workers[restart % processes]!);
      workers[restart % processes] = await begin();
    }
    await Promise.all(workers.map(stop));
    vendor.switches.token.clear();

    const found = await judgeNow(world, labels);
    const exitMs = Math.round(longestMs);
    await noteRow(context, 'R21 rolling restarts', {
      policy,
      mode,
      restarts,
      ...found,
      claimsAfterSignal,
      exitMs,
      done,
      failed,
    });
    expect(found).toEqual({ recovered: labels.length, lost: 0, reasons: {}, reuse: 0, unseen: 0 });
    expect(claimsAfterSignal).toBe(0);
    expect(longestMs).toBeLessThan(mostMs);
    // Who asks a board that stops hears so.
    const stopped = new Set(['board_stopping', 'transport_closed']);
    expect(Object.keys(failed).filter((code) => !stopped.has(code))).toEqual([]);
  },
);
