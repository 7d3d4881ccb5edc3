/** Topics of a shop, signed over the body with the client secret: https://shopify.dev/docs/apps/build/webhooks (2026-10). */
import {
  checkInput,
  hmacSignature,
  hmacSigner,
  member,
  parseJson,
  text,
  type Delivery,
  type WebhookDefinition,
} from '@plugboard/core';
import { like, z } from '@plugboard/core/fields';

import { shopDomain } from './access.ts';

/** The newer Events deliveries leave the `x-` out; which one it is shows in the header of the signature. */
const scheme = (prefix: '' | 'x-') =>
  ({
    header: `${prefix}shopify-hmac-sha256`,
    algorithm: 'sha256',
    encoding: 'base64',
    deliveryId: `${prefix}shopify-webhook-id`,
  }) as const;
const classic = hmacSignature(scheme('x-'));
const events = hmacSignature(scheme(''));

const headerOf = ({ headers }: Delivery, name: string) =>
  headers.get(`x-shopify-${name}`) ?? headers.get(`shopify-${name}`) ?? '';
/** `orders/create`, and `customer.tags_added`. */
const meta = z.object({ topic: z.string().regex(/^[a-z][a-z0-9_./]*$/), shop: shopDomain });

/** A text where no number can hold it: those of the vendor's test notifications. */
const id = z.union([z.number(), z.string()]).meta({ examples: [5678901234] });
const order = like(
  { id, name: '#9999' },
  { email: 'jenny@example.com', total_price: '398.00', currency: 'USD', updated_at: '2026-11-20T10:00:00-05:00' },
);
const product = like({ id }, { title: 'Snowboard', handle: 'snowboard', status: 'active' });
const customer = like({ id }, { email: 'jenny@example.com', first_name: 'Jenny', last_name: 'Rosen' });
const subject = like({ id }, { email: 'jenny@example.com', phone: '+15558675310' });
const store = { shop_id: id, shop_domain: 'snowdevil.myshopify.com' };
const any = z.looseObject({});

/**
 * The signature covers the body alone, and names topic and shop in headers. Bodies that name the shop must name the same.
 */
function parse(delivery: Delivery) {
  const { topic, shop } = checkInput(
    meta,
    { topic: headerOf(delivery, 'topic'), shop: headerOf(delivery, 'shop-domain') },
    'The webhook headers',
  );
  const data = parseJson(new TextDecoder().decode(delivery.body), { bigIntegers: 'string' });
  const named = text(member(data, 'shop_domain')) ?? text(member(data, 'myshopify_domain')) ?? shop;
  checkInput(z.literal(shop, { error: 'is of another shop' }), named.toLowerCase(), 'The webhook body');
  const triggered = headerOf(delivery, 'triggered-at');
  const deliveryId = headerOf(delivery, 'webhook-id');
  const when = Number.isNaN(Date.parse(triggered)) ? {} : { occurredAt: new Date(triggered) };
  return [{ type: topic, accountId: shop, data, ...when, ...(deliveryId !== '' && { id: deliveryId }) }];
}

export const webhooks = {
  docs: 'https://shopify.dev/docs/apps/build/webhooks/subscribe/https',
  // The vendor may sign with a rotated secret for an hour.
  secrets: ({ app }) => [app['clientSecret'], app['previousClientSecret']],
  verify: (delivery, secrets) => (delivery.headers.has('shopify-hmac-sha256') ? events : classic)(delivery, secrets),
  parse,
  // No time is signed: retries come for four hours, replays could come later.
  rememberDays: 7,
  events: {
    'app/uninstalled': any,
    'app/scopes_update': any,
    'shop/update': any,
    'orders/create': order,
    'orders/updated': order,
    'orders/paid': order,
    'orders/cancelled': order,
    'orders/fulfilled': order,
    'products/create': product,
    'products/update': product,
    'products/delete': product,
    'customers/create': customer,
    'customers/update': customer,
    'customers/delete': customer,
    'refunds/create': any,
    'fulfillments/create': any,
    'fulfillments/update': any,
    'inventory_levels/update': any,
    'bulk_operations/finish': any,
    'app_subscriptions/update': any,
    // Mandatory for apps of the store; set in the app's configuration, to be acted on within 30 days.
    'customers/data_request': like(
      { ...store, customer: subject, data_request: { id } },
      { orders_requested: z.array(id) },
    ),
    'customers/redact': like({ ...store, customer: subject }, { orders_to_redact: z.array(id) }),
    'shop/redact': like(store),
  },
  ends: ['app/uninstalled'],
  vectors: [
    {
      name: 'an order',
      source: 'computed',
      secret: 'testApiSecretKey',
      headers: {
        'x-shopify-hmac-sha256': 'HsqzcltSZyen93v+7HQPRctBjGYd3jrpSxegN5PnomQ=',
        'x-shopify-topic': 'refunds/create',
        'x-shopify-shop-domain': 'snowdevil.myshopify.com',
        'x-shopify-webhook-id': 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
      },
      body: '{"id":1}',
      ok: true,
      events: ['refunds/create'],
    },
  ],
  sign: hmacSigner(scheme('x-')),
} satisfies WebhookDefinition;
