import { expect, test } from 'vitest';

import { scheduleOf } from '../src/schedule.ts';

test.each([
  [15_000, '* * * * *', [0, 15_000, 30_000, 45_000]],
  [45_000, '* * * * *', [0]],
  [60_000, '* * * * *', [0]],
  [7 * 60_000, '*/6 * * * *', [0]],
  [600_000, '*/10 * * * *', [0]],
  [3_600_000, '0 * * * *', [0]],
  [5 * 3_600_000, '0 */4 * * *', [0]],
  [48 * 3_600_000, '0 0 * * *', [0]],
])('every %i ms is %s', (everyMs, cron, offsetsMs) => {
  expect(scheduleOf(everyMs)).toEqual({ cron, offsetsMs });
});
