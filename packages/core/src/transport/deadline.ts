import type { Clock } from '../clock.ts';

/** The end of a call, by the injected clock, joined with the caller's own signal. */
export interface Deadline {
  /** Aborts at the deadline or with the caller, whichever is first. */
  readonly signal: AbortSignal;
  /** Which of the two ended the call; undefined while neither has. */
  stopped(): 'deadline' | 'caller' | undefined;
  /** Milliseconds left, never below 0. */
  remainingMs(): number;
  /** Removes the timer and the listener. Every deadline must end with it. */
  cancel(): void;
}

export function startDeadline(clock: Clock, ms: number, caller?: AbortSignal): Deadline {
  const controller = new AbortController();
  const end = clock.monotonic() + ms;
  let stopped: 'deadline' | 'caller' | undefined;
  // The reason of the caller's signal may hold anything, so it goes no further.
  const stop = (by: 'deadline' | 'caller') => {
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
    remainingMs: () => Math.max(end - clock.monotonic(), 0),
    cancel() {
      cancelTimer();
      caller?.removeEventListener('abort', onCaller);
    },
  };
}
