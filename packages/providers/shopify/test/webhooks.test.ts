import { createHmac } from 'node:crypto';

import { Secret, type Delivery } from '@plugboard/core';
import { agreesWithVerifier } from '@plugboard/testing';
import '@shopify/shopify-api/adapters/web-api';
import { ApiVersion, shopifyApi } from '@shopify/shopify-api';
import { describe, expect, test } from 'vitest';

import { shopify } from '../src/index.ts';
import { app, rig, shop, webhookUrl } from './rig.ts';

const { verify, parse, sign } = shopify.definition.webhooks!;
const secret = app.clientSecret;
const macOf = (body: string, key = secret) => createHmac('sha256', key).update(body).digest('base64');

function delivery(body: string, headers: Record<string, string>): Delivery {
  const bytes = new TextEncoder().encode(body);
  return { method: 'POST', url: new URL(webhookUrl), headers: new Headers(headers), body: bytes, receivedAt: 0 };
}

describe('a delivery', () => {
  const mac = 'HsqzcltSZyen93v+7HQPRctBjGYd3jrpSxegN5PnomQ=';

  test.each(['x-shopify', 'shopify'])('with headers of the family %s is believed and read', async (family) => {
    const headers = {
      [`${family}-hmac-sha256`]: mac,
      [`${family}-topic`]: 'refunds/create',
      [`${family}-shop-domain`]: 'SnowDevil.myshopify.com',
      [`${family}-webhook-id`]: 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
      [`${family}-triggered-at`]: '2026-11-20T10:00:00.123456789Z',
    };
    const given = delivery('{"id":1}', headers);
    const deliveryId = 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043';
    expect(await verify(given, [new Secret(secret)])).toEqual({ ok: true, secretIndex: 0, deliveryId });
    expect(parse(given)).toMatchObject([{ type: 'refunds/create', accountId: shop, id: deliveryId, data: { id: 1 } }]);
  });

  test('is judged by the newer header alone, where both are there', async () => {
    const both = delivery('{"id":1}', { 'shopify-hmac-sha256': `${mac.slice(0, -2)}A=`, 'x-shopify-hmac-sha256': mac });
    expect(await verify(both, [new Secret(secret)])).toMatchObject({ ok: false });
  });

  test('of any topic is read; of another shop, or without one, it is refused', () => {
    const headers = (topic: string, domain: string) => ({ 'x-shopify-topic': topic, 'x-shopify-shop-domain': domain });
    const typeOf = (topic: string, body = '{}', domain = shop) =>
      parse(delivery(body, headers(topic, domain)))[0]!.type;
    expect(typeOf('customer.tags_added')).toBe('customer.tags_added');
    expect(typeOf('shop/update', `{"myshopify_domain":"${shop}"}`)).toBe('shop/update');
    expect(typeOf('shop/redact', `{"shop_domain":"SNOWDEVIL.myshopify.com"}`)).toBe('shop/redact');
    for (const body of ['{"shop_domain":"evil.myshopify.com"}', '{"myshopify_domain":"evil.myshopify.com"}']) {
      expect(() => typeOf('app/uninstalled', body)).toThrow(/another shop/);
    }
    for (const domain of ['', 'evil.example', `${shop}.evil.example`])
      expect(() => typeOf('x/y', '{}', domain)).toThrow();
    for (const topic of ['', '*', 'a b', 'orders\u0000']) expect(() => typeOf(topic.replace('\u0000', '%'))).toThrow();
  });

  test('keeps ids that no number can hold, and its schema takes them', () => {
    const given = delivery('{"id":820982911946154508,"name":"#9999"}', {
      'x-shopify-topic': 'orders/create',
      'x-shopify-shop-domain': shop,
    });
    const [event] = parse(given);
    expect(event!.data).toMatchObject({ id: '820982911946154508' });
    const { events } = shopify.definition.webhooks!;
    expect(events['orders/create']['~standard'].validate(event!.data)).not.toHaveProperty('issues');
  });
});

