import { createHmac } from 'node:crypto';

import { Secret } from '@plugboard/core';
import { agreesWithVerifier } from '@plugboard/testing';
import { describe, expect, test } from 'vitest';

import { mailgun } from '../src/index.ts';
import { rig, signingKey } from './rig.ts';

const webhooks = mailgun.definition.webhooks!;
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

  test('a believed delivery without an event is told 406 too: no try of the vendor would cure it', async () => {
    const { connect, receive, signed, heard } = listening();
    await connect();
    expect(await receive(post(await signed('{"event-data":{"id":7}}'), jsonType))).toBe(406);
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

  test('R54 agrees with the rule of the vendor on ten thousand mutations, and is stricter in what it says', async () => {
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
