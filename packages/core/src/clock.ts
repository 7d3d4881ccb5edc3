/**
 * Time and chance, in one place, so that tests move time instead of sleeping.
 *
 * What decides expiry is the store's clock (`Store.now`); this clock measures durations inside one process and paces
 * waits. `monotonic` never goes backwards, whatever happens to the wall clock.
 */
export interface Clock {
  /** Wall time in milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since an arbitrary start. */
  monotonic(): number;
  /** A number in [0, 1): for jitter only, never for anything secret. */
  random(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs `task` after `ms` unless cancelled. The timer does not keep the process alive. */
  after(ms: number, task: () => void): Cancel;
}

export type Cancel = () => void;

/** Whether the work ended within so many milliseconds, one way or the other. It goes on if it did not. */
export async function endsWithin(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  const deadline = new AbortController();
  const ended = work.then(
    () => true,
    () => true,
  );
  const late = clock.sleep(ms, deadline.signal).then(
    () => false,
    () => false,
  );
  const inTime = await Promise.race([ended, late]);
  deadline.abort();
  return inTime;
}

/** Longest delay that timers of JavaScript engines hold; beyond it they fire at once. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  after(ms, task) {
    const timer = setTimeout(task, Math.min(ms, longestTimerMs));
    (timer as { unref?: () => void }).unref?.();
    return () => clearTimeout(timer);
  },
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const timer = setTimeout(done, Math.min(ms, longestTimerMs));
      function done() {
        signal?.removeEventListener('abort', stop);
        resolve();
      }
      function stop() {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      }
      signal?.addEventListener('abort', stop, { once: true });
    });
  },
};
