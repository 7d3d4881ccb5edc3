/** E08, E09: the raw bytes of a delivery, within a size and a time. */
import { expect, test } from 'vitest';

import { decodeUtf8 } from '../../src/bytes.ts';
import { readBody } from '../../src/webhooks/body.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const url = 'https://app.example/webhooks/acme';

/** A body in pieces, and whether it was read and given up. */
function pieces(...chunks: readonly string[]) {
  const seen = { pulled: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[seen.pulled++];
        if (chunk === undefined) controller.close();
        else controller.enqueue(new TextEncoder().encode(chunk));
      },
      cancel: () => void (seen.cancelled = true),
    },
    { highWaterMark: 0 },
  );
  return { seen, stream };
}

function request(body: ReadableStream | string | null, headers: Record<string, string> = {}): Request {
  return new Request(url, { method: 'POST', body, headers, duplex: 'half' } as RequestInit);
}

const textOf = async (sent: Request, clock = createFakeClock()) => {
  const read = await readBody(sent, 10, clock);
  return 'bytes' in read ? decodeUtf8(read.bytes) : [read.status, read.code];
};

test('is read as it came in, piece by piece', async () => {
  const clock = createFakeClock();
  expect(await textOf(request(pieces('{"a"', ':', '1}').stream), clock)).toBe('{"a":1}');
  expect(clock.pending).toBe(0);
  expect(await textOf(request(null))).toBe('');
  expect(await textOf(request('{}', { 'content-encoding': 'identity' }))).toBe('{}');
});

test('may be as large as is allowed, and not a byte larger; nothing more of it is read', async () => {
  expect(await textOf(request(pieces('12345', '67890').stream))).toBe('1234567890');
  const { seen, stream } = pieces('12345', '678901', 'more', 'and more');
  const clock = createFakeClock();
  expect(await textOf(request(stream), clock)).toEqual([413, 'body_too_large']);
  expect(seen).toEqual({ pulled: 2, cancelled: true });
  expect(clock.pending).toBe(0);
});

test.each([
  ['says that it is larger', { 'content-length': '11' }, [413, 'body_too_large']],
  ['is compressed', { 'content-encoding': 'gzip' }, [415, 'content_encoding']],
])('is not read where it %s', async (_what, headers: Record<string, string>, refusal) => {
  const { seen, stream } = pieces('1');
  expect(await textOf(request(stream, headers))).toEqual(refusal);
  expect(seen.pulled).toBe(0);
});

test('may say that it is as large as is allowed', async () => {
  expect(await textOf(request('1234567890', { 'content-length': '10' }))).toBe('1234567890');
});

test('has fifteen seconds, however many pieces come', async () => {
  const clock = createFakeClock();
  let push: ReadableStreamDefaultController<Uint8Array> | undefined;
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => void (push = controller),
    cancel: () => void (cancelled = true),
  });
  let read: unknown;
  const reading = textOf(request(stream), clock).then((found) => (read = found));
  await clock.untilPending(1);
  await clock.advance(14_999);
  push!.enqueue(new Uint8Array(1));
  await clock.advance(0);
  expect([read, cancelled]).toEqual([undefined, false]);
  await clock.advance(1);
  await reading;
  expect([read, cancelled]).toEqual([[408, 'body_too_slow'], true]);
});

test('that fails is the failure of its reader, and leaves no timer', async () => {
  const stream = new ReadableStream({ pull: (controller) => controller.error(new TypeError('cut')) });
  const clock = createFakeClock();
  await expect(textOf(request(stream), clock)).rejects.toThrow('cut');
  expect(clock.pending).toBe(0);
});
