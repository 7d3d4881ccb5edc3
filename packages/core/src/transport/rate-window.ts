/**
 * Counts calls against «so many in so many milliseconds», so that no window of that length ever holds more: not the
 * windows that begin at round times, any window. A token bucket would allow nearly twice as many in the worst one.
 */
export interface RateWindow {
  /** Milliseconds until so many places are free, of more than there are until all; 0 when they are now. Default one. */
  waitMs(now: number, places?: number): number;
  /** Counts a call, which takes so many places. Default one. */
  take(now: number, places?: number): void;
  /** Places taken and not yet forgotten. */
  used(now: number): number;
}

/** Two requests may come closer together on their way by this much; of short windows it takes no more than a part. */
export const longestCreepMs = 25;
/** Into so many parts a window is divided: calls of one part share an entry, which bounds memory. */
const parts = 20;

/** Calls that are forgotten together, a window after the last of them. */
interface Entry {
  readonly firstAt: number;
  lastAt: number;
  count: number;
}

export function createRateWindow(requests: number, perMs: number): RateWindow {
  const most = Math.max(requests, 1);
  const partMs = perMs / parts;
  const spanMs = perMs + Math.min(partMs, longestCreepMs);
  const entries: Entry[] = [];
  let count = 0;
  const forget = (now: number) => {
    while (entries.length > 0 && entries[0]!.lastAt + spanMs <= now) count -= entries.shift()!.count;
  };
  return {
    waitMs(now, places = 1) {
      forget(now);
      let missing = count + Math.min(places, most) - most;
      if (missing <= 0) return 0;
      // Those that are forgotten first make room, as many of them as it takes.
      const last = entries.find((entry) => (missing -= entry.count) <= 0)!;
      return last.lastAt + spanMs - now;
    },
    take(now, places = 1) {
      forget(now);
      count += places;
      const last = entries.at(-1);
      if (last === undefined || now - last.firstAt >= partMs) {
        entries.push({ firstAt: now, lastAt: now, count: places });
        return;
      }
      last.lastAt = now;
      last.count += places;
    },
    used(now) {
      forget(now);
      return count;
    },
  };
}
