import { createVerify } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { member, parseJson, Secret, text as textOf } from '@plugboard/core';
import type { Delivery, WebhookDefinition } from '@plugboard/core';
import { createEmulator } from '@plugboard/core/emulator';
import { createFakeClock, createTestBoard, type SentRequest } from '@plugboard/testing';
import { describe, expect, test } from 'vitest';

import { paypal } from '../src/index.ts';

const { verify, sign, vectors } = paypal.definition.webhooks as unknown as WebhookDefinition;
const webhookId = '4JH86294D6297924G';
const secret = `sandbox ${webhookId} certificate`;
const at = new Date('2026-11-20T10:00:05Z');
const certUrl = vectors[0]!.headers['paypal-cert-url']!;
const pem = await (await createEmulator(paypal()).fetch(new Request(certUrl))).text();
/** Of PayPal's SDKs for Python, Ruby and Node (2015); the certificate that it was signed with is gone. */
const links = 'https://api.sandbox.paypal.com/v1/notifications/webhooks-events/WH-0G2756385H040842W-5Y612302CV158622M';
const payments = 'https://api.sandbox.paypal.com/v1/payments';
const sale = `${payments}/sale/4EU7004268015634R`;
const eligible = 'ITEM_NOT_RECEIVED_ELIGIBLE,UNAUTHORIZED_PAYMENT_ELIGIBLE';
const body = `{"id":"WH-0G2756385H040842W-5Y612302CV158622M","create_time":"2015-05-18T15:45:13Z","resource_type":"sale","event_type":"PAYMENT.SALE.COMPLETED","summary":"Payment completed for $ 20.0 USD","resource":{"id":"4EU7004268015634R","create_time":"2015-05-18T15:44:02Z","update_time":"2015-05-18T15:44:21Z","amount":{"total":"20.00","currency":"USD"},"payment_mode":"INSTANT_TRANSFER","state":"completed","protection_eligibility":"ELIGIBLE","protection_eligibility_type":"${eligible}","parent_payment":"PAY-86C81811X5228590KKVNARQQ","transaction_fee":{"value":"0.88","currency":"USD"},"links":[{"href":"${sale}","rel":"self","method":"GET"},{"href":"${sale}/refund","rel":"refund","method":"POST"},{"href":"${payments}/payment/PAY-86C81811X5228590KKVNARQQ","rel":"parent_payment","method":"GET"}]},"links":[{"href":"${links}","rel":"self","method":"GET"},{"href":"${links}/resend","rel":"resend","method":"POST"}]}`;

interface World {
  readonly certificate?: string;
  readonly environment?: 'sandbox' | 'live';
  readonly check?: 'certificate' | 'api';
  readonly api?: (sent: SentRequest) => Response;
}

/** A board whose organization has connected its app; the network answers as PayPal would. */
async function connected({ certificate = pem, environment = 'sandbox', check = 'certificate', api }: World = {}) {
  const { board, clock, vendor, answer } = createTestBoard(paypal({ stub: false }), {
    clock: createFakeClock({ start: at.getTime() }),
  });
  const fetched: string[] = [];
  answer((sent, request) => {
    const { href, pathname } = sent.url;
    if (pathname.includes('/notifications/') && !pathname.endsWith('/webhooks')) fetched.push(href);
    if (pathname.includes('/certs/')) return new Response(certificate);
    if (api !== undefined && pathname.endsWith('/verify-webhook-signature')) return api(sent);
    // The emulator stands in the sandbox alone.
    return vendor.fetch(new Request(href.replace('api-m.paypal', 'api-m.sandbox.paypal'), request));
  });
  const { example } = paypal.definition.auth.clientCredentials;
  const credentials = { ...example, environment, webhookId, webhookCheck: check } as never;
  await board.connect('paypal', { organizationId: 'o', credentials });
  const heard: unknown[] = [];
  board.on('paypal', '*', (data, { type, id }) => void heard.push([type, id, data]));
  fetched.length = 0;
  return {
    fetched,
    heard,
    clock,
    async receive(headers: Record<string, string>, text: string | Uint8Array<ArrayBuffer> = body) {
      const request = new Request('https://app.example.com/integrations/webhooks/paypal', {
        method: 'POST',
        headers,
        body: text,
      });
      const answer = await board.webhooks.receive('paypal', request, { organizationId: 'o' });
      const said = await answer.text();
      return [answer.status, said === '' ? '' : textOf(member(parseJson(said), 'code'))];
    },
  };
}