describe('the board', () => {
  async function connected() {
    const given = rig({ ...app, previousClientSecret: 'the-secret-before' });
    await given.connect();
    const heard: unknown[] = [];
    given.board.on('shopify', '*', (data, { type, organizationId }) => void heard.push([type, organizationId, data]));
    const post = async (topic: string, body: string, more: { key?: string; id?: string; shop?: string } = {}) => {
      const headers = {
        'x-shopify-hmac-sha256': macOf(body, more.key),
        'x-shopify-topic': topic,
        'x-shopify-shop-domain': more.shop ?? shop,
        'x-shopify-webhook-id': more.id ?? `${topic} 1`,
      };
      const request = new Request(webhookUrl, { method: 'POST', body, headers });
      return (await given.board.webhooks.receive('shopify', request)).status;
    };
    return { ...given, heard, post };
  }

  test('hears a delivery once, from its shop alone, and of the secret before its rotation', async () => {
    const { heard, post } = await connected();
    expect(await post('orders/paid', '{"id":1,"name":"#1"}')).toBe(200);
    expect(await post('orders/paid', '{"id":1,"name":"#1"}')).toBe(200);
    expect(await post('orders/paid', '{"id":2,"name":"#2"}', { id: 'second', key: 'the-secret-before' })).toBe(200);
    expect(await post('orders/paid', '{"id":3,"name":"#3"}', { id: 'third', key: 'no-secret' })).toBe(401);
    expect(await post('orders/paid', '{"id":4,"name":"#4"}', { id: 'fourth', shop: 'other.myshopify.com' })).toBe(200);
    expect(await post('orders/paid', '{"shop_domain":"other.myshopify.com"}', { id: 'fifth' })).toBe(400);
    expect(heard).toEqual([
      ['orders/paid', 'org-1', { id: 1, name: '#1' }],
      ['orders/paid', 'org-1', { id: 2, name: '#2' }],
    ]);
  });

  test('ends a connection whose app was uninstalled, without asking the shop again', async () => {
    const { board, post, sent, status } = await connected();
    expect(await post('app/uninstalled', `{"id":954889,"myshopify_domain":"${shop}"}`)).toBe(200);
    expect(await status()).toBe('disconnected');
    expect(sent).toEqual([]);
    await expect(board.client('shopify', { organizationId: 'org-1' }).shop.get()).rejects.toMatchObject({
      kind: 'auth',
    });
  });

  test('takes the three topics of privacy as the vendor sends them', async () => {
    const { heard, post } = await connected();
    const customer = { id: 191167, email: 'john@example.com', phone: '555-625-1199' };
    const store = { shop_id: 954889, shop_domain: shop };
    const bodies = {
      'customers/data_request': { ...store, orders_requested: [299938], customer, data_request: { id: 9999 } },
      'customers/redact': { ...store, customer, orders_to_redact: [299938, 280263] },
      'shop/redact': store,
    };
    for (const [topic, body] of Object.entries(bodies)) expect(await post(topic, JSON.stringify(body))).toBe(200);
    expect(heard).toEqual(Object.entries(bodies).map(([topic, body]) => [topic, 'org-1', body]));
  });
});

test(
  'R54 our verdict equals that of the official SDK, but for topics and shops of another form',
  { timeout: 30_000 },
  async () => {
    const sdk = shopifyApi({
      apiKey: app.clientId,
      apiSecretKey: secret,
      hostName: 'app.example.com',
      apiVersion: ApiVersion.October26,
      isEmbeddedApp: true,
      logger: { log: () => undefined },
    });
    const named = { 'x-shopify-topic': 'orders/create', 'x-shopify-shop-domain': shop };
    const read = {
      sign,
      /** The SDK judges the headers together with the signature. */
      async verify(given: Delivery, secrets: readonly Secret[]) {
        const verdict = await verify(given, secrets);
        try {
          parse(given);
        } catch {
          return { ok: false, reason: 'malformed' } as const;
        }
        return verdict;
      },
    };
    const { stricter } = await agreesWithVerifier(read, {
      secret,
      headers: named,
      bodies: ['{"id":1}', '{"text":"é ü 漢"}', '{}', '{"a":[1,2,3]}\n'],
      async accepts({ body, headers }) {
        const unread = { 'x-shopify-api-version': '2026-10', 'x-shopify-webhook-id': 'w1' };
        const rawRequest = new Request(webhookUrl, { method: 'POST', headers: { ...headers, ...unread }, body });
        return (await sdk.webhooks.validate({ rawBody: body, rawRequest })).valid;
      },
      stricter: ({ headers }) =>
        Object.entries(named).some(([name, value]) => headers[name] !== value) ? 'headers of another form' : undefined,
    });
    expect(stricter['headers of another form']).toBeGreaterThan(0);
  },
);
