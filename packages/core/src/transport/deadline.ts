import type { Cancel, Clock } from '../clock.ts';

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
  return new CallDeadline(clock, ms, caller);
}

/** A class, because every call has one, and six closures are more garbage than all the rest of it. */
class CallDeadline implements Deadline {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #end: number;
  readonly #cancelTimer: Cancel;
  readonly #caller: AbortSignal | undefined;
  readonly #onCaller: (() => void) | undefined;
  #stopped: Stop | undefined;

  constructor(clock: Clock, ms: number, caller: AbortSignal | undefined) {
    this.signal = this.#controller.signal;
    this.#clock = clock;
    this.#end = clock.monotonic() + ms;
    this.#cancelTimer = clock.after(ms, () => this.stop('deadline'));
    this.#caller = caller;
    if (caller === undefined) return;
    this.#onCaller = () => this.stop('caller');
    if (caller.aborted) this.#onCaller();
    else caller.addEventListener('abort', this.#onCaller, { once: true });
  }

  stopped(): Stop | undefined {
    return this.#stopped;
  }

  /** The reason of the caller's signal may hold anything, so it goes no further. */
  stop(by: Stop): void {
    this.#stopped ??= by;
    this.#controller.abort();
  }

  lift(): void {
    this.#cancelTimer();
  }

  remainingMs(): number {
    return Math.max(this.#end - this.#clock.monotonic(), 0);
  }

  cancel(): void {
    this.#cancelTimer();
    if (this.#onCaller !== undefined) this.#caller?.removeEventListener('abort', this.#onCaller);
  }
}
