/** All tokens of an import are issued within one minute: when are they renewed? */
import { expect, test } from 'vitest';

import { lifetimeOf } from '../../../core/src/connections/lifetime.ts';
import { createFakeClock } from '../../../core/test/support/fake-clock.ts';
import { seededChance } from '../../../core/test/support/fleet.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';

const tokens = sized(50_000, 1_000_000);
const lifeMs = 3_600_000;
const minuteMs = 60_000;
const method = { kind: 'oauth2', refresh: { rotation: 'strict' } } as never;

test(
  'R03 D09 a herd of tokens spreads out from the first cycle on',
  { timeout: sized(5_000, 120_000) },
  async (context) => {
    const clock = Object.assign(createFakeClock(), { random: seededChance(9) });
    const next = (from: number) =>
      lifetimeOf({ expiresInMs: lifeMs }, method, new Date(from), clock).refreshAt!.getTime();
    const cycles = 7;
    const meanCycleMs = lifeMs * 0.7;
    const perMinute = new Map<number, number>();
    for (let token = 0; token < tokens; token++) {
      let at = clock.random() * minuteMs;
      for (at = next(at); at < cycles * meanCycleMs; at = next(at)) {
        const minute = Math.floor(at / minuteMs);
        perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
      }
    }
    const mean = (tokens / meanCycleMs) * minuteMs;
    const peakOf = (cycle: number) => {
      // The n-th renewals come around n mean lives after the import.
      const from = ((cycle + 0.5) * meanCycleMs) / minuteMs;
      const counts = [...perMinute].flatMap(([minute, seen]) =>
        minute >= from && minute < from + meanCycleMs / minuteMs ? [seen] : [],
      );
      return Math.max(...counts) / mean;
    };
    const peaks = Array.from({ length: cycles - 1 }, (_, cycle) => Number(peakOf(cycle).toFixed(2)));
    await noteRow(context, 'R03', { tokens, peaks: peaks.join(', ') });
    expect(peaks[0]).toBeLessThanOrEqual(2);
    for (const peak of peaks.slice(3)) expect(peak).toBeLessThanOrEqual(1.3);
  },
);
