import { concatBytes } from '../bytes.ts';
import { PlugboardError } from '../errors.ts';
import { parseJson, type Json } from '../json.ts';
import type { Answer, WireAnswer } from './transport.ts';

const decoder = new TextDecoder();

/** Most bytes of an answer that is taken as a whole, where nobody says otherwise. */
export const longestAnswer = 10 * 1024 * 1024;

/** Text and JSON are made at first use and kept: `classify` and the caller both read them. */
class CompleteAnswer implements Answer {
  readonly status: number;
  readonly bytes: Uint8Array;
  readonly #head: Pick<WireAnswer, 'headers'>;
  #text: string | undefined;
  #parsed: { readonly json: Json } | undefined;

  constructor(head: Pick<WireAnswer, 'status' | 'headers'>, bytes: Uint8Array) {
    this.status = head.status;
    this.bytes = bytes;
    this.#head = head;
  }

  /** Read through, because wires build the object at first use and most answers are never asked for it. */
  get headers(): Headers {
    return this.#head.headers;
  }

  text(): string {
    return (this.#text ??= decoder.decode(this.bytes));
  }

  json(): Json {
    return (this.#parsed ??= { json: parseJson(this.text()) }).json;
  }

  tryJson(): Json | undefined {
    try {
      return this.json();
    } catch {
      return undefined;
    }
  }
}

/** An answer from its parts. */
export function createAnswer(head: Pick<WireAnswer, 'status' | 'headers'>, bytes: Uint8Array): Answer {
  return new CompleteAnswer(head, bytes);
}

/**
 * Reads the body to its end, and not a byte further than allowed: leaving the loop closes the connection. Answers at once
 * where the whole body has come with the headers, as that of nearly every small answer has.
 * @throws PlugboardError kind `invalid_response`, code `response_too_large`.
 */
export function readBody(answer: WireAnswer, maxBytes: number): Uint8Array | Promise<Uint8Array> {
  const whole = answer.body.whole?.();
  if (whole === undefined) return readChunks(answer, maxBytes);
  if (whole.byteLength > maxBytes) throw tooLarge(maxBytes, answer.status);
  return whole;
}

async function readChunks(answer: WireAnswer, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes, answer.status);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : concatBytes(...chunks);
}

/** For a body of which more came than is allowed. */
export function tooLarge(maxBytes: number, status: number): PlugboardError {
  return new PlugboardError({
    kind: 'invalid_response',
    code: 'response_too_large',
    message: `The vendor's answer is larger than ${maxBytes} bytes after decompression.`,
    hint: 'Ask for less (a smaller page), or raise `maxBytes` of the endpoint.',
    status,
  });
}
