import type { Clock } from '@plugboard/core';

import { createFakeClock, type FakeClock } from '../clock.ts';

/** Stands still, except that whoever sleeps wakes at once: waits between tries cost the suite nothing. */
export function createPatientClock(): FakeClock {
  const clock = createFakeClock();
  const sleep: Clock['sleep'] = async (ms, signal) => {
    const slept = clock.sleep(ms, signal);
    await Promise.all([slept, clock.advance(ms)]);
  };
  return {
    ...clock,
    get pending() {
      return clock.pending;
    },
    sleep,
  };
}
