import { isStub, silentLog } from '@plugboard/core';
import { createTestBoard, providerContract, type SentRequest } from '@plugboard/testing';
import { describe, expect, test } from 'vitest';

import { mailgun } from '../src/index.ts';
import { account, rig, target } from './rig.ts';

// There is no published description to compare with: see the README.
const offset = 'An offset grows by the items of each page, and the total says when to end.';
providerContract(mailgun, {
  account,
  exceptions: {
    'error status 403 alone means permission': 'The vendor answers 403 for keys that it does not know, as it does 401.',
    'paging domains.list: a vendor that always names the same next page is an error': offset,
    'paging routes.list: a vendor that always names the same next page is an error': offset,
  },
});

const message = { from: 'Acme <a@mg.example.com>', to: 'b@example.com', subject: 'Hi', text: 'Hello' };
const formOf = ({ headers, bytes }: SentRequest) => new Response(bytes, { headers }).formData();

describe('requests', () => {
  test('the user is `api`, the password the key, the host that of the region, the subaccount a header', async () => {
    const { connect, client, sent } = rig();
    await connect({ region: 'eu', subaccount: 'sub-1' });
    await client.domains.list({});
    const { url, headers } = sent.at(-1)!;
    expect(url.host).toBe('api.eu.mailgun.net');
    expect(headers.get('authorization')).toBe(`Basic ${Buffer.from('api:key-of-a-tenant').toString('base64')}`);
    expect(headers.get('x-mailgun-on-behalf-of')).toBe('sub-1');
  });

  test('a message without files is a plain form, with the names and the yes and no of the vendor', async () => {
    const { connect, client, sent } = rig();
    await connect();
    await client.messages.send({
      ...message,
      to: ['b@example.com', 'c@example.com'],
      cc: 'd@example.com',
      replyTo: 'r@example.com',
      ampHtml: '<html>',
      templateVersion: 'v2',
      templateText: true,
      templateVariables: { name: 'Ada' },
      recipientVariables: { 'b@example.com': { id: 1 } },
      tags: ['one', 'two'],
      testMode: true,
      dkim: false,
      tracking: true,
      trackingClicks: 'htmlonly',
      trackingOpens: false,
      trackingPixelLocationTop: true,
      secondaryDkim: 'example.com/s1',
      optimizeHours: 24,
      requireTls: true,
      skipVerification: false,
      headers: { 'X-Order': '7' },
      variables: { order: '{"id":7}' },
      deliverAt: '2026-11-20T11:00:00+01:00',
    });
    expect(sent.at(-1)!.headers.get('content-type')).toBe('application/x-www-form-urlencoded');
    const fields = [...(await formOf(sent.at(-1)!))].map(([name, value]) => `${name}=${value as string}`);
    expect(fields.toSorted()).toEqual([
      'amp-html=<html>',
      'cc=d@example.com',
      'from=Acme <a@mg.example.com>',
      'h:Reply-To=r@example.com',
      'h:X-Order=7',
      'o:deliverytime-optimize-period=24h',
      'o:deliverytime=Fri, 20 Nov 2026 10:00:00 +0000',
      'o:dkim=no',
      'o:require-tls=true',
      'o:secondary-dkim=example.com/s1',
      'o:skip-verification=false',
      'o:tag=one',
      'o:tag=two',
      'o:testmode=yes',
      'o:tracking-clicks=htmlonly',
      'o:tracking-opens=no',
      'o:tracking-pixel-location-top=yes',
      'o:tracking=yes',
      'recipient-variables={"b@example.com":{"id":1}}',
      'subject=Hi',
      't:text=yes',
      't:variables={"name":"Ada"}',
      't:version=v2',
      'text=Hello',
      'to=b@example.com',
      'to=c@example.com',
      'v:order={"id":7}',
    ]);
  });

  test('files make it multipart, byte for byte, and the receipt is the id that events have', async () => {
    const { connect, client, sent } = rig();
    await connect();
    const content = new Uint8Array([0, 255, 13, 10, 45, 45]);
    const attachments = [{ filename: 'a "b".bin', content, contentType: 'application/x-test' }];
    expect(await client.email.send({ ...message, attachments })).toEqual({
      id: '20111114174239.25659.5817@samples.mailgun.org',
    });
    const form = await formOf(sent.at(-1)!);
    const file = form.get('attachment') as File;
    expect([file.name, file.type, ...new Uint8Array(await file.arrayBuffer())]).toEqual([
      'a "b".bin',
      'application/x-test',
      ...content,
    ]);
    expect(form.get('subject')).toBe('Hi');
    await client.messages.sendMime({ to: 'b@example.com', message: 'From: a@b.c\r\n\r\nHi' });
    const mime = (await formOf(sent.at(-1)!)).get('message') as File;
    expect([mime.type, await mime.text()]).toEqual(['message/rfc822', 'From: a@b.c\r\n\r\nHi']);
  });

  test('too many recipients, no content and header lines of strangers are refused before anything is sent', async () => {
    const { connect, client, sent } = rig();
    await connect();
    const before = sent.length;
    const many = Array.from({ length: 600 }, (_, index) => `u${index}@example.com`);
    const { text: _text, ...empty } = message;
    for (const bad of [{ ...message, to: many, cc: many }, empty, { ...message, headers: { a: 'b\r\nbcc: x@y.z' } }]) {
      await expect(client.messages.send(bad)).rejects.toMatchObject({ code: 'invalid_input' });
    }
    await expect(client.email.send({ from: 'a@b.c', to: 'b@c.d', subject: 's' })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    expect(sent).toHaveLength(before);
  });

  test('calls are about the domain of the connection, of its settings, or of the call', async () => {
    const { board, connect, client, sent } = rig();
    await connect();
    const asked = async (input: { domain?: string }) => {
      await client.domains.get(input);
      return sent.at(-1)!.url.pathname;
    };
    expect(await asked({})).toBe('/v4/domains/mg.example.com');
    await board.settings.update('mailgun', { ...target, settings: { domain: 'News.Example.com' } });
    expect(await asked({})).toBe('/v4/domains/news.example.com');
    expect(await asked({ domain: 'other.example.com' })).toBe('/v4/domains/other.example.com');
    expect(await board.settings.choices('mailgun', { ...target, field: 'domain' })).toEqual([
      { value: 'mg.example.com', label: 'mg.example.com' },
    ]);
  });

  test('events are read page by page: the link is taken apart, never followed', async () => {
    const { connect, client, sent } = rig();
    await connect();
    const found: string[] = [];
    for await (const { id } of client.events.list({ begin: 1, ascending: true, messageId: 'm@x' })) found.push(id);
    const paths = sent.slice(-2).map(({ url }) => url.href.replace('https://api.mailgun.net', ''));
    expect(paths).toEqual([
      '/v3/mg.example.com/events?begin=1&ascending=yes&message-id=m%40x',
      '/v3/mg.example.com/events/W3siYSI6IGZhbHNlfV0',
    ]);
    expect(found).toHaveLength(1);
  });
});

test('addresses that get no mail are listed by the cursor of a link that is never followed, and added as a form', async () => {
  const { connect, client, sent } = rig();
  await connect();
  const before = sent.length;
  const found: string[] = [];
  for await (const { address } of client.bounces.list({ limit: 1 })) found.push(address);
  await client.bounces.add({ address: 'b+c@example.com', code: '550' });
  await client.unsubscribes.remove({ address: 'b+c@example.com' });
  expect(found).toEqual(['alice@example.com']);
  const calls = sent
    .slice(before)
    .map(({ method, url }) => `${method} ${url.href.replace('https://api.mailgun.net', '')}`);
  expect(calls).toEqual([
    'GET /v3/mg.example.com/bounces?limit=1',
    'GET /v3/mg.example.com/bounces?limit=1&page=next&address=alice%40example.com',
    'POST /v3/mg.example.com/bounces',
    'DELETE /v3/mg.example.com/unsubscribes/b%2Bc%40example.com',
  ]);
  expect(Object.fromEntries(await formOf(sent.at(-2)!))).toEqual({ address: 'b+c@example.com', code: '550' });
});

describe('the key', () => {
  const refusedRead = { status: 401, text: 'Forbidden' };

  test('one that can send and nothing else connects and is healthy; nothing is queued by asking', async () => {
    const { board, vendor, connect, sent } = rig();
    vendor.failNext(refusedRead);
    vendor.failNext('invalidInput');
    expect((await connect()).account).toEqual(account);
    expect([...(await formOf(sent.at(-1)!))]).toEqual([['o:testmode', 'yes']]);
    vendor.failNext(refusedRead);
    vendor.failNext('invalidInput');
    expect(await board.health('mailgun', target)).toMatchObject({ status: 'healthy', reason: 'send_only_key' });
  });

  test('a dead one is refused, with a word about regions', async () => {
    const { vendor, connect } = rig();
    vendor.failNext(refusedRead, 2);
    await expect(connect()).rejects.toMatchObject({ code: 'credentials_refused' });
    vendor.failNext(refusedRead);
    vendor.failNext({ status: 404, json: { message: 'Domain not found' } });
    const elsewhere = await connect().catch((error: unknown) => error);
    expect(elsewhere).toMatchObject({ code: 'not_found' });
    expect((elsewhere as { hint?: string }).hint).toContain('region');
  });

  test('a domain that is not active is healthy in part', async () => {
    const { board, vendor, connect } = rig();
    await connect();
    vendor.failNext({ json: { domain: { name: 'mg.example.com', state: 'unverified' } } });
    expect(await board.health('mailgun', target)).toMatchObject({ status: 'degraded', reason: 'domain_not_active' });
  });
});

test('without a key the stub answers and shows the parts of the form', async () => {
  const lines: unknown[] = [];
  const log = { ...silentLog, info: (fields: object) => void lines.push(fields) };
  const { board } = createTestBoard(mailgun(), { log });
  const attachments = [{ filename: 'a.txt', content: new TextEncoder().encode('hello') }];
  expect(isStub(await board.client('mailgun').email.send({ ...message, attachments }))).toBe(true);
  expect(lines).toMatchObject([{ body: { subject: 'Hi', attachment: 'a.txt (5 bytes)' } }]);
});
