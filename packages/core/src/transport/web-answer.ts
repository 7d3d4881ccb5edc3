import type { WireAnswer } from './transport.ts';

/** A web `Response` as the answer of a wire. */
export function webAnswer(response: Response, signal: AbortSignal): WireAnswer {
  return { status: response.status, headers: response.headers, body: chunksOf(response.body, signal) };
}

/** Ends with the signal even where the stream itself does not and nobody reads, and closes it when the reader leaves early. */
function chunksOf(stream: ReadableStream<Uint8Array> | null, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const reader = stream?.getReader();
  const stop = () => void reader?.cancel().catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  return read();

  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      while (reader !== undefined) {
        signal.throwIfAborted();
        const { done, value } = await reader.read();
        signal.throwIfAborted();
        if (done) return;
        yield value;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }
}