const signed = (text = body, when = at, as = secret) => sign({ body: text, at: when, url: '' }, as);
const refused = [401, 'signature_invalid'];

describe('by certificate', () => {
  test('the vendor’s own delivery has the checksum that its SDKs expect, and is believed', async () => {
    expect([Buffer.byteLength(body), crc32(body)]).toEqual([1288, 2_771_810_304]);
    const { receive, heard, fetched } = await connected();
    const headers = await signed();
    const seen = createVerify('SHA256');
    const { 'paypal-transmission-id': id, 'paypal-transmission-time': time } = headers;
    seen.update(`${id}|${time}|4JH86294D6297924G|2771810304`);
    expect(seen.verify(pem, headers['paypal-transmission-sig']!, 'base64')).toBe(true);
    expect(await receive({ ...headers })).toEqual([200, '']);
    expect(heard).toEqual([['PAYMENT.SALE.COMPLETED', id, expect.objectContaining({ resource_type: 'sale' })]]);
    expect(fetched).toEqual([certUrl]);
  });

  test('a certificate is fetched once, and a signature serves once: not for another body of the same checksum', async () => {
    const { receive, heard, fetched } = await connected();
    const headers = await signed();
    await receive({ ...headers });
    expect(await receive({ ...headers })).toEqual([200, '']);
    const other = sameChecksum(body);
    expect([other === body, crc32(other)]).toEqual([false, crc32(body)]);
    expect(await receive({ ...headers }, other)).toEqual([200, '']);
    expect([heard.length, fetched.length]).toEqual([1, 1]);
  });

  test('a signed time older than what is remembered is refused', async () => {
    const { receive, clock } = await connected();
    const headers = await signed();
    clock.set(at.getTime() + 7 * 86_400_000 + 1000);
    expect(await receive({ ...headers })).toEqual([401, 'timestamp_outside_tolerance']);
  });

  test.each([
    'http://api.paypal.com/v1/notifications/certs/CERT-1',
    'https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1',
    'https://evil.example/v1/notifications/certs/CERT-1',
    'https://169.254.169.254/v1/notifications/certs/CERT-1',
    'http://169.254.169.254/latest/meta-data/',
    'https://api.sandbox.paypal.com@evil.example/v1/notifications/certs/CERT-1',
    'https://api.sandbox.paypal.com:8443/v1/notifications/certs/CERT-1',
    'https://api.sandbox.paypal.com/v1/notifications/certs/../../../evil',
    'https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1?x=https://evil.example',
    'https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1#x',
    'https://api.sandbox.paypal.com/v1/notifications/certs/%2e%2e',
    'https://www.paypal.com/v1/notifications/certs/CERT-1',
    'https://api.sandbox.paypal.com/elsewhere/CERT-1',
    'HTTPS://API.SANDBOX.PAYPAL.COM/v1/notifications/certs/CERT-1',
    // A certificate of the other environment.
    'https://api.paypal.com/v1/notifications/certs/CERT-1',
  ])('E14 %s is never fetched', async (url) => {
    const { receive, fetched } = await connected();
    expect(await receive({ ...(await signed()), 'paypal-cert-url': url })).toEqual(refused);
    expect(fetched).toEqual([]);
  });

  test.each(['api.sandbox.paypal.com', 'api-m.sandbox.paypal.com'])('certificates are served by %s', async (host) => {
    const { receive } = await connected();
    const url = `https://${host}/v1/notifications/certs/CERT-1`;
    expect(await receive({ ...(await signed()), 'paypal-cert-url': url })).toEqual([200, '']);
  });

  test('a live webhook believes the live host alone', async () => {
    const { receive, fetched } = await connected({ environment: 'live' });
    expect(await receive({ ...(await signed()) })).toEqual(refused);
    expect(await receive({ ...(await signed(body, at, secret.replace('sandbox', 'live'))) })).toEqual([200, '']);
    expect(fetched).toEqual([certUrl.replace('.sandbox', '')]);
  });

  test.each([
    ['of another name', (text: string) => text.replaceAll('messageverificationcerts.', 'messageverificationcertX.')],
    ['of another domain', (text: string) => text.replaceAll('.paypal.com', '.paypal.evl')],
    ['that has ended', (text: string) => text.replace('20991231235959Z', '20260601000000Z')],
    ['that has not begun', (text: string) => text.replace('260101000000Z', '270101000000Z')],
    ['that is none', () => 'x'],
  ])('a certificate %s is refused', async (_what, change) => {
    const der = Buffer.from(pem.replaceAll(/-----.*-----|\s/g, ''), 'base64').toString('latin1');
    const changed = Buffer.from(change(der), 'latin1').toString('base64');
    const certificate = `-----BEGIN CERTIFICATE-----\n${changed}\n-----END CERTIFICATE-----\n`;
    const { receive } = await connected({ certificate });
    expect(await receive({ ...(await signed()) })).toEqual(refused);
  });

  test('the algorithm of old is refused', async () => {
    const { receive } = await connected();
    expect(await receive({ ...(await signed()), 'paypal-auth-algo': 'SHA1withRSA' })).toEqual(refused);
  });
});

