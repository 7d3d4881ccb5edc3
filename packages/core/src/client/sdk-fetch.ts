/** A `fetch` for SDKs of vendors: what they send goes through the transport, what they get is what the vendor answered. */
import type { Api, Method } from '../endpoint.ts';
import { longestAnswer, tooLarge } from '../transport/answer.ts';
import type { StreamedAnswer } from '../transport/transport.ts';

export interface SdkFetchOptions {
  /** Header in which the SDK puts an idempotency key that the vendor honours. Default `idempotency-key`. */
  readonly idempotencyHeader?: string;
  /** Total milliseconds until the headers of an answer, for vendors that think before they answer. Default 30,000. */
  readonly deadlineMs?: number;
  /** Further headers of the SDK that must not be sent: where it puts its placeholder credential. */
  readonly drop?: readonly string[];
  /**
   * Most bytes of an answer after decompression. Default 10 MiB for what an SDK takes as a whole (text, JSON, XML), none for
   * what it reads as it comes: server-sent events, lines of JSON, files.
   */
  readonly maxBytes?: number;
}

/** The SDK's idea of who it is, and what belongs to a connection that it does not have. */
const dropped = ['authorization', 'connection', 'content-length', 'cookie', 'host', 'user-agent'];
/** Types that SDKs read into memory to their end. What says nothing of its type is taken for text. */
const wholeTypes = /^(?:$|text\/(?!event-stream\b)|application\/(?:json|xml|[\w.-]+\+(?:json|xml))\s*(?:;|$))/i;
/** Statuses whose answers have no body. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Signing, host checks, limits, retries, telemetry and stubs are the transport's: turn the SDK's own retries off. It gets
 * real answers, refusals included, with bodies that stream; without an answer it fails as `fetch` does, with a TypeError
 * whose cause is a PlugboardError.
 * @example new VendorSdk({ apiKey: 'placeholder', maxRetries: 0, fetch: sdkFetch(api) })
 */
export function sdkFetch(api: Api, options: SdkFetchOptions = {}): typeof fetch {
  const { idempotencyHeader = 'idempotency-key', drop = [], deadlineMs, maxBytes } = options;
  const unwanted = new Set([...dropped, ...drop.map((name) => name.toLowerCase())]);
  return async (input, init) => {
    const request = new Request(input, init);
    const { method, url, signal } = request;
    signal.throwIfAborted();
    // Text stays text: a stub shows it.
    const body = typeof init?.body === 'string' ? init.body : new Uint8Array(await request.arrayBuffer());
    try {
      const answer = await api.stream(
        {
          method: method as Method,
          url,
          headers: Object.fromEntries([...request.headers].filter(([name]) => !unwanted.has(name))),
          ...(body.length > 0 && { body }),
          ...(request.headers.has(idempotencyHeader) && { repeat: 'keyed' as const }),
          operation: 'sdk',
        },
        { signal, refusals: 'answer', ...(deadlineMs !== undefined && { deadlineMs }) },
      );
      return responseOf(answer, { signal, maxBytes: maxBytes ?? longestOf(answer) });
    } catch (error) {
      throw asFetchFails(error, signal, 'fetch failed');
    }
  };
}

function longestOf({ headers }: StreamedAnswer): number {
  return wholeTypes.test(headers.get('content-type') ?? '') ? longestAnswer : Number.POSITIVE_INFINITY;
}

interface Reader {
  readonly signal: AbortSignal;
  readonly maxBytes: number;
}

function responseOf({ status, headers, body }: StreamedAnswer, { signal, maxBytes }: Reader): Response {
  const kept = new Headers(headers);
  // They speak of the bytes on the wire, which are unpacked by now.
  kept.delete('content-encoding');
  kept.delete('content-length');
  const chunks = body[Symbol.asyncIterator]();
  if (bodiless.has(status)) {
    void chunks.return?.();
    return new Response(null, { status, headers: kept });
  }
  let size = 0;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const step = await chunks.next();
          if (step.done === true) return controller.close();
          size += step.value.byteLength;
          if (size > maxBytes) {
            void chunks.return?.();
            throw tooLarge(maxBytes, status);
          }
          controller.enqueue(step.value as Uint8Array<ArrayBuffer>);
        } catch (error) {
          controller.error(asFetchFails(error, signal, 'terminated'));
        }
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(stream, { status, headers: kept });
}

/** The SDK's own abort is told with its own reason, as `fetch` does. */
function asFetchFails(error: unknown, signal: AbortSignal, message: string): unknown {
  return signal.aborted ? signal.reason : new TypeError(message, { cause: error });
}
