import type { Clock } from '@plugboard/core';

/** A clock that stands still until it is told to move. */
export interface FakeClock extends Clock {
  /**
   * Moves time forward. Timers on the way run in the order of their times, each at its own time, and everything that
   * they set in motion settles before the next one.
   */
  advance(ms: number): Promise<void>;
  /** Sets the wall time alone, as an administrator or a time server would: no timer runs, `monotonic` stays. */
  set(now: number): void;
  /** Sets the value that `random` answers from now on. Default 0.5. */
  setRandom(value: number): void;
  /** Timers that wait. */
  readonly pending: number;
  /** Resolves as soon as so many timers wait: how a test knows that the code under test has gone to sleep. */
  untilPending(count: number): Promise<void>;
}

export interface FakeClockOptions {
  /** Wall time in milliseconds. Default 2026-01-01T00:00:00Z. */
  readonly start?: number;
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Turns of the event loop in which promises, and I/O that is ready, settle after a timer. */
const settlingTurns = 5;
/** Turns after which a condition that does not come true fails the test: some seconds. */
const patienceTurns = 200_000;

export function createFakeClock({ start = Date.UTC(2026, 0, 1) }: FakeClockOptions = {}): FakeClock {
  /** The one that is due next stands last, of several at one time the one set first. */
  const timers: Timer[] = [];
  let wall = start;
  let elapsed = 0;
  let draw = 0.5;

  function after(ms: number, run: () => void): () => void {
    const timer: Timer = { at: elapsed + (ms > 0 ? ms : 0), run };
    timers.splice(placeOf(timer.at), 0, timer);
    return () => {
      const place = timers.lastIndexOf(timer);
      if (place >= 0) timers.splice(place, 1);
    };
  }

  /** Before all that are due at that time or earlier. */
  function placeOf(at: number): number {
    let [low, high] = [0, timers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (timers[middle]!.at > at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function moveTo(time: number): void {
    wall += time - elapsed;
    elapsed = time;
  }

  return {
    now: () => wall,
    monotonic: () => elapsed,
    random: () => draw,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason as Error);
        const stop = () => {
          cancel();
          reject(signal?.reason as Error);
        };
        const cancel = after(ms, () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        });
        signal?.addEventListener('abort', stop, { once: true });
      }),
    async advance(ms) {
      const end = elapsed + ms;
      await settle();
      for (let next = timers.at(-1); next !== undefined && next.at <= end; next = timers.at(-1)) {
        timers.pop();
        moveTo(next.at);
        next.run();
        await settle();
      }
      moveTo(end);
      await settle();
    },
    set: (now) => void (wall = now),
    setRandom: (value) => void (draw = value),
    get pending() {
      return timers.length;
    },
    untilPending: (count) => until(() => timers.length >= count),
  };
}

/** Resolves when the condition holds; looks at every turn of the event loop, and gives up after some seconds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn === patienceTurns) throw new Error('What the test waits for does not happen.');
    await nextTurn();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < settlingTurns; turn++) await nextTurn();
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