describe('by API', () => {
  const answer = (status: string) => Response.json({ verification_status: status });

  test('the body goes back byte by byte, with a live token of the connection', async () => {
    const sent: SentRequest[] = [];
    const { receive, heard } = await connected({
      check: 'api',
      api: (request) => (sent.push(request), answer('SUCCESS')),
    });
    const odd = `{ "id":"WH-1", "create_time":"2026-11-20T10:00:00Z", "event_type":"X.Y",  "resource":{"n":1.0e2,"é":"\\u00e9"}}`;
    const headers = await signed(odd);
    expect(await receive({ ...headers }, odd)).toEqual([200, '']);
    expect(heard).toHaveLength(1);
    const [{ text, json, headers: auth }] = sent as [SentRequest];
    expect(text.endsWith(`,"webhook_event":${odd}}`)).toBe(true);
    expect(json).toMatchObject({
      auth_algo: 'SHA256withRSA',
      cert_url: certUrl,
      transmission_id: headers['paypal-transmission-id'],
      transmission_sig: headers['paypal-transmission-sig'],
      transmission_time: '2026-11-20T10:00:05Z',
      webhook_id: webhookId,
    });
    expect(auth.get('authorization')).toMatch(/^Bearer \S+$/);
  });

  test('a failure with status 200 is a refusal; an outage asks PayPal to send again', async () => {
    const failing = await connected({ check: 'api', api: () => answer('FAILURE') });
    expect(await failing.receive({ ...(await signed()) })).toEqual(refused);
    const bad = await connected({
      check: 'api',
      api: () => Response.json({ name: 'VALIDATION_ERROR' }, { status: 400 }),
    });
    expect(await bad.receive({ ...(await signed()) })).toEqual(refused);
    const down = await connected({ check: 'api', api: () => new Response('', { status: 503 }) });
    expect(await down.receive({ ...(await signed()) })).toEqual([503, 'key_unavailable']);
    expect([failing, bad, down].flatMap(({ heard }) => heard)).toEqual([]);
  });

  test.each([
    '{"id":"x"},"webhook_id":"OTHER","webhook_event":{"id":"y"}',
    '{"id":"x"} trailing',
    '"id"',
    '\uFEFF{"id":"x"}',
    '{}',
    new Uint8Array([0x7b, 0x22, 0x69, 0x64, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
  ])('a body that is not one JSON object never reaches the request: %j', async (text) => {
    const { receive, fetched } = await connected({ check: 'api', api: () => answer('SUCCESS') });
    expect(await receive({ ...(await signed()) }, text)).toEqual([400, 'malformed']);
    expect(fetched).toEqual([]);
  });

  test('what can be judged here is judged before PayPal is asked', async () => {
    const { receive, fetched } = await connected({ check: 'api', api: () => answer('SUCCESS') });
    const { 'paypal-transmission-sig': _, ...unsigned } = await signed();
    expect(await receive(unsigned)).toEqual([401, 'signature_missing']);
    expect(await receive({ ...(await signed()), 'paypal-cert-url': 'https://evil.example/x' })).toEqual(refused);
    expect(fetched).toEqual([]);
  });
});

/** Every verdict of the vendor's documented sample for Node, over mutated deliveries. */
const mutations = 10_000;
test(
  'R54 our verdict equals that of the documented sample over mutations, or is stricter for a listed reason',
  { timeout: 30_000 },
  async () => {
    const next = seeded(54);
    const pick = <T>(items: readonly T[]) => items[Math.floor(next() * items.length)]!;
    const tools = { app: {}, request: () => expect.unreachable(), keys: keysOf(pem) };
    const headers = await signed();
    const flip = (text: string) => {
      const index = Math.floor(next() * text.length);
      return text.slice(0, index) + pick(['0', 'A', '-', ' ', '|', '=']) + text.slice(index + 1);
    };
    let accepted = 0;
    let stricter = 0;
    for (let turn = 0; turn < mutations; turn++) {
      const changed = pick([
        'nothing',
        'body',
        'paypal-transmission-id',
        'paypal-transmission-time',
        'paypal-transmission-sig',
      ]);
      const name = changed as keyof typeof headers;
      const mutated = { ...headers, ...(changed in headers && { [name]: flip(headers[name]!) }) };
      const text = changed === 'body' ? flip(body) : body;
      const delivery: Delivery = {
        method: 'POST',
        url: new URL('https://app.example.com/'),
        headers: new Headers(mutated),
        body: new TextEncoder().encode(text),
        receivedAt: at.getTime(),
      };
      const ours = (await verify(delivery, [new Secret(secret)], tools)).ok;
      const values = delivery.headers;
      const [id, time] = [values.get('paypal-transmission-id'), values.get('paypal-transmission-time')];
      const theirs = createVerify('SHA256')
        .update(`${id}|${time}|${webhookId}|${crc32(text)}`)
        .verify(pem, values.get('paypal-transmission-sig') ?? '', 'base64');
      // The sample reads base64 that is none, and so may we not: the text of a signature has one form.
      const strict = theirs && !ours && changed === 'paypal-transmission-sig';
      if (strict) stricter++;
      else expect(ours, `${changed} of turn ${turn}`).toBe(theirs);
      if (ours) accepted++;
    }
    expect(accepted).toBeGreaterThan(mutations / 8);
    expect(stricter).toBeLessThan(mutations / 20);
  },
);

/** A key cache that knows one certificate. */
function keysOf(certificate: string) {
  const der = new Uint8Array(Buffer.from(certificate.replaceAll(/-----.*-----|\s/g, ''), 'base64'));
  const begin = Buffer.from(der).indexOf(Buffer.from('30820122300d06092a864886f70d0101010500', 'hex'));
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const key = crypto.subtle.importKey('spki', der.slice(begin, begin + 294), algorithm, false, ['verify']);
  return { find: () => key as never };
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Another body of the same CRC-32, as whoever has seen one delivery could make it: digits of a new member are searched. */
function sameChecksum(text: string): string {
  const head = text.replace('"20.00"', '"99.00"').replace(/\}$/, ',"x":"');
  const wanted = crc32(text);
  // Linear algebra over GF(2): which bits of 44 letters, all even, change the checksum to what it must be.
  const letters = 44;
  const plain = 'A'.repeat(letters);
  const base = crc32(`${head}${plain}"}`);
  const flips = Array.from({ length: letters }, (_, index) => {
    const other = `${plain.slice(0, index)}B${plain.slice(index + 1)}`;
    return crc32(`${head}${other}"}`) ^ base;
  });
  const chosen = solve(flips, wanted ^ base);
  const found = Array.from({ length: letters }, (_, index) => (chosen.has(index) ? 'B' : 'A')).join('');
  return `${head}${found}"}`;
}

/** Indexes of the vectors whose sum modulo 2 is the target. */
function solve(vectorsOf: readonly number[], target: number): Set<number> {
  const rows: { value: number; members: Set<number> }[] = [];
  const reduce = (value: number, members: Set<number>) => {
    let left = value;
    let sum = members;
    for (const row of rows) {
      if ((left ^ row.value) >>> 0 >= left >>> 0) continue;
      left ^= row.value;
      sum = new Set([...sum, ...row.members].filter((member) => sum.has(member) !== row.members.has(member)));
    }
    return { value: left, members: sum };
  };
  for (const [index, value] of vectorsOf.entries()) {
    const row = reduce(value, new Set([index]));
    if (row.value !== 0) rows.push(row);
    rows.sort((a, b) => (b.value >>> 0) - (a.value >>> 0));
  }
  return reduce(target, new Set()).members;
}
