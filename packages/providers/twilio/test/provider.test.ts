import { Secret, type Delivery } from '@plugboard/core';
import { agreesWithVerifier, conformance, createTestBoard, providerContract } from '@plugboard/testing';
import official from 'twilio';
import { expect, test } from 'vitest';

import { twilio } from '../src/index.ts';
import { sign, verify } from '../src/signature.ts';

providerContract(twilio, {});

const relative = 'The vendor answers a path where its description says URI.';
const newer = 'Verify is described in another file, which is not at hand.';
conformance(twilio.definition, {
  exceptions: { 'messages.list': relative, 'numbers.list': relative, 'codes.start': newer, 'codes.check': newer },
});

const accountSid = 'AC0123456789abcdef0123456789abcdef';
const authToken = '0123456789abcdef0123456789abcdef';
const organizationId = 'org-1';

function rig(platform: Record<string, string> = { accountSid, authToken }) {
  const made = createTestBoard(twilio({ platform }));
  made.answer((sent, request) => {
    const url = new URL(sent.url);
    // The emulator knows the default place only.
    url.host = url.host.replace(/^(\w+)\..*$/, '$1.twilio.com');
    return made.vendor.fetch(new Request(url, request));
  });
  return { ...made, client: made.board.client('twilio') };
}

function delivery(url: string, body: string, headers: Record<string, string>): Delivery {
  return {
    method: 'POST',
    url: new URL(url),
    headers: new Headers(headers),
    body: new TextEncoder().encode(body),
    receivedAt: 0,
  };
}

test('a message goes out as the vendor spells it, and is not repeated after a lost answer', async () => {
  const { client, vendor } = rig();
  const sent = await client.messages.send({ to: '+15558675310', from: '+15005550006', body: 'Hello' });
  expect(sent).toMatchObject({ status: 'queued', to: '+15558675310', body: 'Hello' });
  expect(await client.messages.get({ messageSid: sent.sid })).toMatchObject({ status: 'delivered' });
  vendor.failNext('outage');
  const before = vendor.requests.length;
  await expect(client.messages.send({ to: '+15558675310', from: '+15005550006', body: 'Hello' })).rejects.toMatchObject(
    { kind: 'unavailable' },
  );
  expect(vendor.requests.length - before).toBe(1);
});

test('wrong inputs are refused by field, and nothing is sent', async () => {
  const { client, vendor } = rig();
  const wrong = [
    { to: '5558675310', from: '+15005550006', body: 'x' },
    { to: '+15558675310', body: 'x' },
    { to: '+15558675310', from: '+15005550006' },
    { to: '+15558675310', from: '+15005550006', body: 'x', sendAt: new Date() },
    { to: '+15558675310', from: '+15005550006', body: 'x'.repeat(1601) },
  ];
  for (const input of wrong) await expect(client.messages.send(input)).rejects.toMatchObject({ code: 'invalid_input' });
  await expect(client.sms.send({ to: '+15558675310', text: 'x' })).rejects.toMatchObject({
    fields: [{ path: 'from' }],
  });
  expect(vendor.requests).toHaveLength(0);
});

test('the sender of the settings is used where a message names none', async () => {
  const { board } = rig();
  await board.connect('twilio', { organizationId, credentials: { accountSid, authToken } });
  await board.settings.update('twilio', { organizationId, settings: { from: '+15005550006' } });
  expect(await board.client('twilio', { organizationId }).sms.send({ to: '+15558675310', text: 'x' })).toMatchObject({
    status: 'queued',
  });
  expect(await board.settings.choices('twilio', { organizationId, field: 'from' })).toContainEqual({
    value: '+15005550006',
    label: 'Main line (+15005550006)',
  });
});

test('the account names itself without its token; a key that may not read accounts still connects', async () => {
  const { board, vendor, client } = rig();
  const shown = await client.accounts.get({ accountSid });
  expect(shown).not.toHaveProperty('auth_token');
  const keys = { accountSid, keySid: 'SK0123456789abcdef0123456789abcdef', keySecret: 'good-secret' };
  vendor.failNext('invalidCredentials');
  const connected = await board.connect('twilio', { organizationId, label: 'key', credentials: keys });
  expect(connected).toMatchObject({
    method: 'apiKey',
    status: 'active',
    account: { id: accountSid, name: accountSid },
  });
  expect(JSON.stringify(connected)).not.toContain('good-secret');
});

test.each([
  [{}, 'api.twilio.com'],
  [{ region: 'ie1' }, 'api.ie1.twilio.com'],
  [{ edge: 'dublin', region: 'ie1' }, 'api.dublin.ie1.twilio.com'],
  [{ edge: 'dublin' }, 'api.dublin.us1.twilio.com'],
])('region and edge %j choose %s', async (place, host) => {
  const { client, sent } = rig({ accountSid, authToken, ...place });
  await client.messages.list({});
  expect(sent.map(({ url }) => url.host)).toEqual([host]);
});

