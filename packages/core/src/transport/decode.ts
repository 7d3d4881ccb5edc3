import { Readable, pipeline, type Transform } from 'node:stream';
import { createBrotliDecompress, createUnzip } from 'node:zlib';

import { PlugboardError } from '../errors.ts';
import type { BodyQueue } from './body-queue.ts';

/** What requests ask for. */
export const acceptedEncodings = 'gzip, br';

/** `deflate` may come unasked; unzip tells it from gzip by its header (RFC 1950, RFC 1952). */
const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createUnzip,
  'x-gzip': createUnzip,
  deflate: createUnzip,
  br: createBrotliDecompress,
};

/**
 * Undoes the content encoding (RFC 9110 section 8.4) chunk by chunk, so that a reader with a cap stops a bomb early.
 * Reading throws a PlugboardError of kind `invalid_response`: `unsupported_encoding` for one that was not asked for, or
 * several; `undecodable_body` when the body is not what its encoding says, or ends early.
 */
export function decodeBody(body: BodyQueue, encoding: string): AsyncIterable<Uint8Array> {
  const name = encoding.trim().toLowerCase();
  if (name === '' || name === 'identity') return body;
  if (Object.hasOwn(decoders, name)) return decodeChunks(body, decoders[name]!());
  body.cancel(undecodable('unsupported_encoding', 'has a content encoding that was not asked for'));
  return body;
}

async function* decodeChunks(body: BodyQueue, decoder: Transform): AsyncGenerator<Uint8Array> {
  const seen: { bytes: number; failure?: unknown } = { bytes: 0 };
  pipeline(Readable.from(watched(body, seen), { objectMode: false }), decoder, () => undefined);
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
  } catch {
    if (seen.failure !== undefined) throw seen.failure as Error;
    // Answers without content (to HEAD, 204, some 200) may still name the encoding that content would have had.
    if (seen.bytes > 0) throw undecodable('undecodable_body', 'is not what its content encoding says');
  } finally {
    body.cancel();
  }
}

/** Tells a connection that broke from a body that cannot be decoded: the decoder reports both. */
async function* watched(body: BodyQueue, seen: { bytes: number; failure?: unknown }): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      seen.bytes += chunk.byteLength;
      yield chunk;
    }
  } catch (error) {
    seen.failure = error;
    throw error;
  }
}

function undecodable(code: string, problem: string): PlugboardError {
  return new PlugboardError({
    kind: 'invalid_response',
    code,
    message: `The vendor's answer ${problem}.`,
    hint: 'Something between here and the vendor may have altered it; try again, then ask the vendor.',
  });
}
