import type { Clock } from '../clock.ts';

/** Why a call was stopped from our side; `idle` and `reader` are ends of streamed bodies. */
export type Stop = 'deadline' | 'caller' | 'idle' | 'reader';

/** The end of a call, by the injected clock, joined with the caller's own signal. */
export interface Deadline {
  /** Aborts at the deadline or with the caller, whichever is first. */
  readonly signal: AbortSignal;
  /** What ended the call; undefined while nothing has. */
  stopped(): Stop | undefined;
  /** Ends the call now. */
  stop(by: Stop): void;
  /** Removes the timer alone: the call may go on as long as it likes. */
  lift(): void;
  /** Milliseconds left, never below 0. */
  remainingMs(): number;
  /** Removes the timer and the listener. Every deadline must end with it. */
  cancel(): void;
}

export function startDeadline(clock: Clock, ms: number, caller?: AbortSignal): Deadline {
  const controller = new AbortController();
  const end = clock.monotonic() + ms;
  let stopped: Stop | undefined;
  // The reason of the caller's signal may hold anything, so it goes no further.
  const stop = (by: Stop) => {
    stopped ??= by;
    controller.abort();
  };
  const onCaller = () => stop('caller');
  const cancelTimer = clock.after(ms, () => stop('deadline'));
  if (caller?.aborted === true) onCaller();
  else caller?.addEventListener('abort', onCaller, { once: true });
  return {
    signal: controller.signal,
    stopped: () => stopped,
    stop,
    lift: cancelTimer,
    remainingMs: () => Math.max(end - clock.monotonic(), 0),
    cancel() {
      cancelTimer();
      caller?.removeEventListener('abort', onCaller);
    },
  };
}
