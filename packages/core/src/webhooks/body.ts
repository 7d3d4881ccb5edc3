import { concatBytes } from '../bytes.ts';
import type { Clock } from '../clock.ts';

const readMs = 15_000;

export type ReadBody = { readonly bytes: Uint8Array } | { readonly status: 408 | 413 | 415; readonly code: string };

/**
 * The raw bytes of a request, within a size and a time. Compressed bodies are refused: vendors do not send them, and a
 * few kilobytes can unpack to gigabytes.
 */
export async function readBody(request: Request, maxBytes: number, clock: Clock): Promise<ReadBody> {
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity') return { status: 415, code: 'content_encoding' };
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return { status: 413, code: 'body_too_large' };
  if (request.body === null) return { bytes: new Uint8Array() };
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  const stop = () => reader.cancel().catch(() => undefined);
  const time = { isUp: false };
  // Ends the read that waits. Raced against one promise, every chunk would be kept for as long as that waits.
  const cancel = clock.after(readMs, () => {
    time.isUp = true;
    void stop();
  });
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (time.isUp) return { status: 408, code: 'body_too_slow' };
      if (done) return { bytes: concatBytes(...chunks) };
      size += value.length;
      if (size > maxBytes) {
        await stop();
        return { status: 413, code: 'body_too_large' };
      }
      chunks.push(value);
    }
  } finally {
    cancel();
  }
}
