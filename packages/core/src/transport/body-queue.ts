/** Chunks on their way from a socket that pushes to a reader that pulls. Read once. */
export interface BodyQueue extends AsyncIterable<Uint8Array> {
  push(chunk: Uint8Array): void;
  end(): void;
  fail(error: Error): void;
  /** Ends the exchange unless it has ended. A reader that leaves early does the same. */
  cancel(): void;
}

/** The socket's side. */
export interface Flow {
  /** Stops reading from the socket while the reader is behind. */
  pause(): void;
  resume(): void;
  /** Closes the socket. */
  cancel(): void;
}

/** Unread bytes at which the socket is stopped. */
const highWaterBytes = 64 * 1024;

export function createBodyQueue(flow: Flow): BodyQueue {
  let chunks: Uint8Array[] = [];
  let unreadBytes = 0;
  let state: 'open' | 'ended' | { readonly error: Error } = 'open';
  let wake: (() => void) | undefined;

  function settle(next: typeof state): void {
    state = next;
    wake?.();
  }

  function takeAll(): Uint8Array[] {
    const ready = chunks;
    const wasFull = unreadBytes >= highWaterBytes;
    chunks = [];
    unreadBytes = 0;
    if (wasFull) flow.resume();
    return ready;
  }

  const queue: BodyQueue = {
    push(chunk) {
      chunks.push(chunk);
      unreadBytes += chunk.byteLength;
      if (unreadBytes >= highWaterBytes) flow.pause();
      wake?.();
    },
    end: () => settle('ended'),
    fail: (error) => settle({ error }),
    cancel() {
      if (state !== 'open') return;
      settle('ended');
      flow.cancel();
    },
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          if (chunks.length > 0) yield* takeAll();
          else if (typeof state === 'object') throw state.error;
          else if (state === 'ended') return;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        queue.cancel();
      }
    },
  };
  return queue;
}
