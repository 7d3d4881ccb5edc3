/** The line to the store: every question has a deadline, and an outage is noticed, told once, and tried again. */
import { errorFields, type Clock, type Log } from '@plugboard/core/limiter-kit';

import type { SharedLimits } from './shared-limits.ts';

export interface Line {
  /** True while the store is away. */
  down(): boolean;
  /** Undefined when the store did not answer in time, or at all: then it is away. */
  ask<T>(question: (limits: SharedLimits) => Promise<T>): Promise<T | undefined>;
  /** Says whether an answer came in time to be of use. Several in a row that did not are an outage. */
  timed(inTime: boolean): void;
}

/** An answer that takes longer is none. */
const deadlineMs = 1_000;
/** Between two looks whether it is back. */
const retryMs = 2_000;
const mostLate = 3;

export function createLine(limits: SharedLimits, { clock, log }: { readonly clock: Clock; readonly log: Log }): Line {
  let away = false;
  let lateInARow = 0;

  async function within<T>(question: (limits: SharedLimits) => Promise<T>): Promise<T> {
    const answered = new AbortController();
    const tooLong = clock.sleep(deadlineMs, answered.signal).then(() => {
      throw new Error('no answer');
    });
    try {
      return await Promise.race([question(limits), tooLong]);
    } finally {
      answered.abort();
      tooLong.catch(() => undefined);
    }
  }

  function lose(fields: object): void {
    lateInARow = 0;
    if (away) return;
    away = true;
    log.warn(fields, `the shared limits in ${limits.name} cannot be reached; each process keeps to its share`);
    clock.after(retryMs, look);
  }

  function look(): void {
    within((store) => store.pausedMs('probe')).then(
      () => {
        away = false;
        log.info({}, `the shared limits in ${limits.name} are back`);
      },
      () => void clock.after(retryMs, look),
    );
  }

  return {
    down: () => away,
    async ask(question) {
      if (away) return undefined;
      try {
        return await within(question);
      } catch (error) {
        lose(errorFields(error));
        return undefined;
      }
    },
    timed(inTime) {
      lateInARow = inTime ? 0 : lateInARow + 1;
      if (lateInARow >= mostLate) lose({ error: 'slow' });
    },
  };
}
