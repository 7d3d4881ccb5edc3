/** A body on its way to its reader: watched for silence, and closed exactly once, whoever ends it. */
import type { Clock } from '../clock.ts';
import { PlugboardError } from '../errors.ts';
import type { Deadline } from './deadline.ts';

export interface StreamParts {
  readonly body: AsyncIterable<Uint8Array>;
  readonly clock: Clock;
  readonly idleMs: number;
  readonly maxBytes: number;
  /** Lifted: its signal is what ends the exchange early. */
  readonly deadline: Deadline;
  readonly failureOf: (cause: unknown) => PlugboardError;
  /** Called once, at the end of any kind. */
  readonly closed: (error?: PlugboardError) => void;
}

type Step = IteratorResult<Uint8Array, undefined>;
const finished: Step = { done: true, value: undefined };

/** An iterator by hand: `return` of a generator waits for the chunk that its reader no longer wants. */
export class StreamBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #parts: StreamParts;
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #onStop = () => this.#close(this.#parts.failureOf(undefined));
  #cancelTimer: () => void = () => undefined;
  #activeAt: number;
  #bytes = 0;
  #open = true;
  /** Told to the next reader, once. */
  #failure: PlugboardError | undefined;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#source = parts.body[Symbol.asyncIterator]();
    this.#activeAt = parts.clock.monotonic();
    const { signal } = parts.deadline;
    signal.addEventListener('abort', this.#onStop, { once: true });
    if (signal.aborted) this.#onStop();
    else this.#watch(parts.idleMs);
  }

  async next(): Promise<Step> {
    if (!this.#open) return this.#end();
    this.#activeAt = this.#parts.clock.monotonic();
    try {
      return this.#take(await this.#source.next());
    } catch (cause) {
      this.#close(this.#parts.failureOf(cause));
      return this.#end();
    }
  }

  return(): Promise<Step> {
    this.#close();
    this.#failure = undefined;
    return Promise.resolve(finished);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(step: IteratorResult<Uint8Array, unknown>): Step {
    // Closed while it was on its way.
    if (!this.#open) return this.#end();
    this.#activeAt = this.#parts.clock.monotonic();
    if (step.done !== true) {
      this.#count(step.value);
      return step;
    }
    this.#close();
    return finished;
  }

  #count(chunk: Uint8Array): void {
    const { maxBytes } = this.#parts;
    this.#bytes += chunk.byteLength;
    if (this.#bytes <= maxBytes) return;
    throw new PlugboardError({
      kind: 'invalid_response',
      code: 'response_too_large',
      message: `The stream is longer than ${maxBytes} bytes after decompression.`,
      hint: 'Ask for less, or raise `maxBytes`.',
    });
  }

  /** One timer for any number of chunks: when it rings early, it is set again for what is left. */
  #watch(ms: number): void {
    const { clock, idleMs, deadline } = this.#parts;
    this.#cancelTimer = clock.after(ms, () => {
      const left = this.#activeAt + idleMs - clock.monotonic();
      if (left > 0) this.#watch(left);
      else deadline.stop('idle');
    });
  }

  #end(): Step {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    return finished;
  }

  #close(error?: PlugboardError): void {
    if (!this.#open) return;
    this.#open = false;
    this.#failure = error;
    const { deadline, closed } = this.#parts;
    this.#cancelTimer();
    deadline.signal.removeEventListener('abort', this.#onStop);
    // Ends the exchange where it still runs; after its end nobody listens any more.
    deadline.stop('reader');
    deadline.cancel();
    void this.#source.return?.().catch(() => undefined);
    closed(error);
  }
}
