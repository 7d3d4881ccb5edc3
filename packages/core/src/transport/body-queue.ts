/** The socket's side of a body. */
export interface Flow {
  /** Stops reading from the socket while the reader is behind. */
  pause(): void;
  resume(): void;
  /** Closes the socket. */
  cancel(): void;
}

type Step = IteratorResult<Uint8Array, undefined>;

interface Reader {
  readonly resolve: (step: Step) => void;
  readonly reject: (error: Error) => void;
}

/** Unread bytes at which the socket is stopped. */
const highWaterBytes = 64 * 1024;
const finished: Step = { done: true, value: undefined };

/**
 * Chunks on their way from a socket that pushes to a reader that pulls. Read once, by one reader.
 *
 * An iterator by hand and not a generator: `return` of a generator waits for the chunk that its reader no longer wants.
 */
export class BodyQueue implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #flow: Flow;
  readonly #chunks: Uint8Array[] = [];
  #unreadBytes = 0;
  #state: 'open' | 'ended' | Error = 'open';
  /** Waits for the next chunk. */
  #reader: Reader | undefined;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#unreadBytes += chunk.byteLength;
    if (this.#unreadBytes >= highWaterBytes) this.#flow.pause();
    this.#serve();
  }

  end(): void {
    this.#settle('ended');
  }

  fail(error: Error): void {
    this.#settle(error);
  }

  /** Closes the socket unless the body has ended; unread chunks are dropped. Whoever reads on gets the error, if any. */
  cancel(error?: Error): void {
    this.#chunks.length = 0;
    if (this.#state !== 'open') return;
    this.#settle(error ?? 'ended');
    this.#flow.cancel();
  }

  /** The body as a whole, if it has come in one piece and has ended; it is read by that. */
  whole(): Uint8Array | undefined {
    if (this.#state !== 'ended' || this.#chunks.length !== 1) return undefined;
    const chunk = this.#chunks.shift()!;
    this.#relieve(chunk.byteLength);
    return chunk;
  }

  next(): Promise<Step> {
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.#serve();
    });
  }

  return(): Promise<Step> {
    this.cancel();
    return Promise.resolve(finished);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #settle(state: 'ended' | Error): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    this.#serve();
  }

  /** Gives the waiting reader what there is: chunks first, then the end. */
  #serve(): void {
    if (this.#reader === undefined) return;
    const { resolve, reject } = this.#reader;
    const chunk = this.#chunks.shift();
    if (chunk === undefined && this.#state === 'open') return;
    this.#reader = undefined;
    if (chunk !== undefined) {
      resolve({ done: false, value: chunk });
      this.#relieve(chunk.byteLength);
    } else if (this.#state === 'ended') resolve(finished);
    else reject(this.#state as Error);
  }

  #relieve(bytes: number): void {
    const wasFull = this.#unreadBytes >= highWaterBytes;
    this.#unreadBytes -= bytes;
    if (wasFull && this.#unreadBytes < highWaterBytes) this.#flow.resume();
  }
}
