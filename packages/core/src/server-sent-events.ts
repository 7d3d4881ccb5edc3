/** Streams of text: lines, and events made of lines. */
import { PlugboardError } from './errors.ts';

export interface ServerSentEvent {
  /** `message` unless the stream names another. */
  readonly event: string;
  readonly data: string;
  /** The last id that the stream has told, for `Last-Event-ID`; empty when it tells none. */
  readonly lastId: string;
}

export interface LineOptions {
  /** Longest line, and longest data of an event, in characters. Default 1 Mi. */
  readonly maxLength?: number;
}

const defaultMaxLength = 1_048_576;

/**
 * Reads the lines of a body; LF, CR LF and CR end one. A last line without an end counts: newline-delimited JSON may come
 * so.
 * @throws PlugboardError kind `invalid_response`, code `line_too_long`.
 */
export async function* readLines(
  body: AsyncIterable<Uint8Array>,
  { maxLength = defaultMaxLength }: LineOptions = {},
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  // A CR has ended a line already; a LF that follows it, in this chunk or the next, is the same end.
  let afterReturn = false;
  for await (const chunk of body) {
    let text = decoder.decode(chunk, { stream: true });
    if (text === '') continue;
    if (afterReturn && text.startsWith('\n')) text = text.slice(1);
    afterReturn = text.endsWith('\r');
    const lines = text.split(/\r\n|\n|\r/);
    for (const [index, line] of lines.entries()) {
      rest += line;
      if (rest.length > maxLength) throw tooLong('A line', maxLength);
      if (index === lines.length - 1) break;
      yield rest;
      rest = '';
    }
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}

/**
 * Reads events as https://html.spec.whatwg.org/multipage/server-sent-events.html says (2026-11-20): an event without
 * data, and one that the end of the stream cuts off, does not count. Leaving the loop closes the body.
 * @throws PlugboardError kind `invalid_response`, code `line_too_long`.
 */
export async function* readServerSentEvents(
  body: AsyncIterable<Uint8Array>,
  options: LineOptions = {},
): AsyncGenerator<ServerSentEvent> {
  const { maxLength = defaultMaxLength } = options;
  let event = '';
  let data: string[] = [];
  let length = 0;
  let lastId = '';
  for await (const line of readLines(body, options)) {
    if (line === '') {
      if (data.length > 0) yield { event: event === '' ? 'message' : event, data: data.join('\n'), lastId };
      event = '';
      data = [];
      length = 0;
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') event = value;
    else if (field === 'id' && !value.includes('\0')) lastId = value;
    else if (field === 'data') {
      length += value.length + 1;
      if (length > maxLength) throw tooLong('An event', maxLength);
      data.push(value);
    }
  }
}

function tooLong(what: string, maxLength: number): PlugboardError {
  return new PlugboardError({
    kind: 'invalid_response',
    code: 'line_too_long',
    message: `${what} of the vendor's stream is longer than ${maxLength} characters.`,
    hint: 'The answer may be no stream at all; raise `maxLength` if it is.',
  });
}
