import { isStub, silentLog } from '@plugboard/core';
import { conformance, createTestBoard, providerContract } from '@plugboard/testing';
import { expect, test } from 'vitest';

import { resend } from '../src/index.ts';

providerContract(resend, { app: { webhookSecret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' } });

conformance(resend.definition, {
  exceptions: { 'emails.reschedule': 'The description lists no body; the documentation of the endpoint does.' },
});

function rig(accessToken = 're_good_key') {
  const made = createTestBoard(resend({ platform: { accessToken } }));
  return { ...made, client: made.board.client('resend') };
}

const message = { from: 'Acme <a@acme.example>', to: 'b@example.com', subject: 'Hi', text: 'Hello' };

test('one email is sent once, however often the same key is used', async () => {
  const { client, vendor } = rig();
  const first = await client.email.send({ ...message, idempotencyKey: 'order-1' });
  const again = await client.email.send({ ...message, idempotencyKey: 'order-1' });
  expect(again).toEqual(first);
  await expect(client.email.send({ ...message, subject: 'Other', idempotencyKey: 'order-1' })).rejects.toMatchObject({
    kind: 'conflict',
    code: 'invalid_idempotent_request',
  });
  // Without a key of the caller every call has its own.
  const other = await client.email.send(message);
  expect(other.id).not.toBe(first.id);
  expect(vendor.requests.filter((request) => request.path === '/emails')).toHaveLength(4);
});

test('an answer that got lost is asked for again under the same key', async () => {
  const { client, clock, vendor } = rig();
  vendor.failNext('outage');
  const sending = client.emails.send({ from: 'a@acme.example', to: 'b@example.com', subject: 's', text: 't' });
  // Its deadline, and the wait before the second try.
  await clock.untilPending(2);
  await clock.advance(10_000);
  await expect(sending).resolves.toHaveProperty('id');
});

test('display names cannot end their quotes or the line', async () => {
  const { client } = rig();
  const { id } = await client.email.send({
    ...message,
    from: { email: 'a@acme.example', name: 'Acme"\r\nBcc: x@evil.example <y' },
    to: [{ email: 'b@example.com', name: 'B' }],
    attachments: [{ filename: 'a.txt', content: new TextEncoder().encode('hello'), contentType: 'text/plain' }],
  });
  const stored = await client.emails.get({ id });
  expect(stored.from).toBe('Acme   Bcc: x@evil.example  y <a@acme.example>');
  expect(stored).toMatchObject({
    to: ['B <b@example.com>'],
    attachments: [{ filename: 'a.txt', content: 'aGVsbG8=', content_type: 'text/plain' }],
  });
});

test('a message without content, or with a line break in an address, is refused by field before anything is sent', async () => {
  const { client, vendor } = rig();
  const { text: _text, ...empty } = message;
  await expect(client.email.send(empty)).rejects.toMatchObject({ code: 'invalid_input' });
  await expect(client.emails.send({ ...message, to: 'a@b.c\r\nbcc: x@y.z' })).rejects.toMatchObject({
    fields: [{ path: 'to' }],
  });
  await expect(client.emails.list({ after: 'a', before: 'b' })).rejects.toMatchObject({ code: 'invalid_input' });
  expect(vendor.requests).toHaveLength(0);
});

test('a key that may only send is healthy, and a wrong one is not', async () => {
  const { board, vendor } = rig();
  vendor.failNext('sendOnly');
  expect(await board.health('resend')).toMatchObject({ status: 'healthy', reason: 'send_only_key' });
  expect(await rig('re_wrong_key').board.health('resend')).toMatchObject({
    status: 'error',
    reason: 'invalid_api_key',
  });
  const connected = board.connect('resend', { organizationId: 'o', credentials: { accessToken: 're_wrong_key' } });
  await expect(connected).rejects.toMatchObject({
    code: 'credentials_refused',
    fields: [{ path: 'accessToken' }],
  });
});

test('the official SDK talks through the board: its key never leaves, failures come as it shows them', async () => {
  const { client, vendor } = rig();
  const sdk = await client.sdk();
  const { data, error } = await sdk.emails.send({
    from: 'a@acme.example',
    to: 'b@example.com',
    subject: 's',
    text: 't',
  });
  expect([typeof data?.id, error]).toEqual(['string', null]);
  const [request] = vendor.requests;
  expect(request).toMatchObject({ method: 'POST', path: '/emails' });
  vendor.failNext('notFound');
  expect(await sdk.emails.get('nope')).toMatchObject({ data: null, error: { statusCode: 404, name: 'not_found' } });
  const { data: listed } = await sdk.domains.list();
  expect(listed).toMatchObject({ object: 'list' });
});

test('without a key the stub answers, says so, and prints what would have been sent', async () => {
  const lines: unknown[] = [];
  const log = { ...silentLog, info: (fields: object, text: string) => void lines.push([text, fields]) };
  const { board } = createTestBoard(resend(), { log });
  const sent = await board.client('resend').email.send(message);
  expect(isStub(sent)).toBe(true);
  expect(lines).toMatchObject([
    [
      'stub: resend email.send would have sent',
      { request: 'POST api.resend.com/emails', body: { subject: 'Hi', text: 'Hello' } },
    ],
  ]);
  expect(await board.health('resend')).toMatchObject({ status: 'stubbed' });
});
