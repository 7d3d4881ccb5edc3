import { createHmac } from 'node:crypto';

import { createMemoryStore, createPlugboard, handlerWire, isStub, Secret, silentLog } from '@plugboard/core';
import { createEmulator } from '@plugboard/core/emulator';
import { agreesWithVerifier, createFakeClock, providerContract } from '@plugboard/testing';
import { describe, expect, test } from 'vitest';

import { mailgun } from '../src/index.ts';

const account = { id: 'mg.example.com', name: 'mg.example.com' };
const credentials = { apiKey: 'key-of-a-tenant', domain: 'mg.example.com' };
const signingKey = 'signing-key-of-the-app';
const target = { organizationId: 'org-1' };
const webhooks = mailgun.definition.webhooks!;

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

function rig() {
  const clock = createFakeClock();
  const provider = mailgun({ webhookSigningKey: signingKey });
  const vendor = createEmulator(provider, { clock, accounts: [account] });
  const sent: Request[] = [];
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [provider],
    store: createMemoryStore({ clock }),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env: {},
    log: silentLog,
    clock,
    wire: handlerWire((request) => {
      sent.push(request.clone());
      return vendor.fetch(request);
    }),
  });
  const connect = (more: object = {}) =>
    board.connect('mailgun', { ...target, credentials: { ...credentials, ...more } });
  return { board, clock, vendor, sent, connect, client: board.client('mailgun', target) };
}

const message = { from: 'Acme <a@mg.example.com>', to: 'b@example.com', subject: 'Hi', text: 'Hello' };
const formOf = async (request: Request | undefined) => [...(await request!.formData())];

describe('requests', () => {
  test('the user is `api`, the password the key, the host that of the region, the subaccount a header', async () => {
    const { connect, client, sent } = rig();
    await connect({ region: 'eu', subaccount: 'sub-1' });
    await client.domains.list({});
    const { url, headers } = sent.at(-1)!;
    expect(new URL(url).host).toBe('api.eu.mailgun.net');
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
      requireTls: true,
      skipVerification: false,
      headers: { 'X-Order': '7' },
      variables: { order: '{"id":7}' },
      deliverAt: '2026-11-20T11:00:00+01:00',
    });
    expect(sent.at(-1)!.headers.get('content-type')).toBe('application/x-www-form-urlencoded');
    const fields = (await formOf(sent.at(-1))).map(([name, value]) => `${name}=${value as string}`);
    expect(fields.toSorted()).toEqual([
      'amp-html=<html>',
      'cc=d@example.com',
      'from=Acme <a@mg.example.com>',
      'h:Reply-To=r@example.com',
      'h:X-Order=7',
      'o:deliverytime=Fri, 20 Nov 2026 10:00:00 +0000',
      'o:dkim=no',
      'o:require-tls=true',
      'o:skip-verification=false',
      'o:tag=one',
      'o:tag=two',
      'o:testmode=yes',
      'o:tracking-clicks=htmlonly',
      'o:tracking-opens=no',
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
    const form = await sent.at(-1)!.formData();
    const file = form.get('attachment') as File;
    expect([file.name, file.type, ...new Uint8Array(await file.arrayBuffer())]).toEqual([
      'a "b".bin',
      'application/x-test',
      ...content,
    ]);
    expect(form.get('subject')).toBe('Hi');
    await client.messages.sendMime({ to: 'b@example.com', message: 'From: a@b.c\r\n\r\nHi' });
    const mime = (await sent.at(-1)!.formData()).get('message') as File;
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
      return new URL(sent.at(-1)!.url).pathname;
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
    const paths = sent.slice(-2).map(({ url }) => url.replace('https://api.mailgun.net', ''));
    expect(paths).toEqual([
      '/v3/mg.example.com/events?begin=1&ascending=yes&message-id=m%40x',
      '/v3/mg.example.com/events/W3siYSI6IGZhbHNlfV0',
    ]);
    expect(found).toHaveLength(1);
  });
});

