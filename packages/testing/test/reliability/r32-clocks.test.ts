/** Processes whose clocks are wrong and jump: what is due is said by the database's clock alone. */
import { expect, test } from 'vitest';

import type { Clock } from '../../../core/src/clock.ts';
import { createMemoryStore } from '../../../core/src/memory-store.ts';
import { allRows, createFleet, refreshJob, seededChance } from '../../../core/test/support/fleet.ts';
import { populate } from '../../../core/test/support/populate.ts';
import { createRig, drive } from '../../../core/test/support/rig.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';

const minuteMs = 60_000;
const connections = sized(60, 500);
const minutes = sized(10, 240);

/** A clock that shows another wall time than the others, and goes on from where it was last set. */
function skewed(base: Clock, skew: { ms: number }): Clock {
  return {
    now: () => base.now() + skew.ms,
    monotonic: () => base.monotonic(),
    random: () => base.random(),
    sleep: (ms, signal) => base.sleep(ms, signal),
    after: (ms, task) => base.after(ms, task),
  };
}

test(
  'R32 D06 whatever the clocks of the processes say, a token is renewed at the instant that the database names',
  { timeout: sized(60_000, 3_600_000) },
  async (context) => {
    const fleet = createFleet({ rotation: 'strict' });
    // The database is five minutes ahead of the vendor.
    const store = createMemoryStore({ clock: skewed(fleet.clock, { ms: 5 * minuteMs }) });
    await populate({ ...fleet, store }, { count: connections });
    const skews = [{ ms: -10 * minuteMs }, { ms: 0 }, { ms: 10 * minuteMs }];
    const workers = skews.map((skew) =>
      createRig({ rotation: 'strict' }, { store, clock: skewed(fleet.clock, skew), wire: fleet.wire, cacheMs: 0 }),
    );
    // Nothing is due before the first half of the life has passed.
    await fleet.clock.advance(29 * minuteMs);
    const chance = seededChance(11);
    let due = new Map((await allRows(store)).map((row) => [row.id, row]));
    const off: number[] = [];
    const end = fleet.clock.monotonic() + minutes * minuteMs;
    while (fleet.clock.monotonic() < end) {
      // Every now and then somebody sets a clock, once by a whole day.
      if (chance() < 0.02) skews[Math.floor(chance() * 3)]!.ms = (chance() * 20 - 10) * minuteMs;
      if (chance() < 0.002) skews[Math.floor(chance() * 3)]!.ms = 24 * 60 * minuteMs;
      await drive(fleet, Promise.all(workers.map((worker) => refreshJob(worker).run())));
      const now = new Map((await allRows(store)).map((row) => [row.id, row]));
      for (const [id, before] of due) {
        const row = now.get(id)!;
        if (row.credentialsVersion > before.credentialsVersion)
          off.push(row.updatedAt.getTime() - before.refreshAt!.getTime());
      }
      due = now;
    }
    await noteRow(context, 'R32', {
      connections,
      renewed: off.length,
      earliestMs: Math.min(...off),
      latestMs: Math.max(...off),
    });
    expect(off.length).toBeGreaterThan(connections / 4);
    expect(Math.min(...off)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...off)).toBeLessThanOrEqual(1_000);
    // The life of a new token is counted from the database's time as well.
    const lives = [...due.values()].filter(({ credentialsVersion }) => credentialsVersion > 1);
    for (const row of lives) {
      const lifeMs = row.tokenExpiresAt!.getTime() - row.updatedAt.getTime();
      expect(Math.abs(lifeMs - 60 * minuteMs)).toBeLessThanOrEqual(1_000);
    }
    expect(fleet.oauth.ledger.reuses).toEqual([]);
  },
);