test.each(['evil.example/', 'ie1.evil', 'a@b', '..', 'x y', 'IE1#'])(
  'a region like %s is refused at connect',
  async (region) => {
    const { board } = rig();
    const connecting = board.connect('twilio', { organizationId, credentials: { accountSid, authToken, region } });
    await expect(connecting).rejects.toMatchObject({ fields: [{ path: 'region' }] });
  },
);

test('the official SDK talks through the board', async () => {
  const { client, vendor } = rig();
  const sdk = await client.sdk();
  const sent = await sdk.messages.create({ to: '+15558675310', from: '+15005550006', body: 'Hello' });
  expect(sent.status).toBe('queued');
  expect(vendor.requests.at(-1)).toMatchObject({
    method: 'POST',
    path: `/2010-04-01/Accounts/${accountSid}/Messages.json`,
  });
  await expect(sdk.messages.create({ to: '+15005550001', from: '+15005550006', body: 'x' })).rejects.toMatchObject({
    code: 'invalid_to',
  });
});

test.each(twilio.definition.webhooks!.vectors)('vendor vector: $name', async ({ url = '', body, headers, secret }) => {
  const given = delivery(url, body, headers);
  expect(await verify(given, [new Secret(secret)])).toEqual({ ok: true, secretIndex: 0 });
  expect(await verify(given, [new Secret('other'), new Secret(secret)])).toEqual({ ok: true, secretIndex: 1 });
  expect(await verify(given, [new Secret('other')])).toMatchObject({ ok: false });
});

const otherType = 'a content type that is no form';

test.each(['/p', ':443/p', ':8443/p', '/p?a=1', '/p?a=1&b=%20', ':8443/p?x=y'])(
  'R54 our verdict over https://mycompany.com%s equals that of the vendor, and is never the laxer',
  async (rest) => {
    const token = '12345';
    const formType = 'application/x-www-form-urlencoded';
    const { stricter } = await agreesWithVerifier(twilio.definition.webhooks!, {
      secret: token,
      url: `https://mycompany.com${rest}`,
      turns: 2_000,
      bodies: [
        '',
        'Body=Hello+there&From=%2B1',
        'A=1&a=2&%C3%84=3&Body=x%20y',
        'To=2&To=1&To=2&Sid=',
        'b=%22&a=%C3%A9&a=&a=1',
      ],
      accepts({ body, headers, url }) {
        const form = new URLSearchParams(body);
        const params = [...new Set(form.keys())].map((name) => {
          const values = form.getAll(name);
          return [name, values.length > 1 ? values : values[0]];
        });
        const signature = headers['x-twilio-signature'] ?? '';
        return official.validateRequest(token, signature, url, Object.fromEntries(params) as Record<string, string>);
      },
      // The vendor's helper gets the parameters and never sees what the body says it is.
      stricter: ({ headers }) => (headers['content-type']?.toLowerCase() === formType ? undefined : otherType),
    });
    expect(Object.keys(stricter)).toEqual([otherType]);
  },
);

test('what we sign, the vendor accepts', async () => {
  const url = 'https://mycompany.com/hook?a=1';
  const headers = await sign({ url, body: 'Body=Hello+there&From=%2B1' }, '12345');
  expect(
    official.validateRequest('12345', headers['x-twilio-signature'] ?? '', url, { Body: 'Hello there', From: '+1' }),
  ).toBe(true);
});

test('E05 a body that the signature does not cover is refused', async () => {
  const url = 'https://mycompany.com/hook';
  const { 'x-twilio-signature': signature = '' } = await sign({ url, body: '' }, '12345');
  const json = delivery(url, '{"a":1}', { 'x-twilio-signature': signature, 'content-type': 'application/json' });
  expect(await verify(json, [new Secret('12345')])).toMatchObject({ ok: false });
});

test('an inbound message reaches its handler and is answered with TwiML; a status callback is not', async () => {
  const { board } = rig();
  const heard: unknown[] = [];
  board.on('twilio', 'message.received', ({ Body }) => void heard.push(Body));
  board.on('twilio', 'message.status', ({ MessageStatus }) => void heard.push(MessageStatus));
  const url = 'https://app.example.com/integrations/webhooks/twilio';
  const post = async (body: string, token = authToken) => {
    const headers = await sign({ url, body }, token);
    return board.webhooks.receive('twilio', new Request(url, { method: 'POST', body, headers }));
  };
  const inbound = await post(`MessageSid=SM1&AccountSid=${accountSid}&From=%2B1&To=%2B2&Body=Hi`);
  expect([inbound.status, inbound.headers.get('content-type'), await inbound.text()]).toEqual([
    200,
    'text/xml',
    expect.stringContaining('<Response/>'),
  ]);
  for (const status of ['sent', 'delivered', 'delivered']) {
    expect((await post(`MessageSid=SM1&AccountSid=${accountSid}&MessageStatus=${status}`)).status).toBe(204);
  }
  expect((await post('MessageSid=SM2&Body=forged', 'f'.repeat(32))).status).toBe(401);
  expect(heard).toEqual(['Hi', 'sent', 'delivered']);
});
