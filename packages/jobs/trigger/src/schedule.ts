/** From «every so many milliseconds» to what a schedule of whole minutes can say. */

const minuteMs = 60_000;

export interface Schedule {
  readonly cron: string;
  /** When to trigger, in milliseconds after each time that the pattern names. */
  readonly offsetsMs: readonly number[];
}

/** Rounded to what divides an hour or a day evenly: a pattern begins anew with each. */
export function scheduleOf(everyMs: number): Schedule {
  if (everyMs < minuteMs) {
    const stepMs = Math.max(everyMs, 1_000);
    const count = Math.max(Math.floor(minuteMs / stepMs), 1);
    return { cron: '* * * * *', offsetsMs: Array.from({ length: count }, (_, index) => Math.round(index * stepMs)) };
  }
  const minutes = largestDivisor(60, everyMs / minuteMs);
  if (minutes < 60) return { cron: minutes === 1 ? '* * * * *' : `*/${minutes} * * * *`, offsetsMs: [0] };
  const hours = largestDivisor(24, everyMs / (60 * minuteMs));
  return { cron: hours === 24 ? '0 0 * * *' : hours === 1 ? '0 * * * *' : `0 */${hours} * * *`, offsetsMs: [0] };
}

/** The largest divisor of `whole` that is no more than `most`. */
function largestDivisor(whole: number, most: number): number {
  let divisor = Math.min(Math.floor(most), whole);
  while (whole % divisor !== 0) divisor--;
  return divisor;
}
