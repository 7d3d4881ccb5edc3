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
  return Object.hasOwn(decoders, name) ? decodeChunks(body, decoders[name]!()) : refuse(body);
}

async function* refuse(body: BodyQueue): AsyncGenerator<Uint8Array> {
  body.cancel();
  throw undecodable('unsupported_encoding', 'has a content encoding that was not asked for');
}

async function* decodeChunks(body: BodyQueue, decoder: Transform): AsyncGenerator<Uint8Array> {
  let receivedBytes = 0;
  let sourceFailed = false;
  async function* source() {
    try {
      for await (const chunk of body) {
        receivedBytes += chunk.byteLength;
        yield chunk;
      }
    } catch (error) {
      sourceFailed = true;
      throw error;
    }
  }
  pipeline(Readable.from(source(), { objectMode: false }), decoder, () => undefined);
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (sourceFailed) throw error;
    // Answers without content (to HEAD, 204, some 200) may still name the encoding that content would have had.
    if (receivedBytes > 0) throw undecodable('undecodable_body', 'is not what its content encoding says');
  } finally {
    body.cancel();
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
