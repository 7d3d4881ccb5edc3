import { createParser } from 'eventsource-parser';
import { describe, expect, it } from 'vitest';

import { readLines, readServerSentEvents } from '../src/server-sent-events.ts';
import { failureOf } from './support/transport-kit.ts';

async function* chunks(...texts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield typeof text === 'string' ? new TextEncoder().encode(text) : text;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const events = (...texts: readonly string[]) => all(readServerSentEvents(chunks(...texts)));

describe('lines', () => {
  it.each([
    ['one\ntwo\rthree\r\nfour', ['one', 'two', 'three', 'four']],
    ['\n\r\r\n\n', ['', '', '', '']],
    ['', []],
    ['no end', ['no end']],
  ])('%j', async (text, lines) => {
    expect(await all(readLines(chunks(text)))).toEqual(lines);
    // However it is cut.
    expect(await all(readLines(chunks(...Array.from(text))))).toEqual(lines);
  });

  it('put characters together that chunks have cut', async () => {
    const bytes = new TextEncoder().encode('grüße 🦊\n');
    expect(await all(readLines(chunks(...[...bytes].map((byte) => new Uint8Array([byte])))))).toEqual(['grüße 🦊']);
  });

  it('are bounded', async () => {
    const long = all(readLines(chunks('ab', 'cd', 'ef'), { maxLength: 5 }));
    expect(await failureOf(long)).toMatchObject({ kind: 'invalid_response', code: 'line_too_long' });
    expect(await all(readLines(chunks('abcde\nabcde'), { maxLength: 5 }))).toEqual(['abcde', 'abcde']);
  });
});

describe('server-sent events', () => {
  /** The examples of https://html.spec.whatwg.org/multipage/server-sent-events.html (2026-11-20). */
  it.each([
    ['data: YHOO\ndata: +2\ndata: 10\n\n', [{ event: 'message', data: 'YHOO\n+2\n10', lastId: '' }]],
    [
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n',
      [
        { event: 'message', data: 'first event', lastId: '1' },
        { event: 'message', data: 'second event', lastId: '' },
      ],
    ],
    [
      'data\n\ndata\ndata\n\ndata:',
      [
        { event: 'message', data: '', lastId: '' },
        { event: 'message', data: '\n', lastId: '' },
      ],
    ],
    ['data:test\n\ndata: test\n\n', Array(2).fill({ event: 'message', data: 'test', lastId: '' })],
    [
      'event: add\ndata: 1\n\ndata: 2\n\n',
      [
        { event: 'add', data: '1', lastId: '' },
        { event: 'message', data: '2', lastId: '' },
      ],
    ],
    ['\uFEFFdata: bom\n\n', [{ event: 'message', data: 'bom', lastId: '' }]],
    ['id: 7\nevent: only\n\ndata: x\n\n', [{ event: 'message', data: 'x', lastId: '7' }]],
    ['id: a\0b\nfoo: bar\nretry: 5\ndata: x\n\n', [{ event: 'message', data: 'x', lastId: '' }]],
  ])('%j', async (text, expected) => {
    expect(await events(text)).toEqual(expected);
    expect(await events(...Array.from(text))).toEqual(expected);
  });

  it('R50 agree with an independent reader, however the stream is made and cut', async () => {
    let seed = 11;
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const parts = [
      'data',
      'event',
      'id',
      ':',
      ' ',
      'x',
      'ü',
      '\n',
      '\r\n',
      '\n\n',
      'data: y\n\n',
      ': note\n',
      'other: z',
    ];
    for (let turn = 0; turn < 500; turn++) {
      const stream = Array.from({ length: 1 + random(30) }, () => parts[random(parts.length)]).join('');
      const expected: { event: string; data: string }[] = [];
      const parser = createParser({
        onEvent: ({ event = 'message', data }) => void expected.push({ event, data }),
      });
      parser.feed(stream);
      const cut = random(stream.length + 1);
      const found = await events(stream.slice(0, cut), stream.slice(cut));
      expect(
        found.map(({ event, data }) => ({ event, data })),
        JSON.stringify(stream),
      ).toEqual(expected);
    }
  });

  it('are bounded, and close the body that is left', async () => {
    const big = all(readServerSentEvents(chunks('data: abc\n', 'data: def\n', '\n'), { maxLength: 7 }));
    expect(await failureOf(big)).toMatchObject({ code: 'line_too_long' });
    let left = false;
    async function* body() {
      try {
        yield* chunks('data: 1\n\n', 'data: 2\n\n');
      } finally {
        left = true;
      }
    }
    for await (const _event of readServerSentEvents(body())) break;
    expect(left).toBe(true);
  });
});
