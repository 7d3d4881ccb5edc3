import { concatBytes } from '../bytes.ts';
import { PlugboardError } from '../errors.ts';
import { parseJson, type Json } from '../json.ts';
import type { Answer, WireAnswer } from './transport.ts';

const decoder = new TextDecoder();

/** An answer from its parts. Text and JSON are made at first use and kept: they are read by `classify` and again later. */
export function createAnswer(head: Pick<Answer, 'status' | 'headers'>, bytes: Uint8Array): Answer {
  let text: string | undefined;
  let parsed: { readonly json: Json } | undefined;
  const answer: Answer = {
    status: head.status,
    // A getter, because wires build the object at first use and most answers are never asked for it.
    get headers() {
      return head.headers;
    },
    bytes,
    text: () => (text ??= decoder.decode(bytes)),
    json: () => (parsed ??= { json: parseJson(answer.text()) }).json,
    tryJson() {
      try {
        return answer.json();
      } catch {
        return undefined;
      }
    },
  };
  return answer;
}

/**
 * Reads the body to its end, and not a byte further than allowed: leaving the loop closes the connection.
 * @throws PlugboardError kind `invalid_response`, code `response_too_large`.
 */
export async function readBody(answer: WireAnswer, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes, answer.status);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : concatBytes(...chunks);
}

function tooLarge(maxBytes: number, status: number): PlugboardError {
  return new PlugboardError({
    kind: 'invalid_response',
    code: 'response_too_large',
    message: `The vendor's answer is larger than ${maxBytes} bytes after decompression.`,
    hint: 'Ask for less (a smaller page), or raise `maxBytes` of the endpoint.',
    status,
  });
}