describe('the key', () => {
  const refusedRead = { status: 401, text: 'Forbidden' };

  test('one that can send and nothing else connects and is healthy; nothing is queued by asking', async () => {
    const { board, vendor, connect, sent } = rig();
    vendor.failNext(refusedRead);
    vendor.failNext('invalidInput');
    expect((await connect()).account).toEqual(account);
    expect(await formOf(sent.at(-1))).toEqual([['o:testmode', 'yes']]);
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

const url = 'https://app.example.com/integrations/webhooks/mailgun';
const jsonType = { 'content-type': 'application/json' };
const event = (id: string, domain = 'mg.example.com') =>
  JSON.stringify({ 'event-data': { id, event: 'delivered', timestamp: 1521472262.9, domain: { name: domain } } });

describe('deliveries', () => {
  const at = Date.UTC(2026, 10, 20, 10);
  const mac = (key: string, text: string) => createHmac('sha256', key).update(text).digest('hex');
  const post = (body: string | FormData | URLSearchParams, headers: Record<string, string> = {}) =>
    new Request(url, { method: 'POST', body, headers });

  function listening() {
    const made = rig();
    made.clock.set(at);
    const heard: { type: string; organizationId: string | null; data: unknown }[] = [];
    const { board } = made;
    board.on('mailgun', '*', (data, { type, organizationId }) => void heard.push({ type, organizationId, data }));
    const receive = async (request: Request) => (await board.webhooks.receive('mailgun', request)).status;
    const signed = (body: string, key = signingKey) => webhooks.signBody!({ body, url, at: new Date(at) }, key);
    return { ...made, heard, receive, signed };
  }

  test('an event reaches the organization whose domain it names', async () => {
    const { connect, receive, signed, heard } = listening();
    await connect();
    expect(await receive(post(await signed(event('e1')), jsonType))).toBe(200);
    expect(await receive(post(await signed(event('e2', 'MG.Example.com')), jsonType))).toBe(200);
    expect(await receive(post(await signed(event('e3', 'other.example.com')), jsonType))).toBe(200);
    expect(heard.map(({ organizationId }) => organizationId)).toEqual(['org-1', 'org-1']);
  });

  test('the vendor is told 406, which ends its tries, for whatever is not believed', async () => {
    const { connect, receive, signed, heard } = listening();
    await connect();
    const good = await signed(event('e1'));
    const form = (fields: [string, string][]) => new URLSearchParams(fields);
    const proof = Object.entries((JSON.parse(good) as { signature: Record<string, string> }).signature);
    const forged = [
      post(await signed(event('e1'), 'another-key'), jsonType),
      post(event('e1'), jsonType),
      post('not json', jsonType),
      post(good.replace('"token":"', '"token":"0'), jsonType),
      post(form([['recipient', 'a@mg.example.com'], ...proof, ['token', 'again']])),
      post(form([['recipient', 'a@mg.example.com'], ...proof.slice(1)])),
    ];
    for (const request of forged) expect(await receive(request)).toBe(406);
    expect(heard).toEqual([]);
  });

  test('a token serves one body: a copy does nothing, another body is refused, and a failure gives the token back', async () => {
    const { board, connect, receive, signed, heard } = listening();
    await connect();
    const good = await signed(event('e1'));
    let failures = 1;
    board.on('mailgun', 'delivered', () => {
      if (failures-- > 0) throw new Error('the database is down');
    });
    expect(await receive(post(good, jsonType))).toBe(500);
    // The next try of the vendor need not be the same to the byte.
    expect(await receive(post(good.replace('{"', '{ "'), jsonType))).toBe(200);
    expect(await receive(post(good.replace('{"', '{ "'), jsonType))).toBe(200);
    expect(await receive(post(good.replace('e1', 'e2'), jsonType))).toBe(406);
    expect(heard).toHaveLength(1);
  });

  test('eleven hours late is in time, thirteen are not', async () => {
    const { connect, receive, signed, clock } = listening();
    await connect();
    const good = await signed(event('e1'));
    clock.set(at + 13 * 3_600_000);
    expect(await receive(post(good, jsonType))).toBe(406);
    clock.set(at + 11 * 3_600_000);
    expect(await receive(post(good, jsonType))).toBe(200);
  });

  test("a subaccount's event passes by the parent's key", async () => {
    const { timestamp, token } = { timestamp: String(at / 1000), token: 't'.repeat(50) };
    const signature = { timestamp, token, signature: mac('unknown', timestamp + token) };
    const body = (parent: string) =>
      JSON.stringify({ signature: { ...signature, 'parent-signature': mac(parent, timestamp + token) } });
    const verdict = async (parent: string) => {
      const delivery = { method: 'POST', url: new URL(url), headers: new Headers(jsonType), receivedAt: at };
      const bytes = new TextEncoder().encode(body(parent));
      return (await webhooks.verify({ ...delivery, body: bytes }, [new Secret('parent-key')])).ok;
    };
    expect([await verdict('parent-key'), await verdict('other-key')]).toEqual([true, false]);
  });

  test('agrees with the rule of the vendor on two thousand mutations, and is stricter in what it says', async () => {
    // The three values as if they were headers, which is where the mutations are made.
    const values = async (key: string, moment: Date) =>
      (
        JSON.parse(await webhooks.signBody!({ body: '{}', url, at: moment }, key)) as {
          signature: Record<string, string>;
        }
      ).signature;
    const { stricter, accepted } = await agreesWithVerifier(
      {
        sign: ({ at: moment }, key) => values(key, moment),
        verify: ({ headers, body: _body, ...delivery }, secrets) => {
          const signature = Object.fromEntries(headers);
          const body = new TextEncoder().encode(JSON.stringify({ signature }));
          return webhooks.verify({ ...delivery, headers: new Headers(jsonType), body }, secrets);
        },
      },
      {
        secret: signingKey,
        // As mailgun-go's VerifyWebhookSignature.
        accepts: ({ headers: { timestamp = '', token = '', signature = '' } }) =>
          mac(signingKey, timestamp + token) === signature.toLowerCase(),
        stricter: ({ headers, signedAt, receivedAt }) => {
          if (/[A-F]/.test(headers['signature'] ?? '')) return 'upper case';
          return Math.abs(receivedAt - signedAt) > 43_200_000 ? 'stale' : undefined;
        },
      },
    );
    expect(Object.keys(stricter).toSorted()).toEqual(['stale', 'upper case']);
    expect(accepted).toBeGreaterThan(500);
  });

  test('inbound mail comes with its files, in a form of the platform as in one of the vendor', async () => {
    const { connect, receive, heard } = listening();
    await connect();
    const { timestamp, token } = { timestamp: String(at / 1000), token: 'u'.repeat(50) };
    const fields = {
      timestamp,
      token,
      signature: mac(signingKey, timestamp + token),
      recipient: 'Ada@MG.Example.com',
      subject: 'Ünïcode',
      'body-plain': 'Hello',
      'message-headers': '[["Subject","Ünïcode"]]',
    };
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('attachment-1', new File([new Uint8Array([0, 255])], 'a.bin', { type: 'application/x-test' }));
    form.append('attachment-2', new File([new Uint8Array(20 * 1_048_576)], 'large.bin'));
    expect(await receive(post(form))).toBe(200);
    expect(heard).toEqual([
      {
        type: 'email.received',
        organizationId: 'org-1',
        data: {
          recipient: 'Ada@MG.Example.com',
          subject: 'Ünïcode',
          'body-plain': 'Hello',
          'message-headers': [['Subject', 'Ünïcode']],
          attachments: [
            { field: 'attachment-1', name: 'a.bin', 'content-type': 'application/x-test', size: 2, content: 'AP8=' },
            {
              field: 'attachment-2',
              name: 'large.bin',
              'content-type': 'application/octet-stream',
              size: 20 * 1_048_576,
              content: null,
            },
          ],
        },
      },
    ]);
  });

  test('a notification of stored mail lists its files with their addresses', () => {
    const files = [{ url: 'https://storage.example/1', name: 'a.txt', size: 3, 'content-type': 'text/plain' }];
    const body = new URLSearchParams({
      recipient: 'a@x.example',
      domain: 'MG.example.com',
      attachments: JSON.stringify(files),
    });
    const [stored] = webhooks.parse({
      method: 'POST',
      url: new URL(url),
      receivedAt: at,
      body: new TextEncoder().encode(body.toString()),
      headers: new Headers({ 'content-type': 'application/x-www-form-urlencoded' }),
    });
    expect(stored).toMatchObject({ accountId: 'mg.example.com', data: { attachments: files } });
  });

  test("the emulator's deliveries of every kind pass", async () => {
    const { connect, receive, vendor, heard } = listening();
    await connect();
    for (const type of ['delivered', 'email.received']) {
      expect(await receive(await vendor.webhook(type, signingKey, { url }))).toBe(200);
    }
    expect(heard.map(({ type }) => type)).toEqual(['delivered', 'email.received']);
  });
});

test('without a key the stub answers and shows the parts of the form', async () => {
  const lines: unknown[] = [];
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [mailgun()],
    store: createMemoryStore(),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env: {},
    log: { ...silentLog, info: (fields) => void lines.push(fields) },
  });
  const attachments = [{ filename: 'a.txt', content: new TextEncoder().encode('hello') }];
  expect(isStub(await board.client('mailgun').email.send({ ...message, attachments }))).toBe(true);
  expect(lines).toMatchObject([{ body: { subject: 'Hi', attachment: 'a.txt (5 bytes)' } }]);
});
