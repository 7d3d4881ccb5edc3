/**
 * Uploads that go on where they broke off.
 * @see https://developers.google.com/workspace/drive/api/guides/manage-uploads#resumable (2026-11-20)
 */
import { invalidInput, isPlugboardError, PlugboardError } from '@plugboard/core';
import type { Api, CallOptions, Json } from '@plugboard/core';

/** All pieces but the last are a multiple of this. */
export const unit = 262_144;
const usualPiece = 32 * unit;
const deadlineMs = 180_000;
/** Failures in a row, none of which brings a byte further. */
const mostFailures = 5;

export interface Content {
  readonly data: Uint8Array | string | AsyncIterable<Uint8Array>;
  /** Of an iterable, where it is known. */
  readonly size?: number | undefined;
  readonly pieceBytes?: number | undefined;
}

/** Undefined until the last byte has come. */
export function sizeOf({ data, size }: Content): number | undefined {
  if (typeof data === 'string') return new TextEncoder().encode(data).length;
  return data instanceof Uint8Array ? data.length : size;
}

/**
 * Sends the content to a session, piece by piece; after a failure it asks what has arrived, and goes on from there.
 * @throws PlugboardError code `upload_expired` when the session is gone, `upload_stuck` when nothing more arrives.
 */
export async function sendContent(api: Api, session: string, content: Content, options: CallOptions): Promise<Json> {
  const total = sizeOf(content);
  let start = 0;
  for await (const { bytes, isLast } of piecesOf(content)) {
    const end = start + bytes.length;
    if (isLast && total !== undefined && total !== end) {
      throw invalidInput('The upload', [{ path: 'size', message: `is ${total}, and ${end} bytes came` }]);
    }
    const whole = isLast ? end : (total ?? '*');
    let [from, failures, asks] = [start, 0, false];
    while (from < end || isLast) {
      const rest = asks ? bytes.subarray(0, 0) : bytes.subarray(from - start);
      const range = rest.length === 0 ? `bytes */${whole}` : `bytes ${from}-${end - 1}/${whole}`;
      const arrived = await put(range, rest).catch(async (error: unknown) => {
        await pause(error, failures++);
        return undefined;
      });
      // What has arrived is known to the vendor alone.
      asks = arrived === undefined;
      if (arrived === undefined) continue;
      if (typeof arrived !== 'number') return arrived;
      failures = arrived > from ? 0 : failures + 1;
      if (arrived < start || arrived > end || failures > mostFailures) throw stuck();
      from = arrived;
    }
    start = end;
  }
  throw stuck();

  /** The finished file, or how many bytes are there. */
  async function put(range: string, body: Uint8Array): Promise<Json | number> {
    // Else «go on» is status 308, which to everybody else means «moved».
    const headers = { 'content-range': range, 'x-guploader-no-308': 'yes' };
    const call = { method: 'PUT', url: session, operation: 'drive.upload', body, headers } as const;
    const answer = await api.request(call, { deadlineMs, ...options });
    if (answer.headers.get('x-http-status-code-override') !== '308') return answer.json();
    const last = /^bytes=0-(\d+)$/.exec(answer.headers.get('range') ?? '')?.[1];
    return last === undefined ? 0 : Number(last) + 1;
  }

  async function pause(error: unknown, failures: number): Promise<void> {
    if (!isPlugboardError(error)) throw error;
    if (error.kind === 'not_found') throw error.with({ code: 'upload_expired', hint: 'Start the upload again.' });
    const passes = ['unavailable', 'timeout', 'network', 'rate_limited'].includes(error.kind);
    if (!passes || failures >= mostFailures) throw error;
    await api.clock.sleep(error.retryAfterMs ?? 1000 * 2 ** failures * (0.5 + api.clock.random()), options.signal);
  }
}

function stuck(): PlugboardError {
  const message = 'The vendor takes no more bytes of the upload.';
  return new PlugboardError({ kind: 'unavailable', code: 'upload_stuck', message, hint: 'Start the upload again.' });
}

/** Never an empty piece, except for a content without any byte. */
async function* piecesOf({ data, pieceBytes = usualPiece }: Content) {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
    held.push(chunk);
    length += chunk.length;
    while (length > pieceBytes) {
      const joined = join(held, length);
      yield { bytes: joined.subarray(0, pieceBytes), isLast: false };
      held = [joined.subarray(pieceBytes)];
      length -= pieceBytes;
    }
  }
  yield { bytes: join(held, length), isLast: true };
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
