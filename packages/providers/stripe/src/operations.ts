/** What the client offers: forms with brackets below https://docs.stripe.com/api (2026-10-28.endive). Amounts are in the minor unit. */
import { endpoint, type QueryValue } from '@plugboard/core';
import { given, like } from '@plugboard/core/fields';
import { z } from 'zod';

/** `{ items: [{ price: 'p' }] }` as `items[0][price]=p`; null clears a field, undefined says nothing. */
export function brackets(value: unknown, name = ''): Record<string, QueryValue> {
  if (value === undefined) return {};
  if (value === null) return { [name]: '' };
  if (value instanceof Date) return { [name]: Math.floor(value.getTime() / 1000) };
  if (typeof value !== 'object') return { [name]: value as QueryValue };
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const inside = (key: string) => (name === '' ? key : `${name}[${key}]`);
  return Object.assign({}, ...entries.map(([key, item]) => brackets(item, inside(key)))) as Record<string, QueryValue>;
}

const without = (names: readonly string[], input: object) =>
  Object.fromEntries(Object.entries(input).filter(([name]) => !names.includes(name)));
/** Every write carries a key, kept for 24 hours: https://docs.stripe.com/api/idempotent_requests */
const write = {
  encode: (input: object) => ({ form: brackets(without(['id'], input)) }),
  idempotency: { header: 'idempotency-key' },
};
const read = { encode: (input: object) => ({ query: brackets(without(['id'], input)) }) };

const id = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}_\\w+$`), { error: `must be an id: ${prefix}_...` });
const one = (example: string) => given({ id: id(example.split('_', 1)[0]!).meta({ examples: [example] }) });
const amount = z
  .int()
  .min(1)
  .max(99_999_999)
  .meta({ examples: [2000] });
const currency = z
  .string()
  .regex(/^[a-z]{3}$/, { error: 'must be ISO 4217 in lower case: usd' })
  .meta({ examples: ['usd'] });
const metadata = z.record(z.string().max(40), z.string().max(500));
/** Nested objects of the vendor with many members; it judges them. */
const more = z.looseObject({});
const https = z.url({ protocol: /^https?$/ });

const listed = { limit: z.int().min(1).max(100), starting_after: z.string().min(1), ending_before: z.string().min(1) };
const list = <Item extends z.ZodType>(item: Item) => ({
  ...read,
  output: like({ object: 'list', data: z.array(item), has_more: true, url: '/v1/things' }),
  paging: {
    items: <Found>(page: { readonly data: readonly Found[] }) => page.data,
    next: <Input extends object>(
      page: { readonly data: readonly unknown[]; readonly has_more: boolean },
      input: Input,
    ) => {
      const last = page.data.at(-1) as { readonly id: string } | undefined;
      return page.has_more && last !== undefined ? { ...input, starting_after: last.id } : undefined;
    },
  },
});

const customer = like(
  { id: 'cus_NffrFeUfNV2Hib', object: 'customer', created: 1680893993, livemode: false },
  { email: 'jennyrosen@example.com', name: 'Jenny Rosen', deleted: z.boolean() },
);
const session = like(
  {
    id: 'cs_test_a11YYufWQzNY63zpQ6QSNRQhkUpVph4WRmzW0zWJO2znZKdVujZ0N0S22u',
    object: 'checkout.session',
    mode: 'payment',
    payment_status: 'unpaid',
    livemode: false,
  },
  {
    url: 'https://checkout.stripe.com/c/pay/cs_test_a11',
    status: 'open',
    customer: z.string(),
    subscription: z.string(),
    payment_intent: z.string(),
    amount_total: 2198,
    currency: 'usd',
    client_secret: z.string(),
    expires_at: 1679679215,
  },
);
const line = given(
  {},
  {
    price: 'price_1MotwRLkdIwHu7ixYcPLm5uZ',
    price_data: more,
    quantity: z
      .int()
      .min(0)
      .meta({ examples: [2] }),
  },
);

export const checkout = {
  create: endpoint('POST /v1/checkout/sessions', {
    summary: 'Opens a checkout; send the buyer to its `url`, and believe the webhook, not the return.',
    ...write,
    input: given(
      { mode: z.enum(['payment', 'subscription', 'setup']) },
      {
        line_items: z.array(line).min(1).max(100),
        success_url: https.meta({ examples: ['https://app.example.com/done'] }),
        cancel_url: https,
        customer: id('cus'),
        customer_email: z.email(),
        client_reference_id: z.string().max(200),
        metadata,
        ui_mode: z.enum(['hosted_page', 'embedded_page', 'elements', 'form']),
        subscription_data: more,
        payment_intent_data: more,
        expires_at: z.date(),
      },
    ),
    output: session,
  }),
  get: endpoint('GET /v1/checkout/sessions/{id}', {
    summary: 'Reads a checkout.',
    ...read,
    input: one('cs_test_a11YYufWQzNY63zpQ6QSNRQhkUpVph4WRmzW0zWJO2znZKdVujZ0N0S22u'),
    output: session,
  }),
};

export const customers = {
  create: endpoint('POST /v1/customers', {
    summary: 'Creates a customer.',
    ...write,
    input: given({}, { email: z.email(), name: 'Jenny Rosen', metadata }),
    output: customer,
  }),
  get: endpoint('GET /v1/customers/{id}', {
    summary: 'Reads a customer; a deleted one says so.',
    ...read,
    input: one('cus_NffrFeUfNV2Hib'),
    output: customer.extend({ created: z.number().optional(), livemode: z.boolean().optional() }),
  }),
  list: endpoint('GET /v1/customers', {
    summary: 'Lists customers, newest first.',
    input: given({}, { email: z.email(), ...listed }),
    ...list(customer),
  }),
};

const item = like({
  id: 'si_Na6dzxczY5fwHx',
  object: 'subscription_item',
  price: like({ id: 'price_1MowQULkdIwHu7ixraBm864M' }),
  quantity: 1,
  current_period_end: 1682086790,
});
const subscription = like(
  {
    id: 'sub_1MowQVLkdIwHu7ixeRlqHVzs',
    object: 'subscription',
    status: 'active',
    customer: 'cus_Na6dX7aXxi11N4',
    cancel_at_period_end: false,
    items: { object: 'list', data: [item] },
  },
  { latest_invoice: 'in_1MowQWLkdIwHu7ixuzkSPfKd', cancel_at: z.number(), trial_end: z.number() },
);

export const subscriptions = {
  create: endpoint('POST /v1/subscriptions', {
    summary: 'Subscribes a customer to prices.',
    ...write,
    input: given(
      { customer: 'cus_Na6dX7aXxi11N4', items: z.array(line).min(1).max(20) },
      {
        trial_period_days: z.int().min(1),
        payment_behavior: z.enum([
          'default_incomplete',
          'error_if_incomplete',
          'allow_incomplete',
          'pending_if_incomplete',
        ]),
        collection_method: z.enum(['charge_automatically', 'send_invoice']),
        metadata,
      },
    ),
    output: subscription,
  }),
  get: endpoint('GET /v1/subscriptions/{id}', {
    summary: 'Reads a subscription; its period ends are those of its items.',
    ...read,
    input: one('sub_1MowQVLkdIwHu7ixeRlqHVzs'),
    output: subscription,
  }),
  update: endpoint('POST /v1/subscriptions/{id}', {
    summary: 'Changes a subscription: `cancel_at_period_end` ends it with what is paid for.',
    ...write,
    input: given(
      { id: id('sub').meta({ examples: ['sub_1MowQVLkdIwHu7ixeRlqHVzs'] }) },
      { cancel_at_period_end: true, items: z.array(more), metadata },
    ),
    output: subscription,
  }),
  cancel: endpoint('DELETE /v1/subscriptions/{id}', {
    summary: 'Ends a subscription at once.',
    input: one('sub_1MowQVLkdIwHu7ixeRlqHVzs'),
    output: subscription.extend({ status: z.string().meta({ examples: ['canceled'] }) }),
  }),
  list: endpoint('GET /v1/subscriptions', {
    summary: 'Lists subscriptions that are not canceled.',
    input: given({}, { customer: id('cus'), status: z.string().min(1), ...listed }),
    ...list(subscription),
  }),
};

export const portal = {
  create: endpoint('POST /v1/billing_portal/sessions', {
    summary: 'Opens the page where customers manage what they pay.',
    ...write,
    input: given(
      { customer: 'cus_NciAYcXfLnqBoz' },
      { return_url: https.meta({ examples: ['https://app.example.com/account'] }) },
    ),
    output: like({
      id: 'bps_1MrSjzLkdIwHu7ixex0IvU9b',
      object: 'billing_portal.session',
      url: 'https://billing.stripe.com/p/session/test_YWNj',
    }),
  }),
};

const intent = like(
  {
    id: 'pi_3MtwBwLkdIwHu7ix28a3tqPa',
    object: 'payment_intent',
    status: 'requires_payment_method',
    amount: 2000,
    currency: 'usd',
  },
  { client_secret: 'pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_YrKJUKribcBjcG8HVhfZluoGH', customer: z.string() },
);

export const payments = {
  create: endpoint('POST /v1/payment_intents', {
    summary: 'Starts a payment; the page finishes it with the client secret.',
    ...write,
    input: given(
      { amount, currency },
      { customer: id('cus'), automatic_payment_methods: given({ enabled: true }), metadata },
    ),
    output: intent,
  }),
  get: endpoint('GET /v1/payment_intents/{id}', {
    summary: 'Reads a payment.',
    ...read,
    input: one('pi_3MtwBwLkdIwHu7ix28a3tqPa'),
    output: intent,
  }),
  refund: endpoint('POST /v1/refunds', {
    summary: 'Gives money back: all of a payment, or an amount of it.',
    ...write,
    input: given({}, { payment_intent: 'pi_1GszsK2eZvKYlo2CfhZyoZLp', charge: id('ch'), amount: z.int().min(1) }),
    output: like(
      { id: 're_1Nispe2eZvKYlo2Cd31jOCgZ', object: 'refund', amount: 1000, currency: 'usd' },
      { status: 'succeeded', payment_intent: 'pi_1GszsK2eZvKYlo2CfhZyoZLp' },
    ),
  }),
};

const product = like(
  { id: 'prod_NWjs8kKbJWmuuc', object: 'product', name: 'Gold Plan', active: true },
  { description: 'Gold.', default_price: z.string() },
);
const price = like(
  {
    id: 'price_1MoBy5LkdIwHu7ixZhnattbh',
    object: 'price',
    active: true,
    currency: 'usd',
    product: 'prod_NZKdYqrwEYx6iK',
    type: 'recurring',
  },
  { unit_amount: 1000, lookup_key: z.string() },
);
const invoice = like(
  { object: 'invoice', currency: 'usd', amount_due: 1000, status: 'open' },
  { id: 'in_1MtHbELkdIwHu7ixl4OzzPMv', customer: 'cus_NeZwdNtLEOXuvB', hosted_invoice_url: z.string() },
);

export const products = {
  list: endpoint('GET /v1/products', {
    summary: 'Lists products.',
    input: given({}, { active: true, ...listed }),
    ...list(product),
  }),
};
export const prices = {
  list: endpoint('GET /v1/prices', {
    summary: 'Lists prices, all or those of lookup keys.',
    input: given({}, { active: true, product: id('prod'), lookup_keys: z.array(z.string()).max(10), ...listed }),
    ...list(price),
  }),
};
export const invoices = {
  list: endpoint('GET /v1/invoices', {
    summary: 'Lists invoices.',
    input: given(
      {},
      { customer: id('cus'), status: z.enum(['draft', 'open', 'paid', 'uncollectible', 'void']), ...listed },
    ),
    ...list(invoice),
  }),
};

const money = like({ amount: 666_670, currency: 'usd' });
export const balance = {
  get: endpoint('GET /v1/balance', {
    summary: 'Reads what is available and what is pending.',
    input: given({}),
    output: like({ object: 'balance', livemode: false, available: [money], pending: [money] }),
  }),
};

export const transfers = {
  create: endpoint('POST /v1/transfers', {
    summary: 'Moves money from the platform to a connected account.',
    ...write,
    input: given(
      { amount, currency, destination: id('acct').meta({ examples: ['acct_1MTfjCQ9PRzxEwkZ'] }) },
      { transfer_group: 'ORDER_95', source_transaction: id('ch'), metadata },
    ),
    output: like(
      { id: 'tr_1MiN3gLkdIwHu7ixNCZvFdgA', object: 'transfer', amount: 400, currency: 'usd' },
      { destination: 'acct_1MTfjCQ9PRzxEwkZ' },
    ),
  }),
};
export const payouts = {
  create: endpoint('POST /v1/payouts', {
    summary: 'Pays the balance of the account out to its bank.',
    ...write,
    input: given({ amount, currency }, { method: z.enum(['standard', 'instant']), metadata }),
    output: like({
      id: 'po_1OaFDbEcg9tTZuTgNYmX0PKB',
      object: 'payout',
      amount: 1100,
      currency: 'usd',
      status: 'pending',
      arrival_date: 1680652800,
    }),
  }),
};

const account = like(
  { id: 'acct_1Nv0FGQ9RKHgCVdK', object: 'account' },
  {
    email: 'jenny.rosen@example.com',
    business_profile: like({}, { name: 'Rocket Rides', url: z.string() }),
    settings: like({}, { dashboard: like({}, { display_name: 'Rocket Rides' }) }),
    country: 'US',
    default_currency: 'usd',
    charges_enabled: true,
    payouts_enabled: true,
    details_submitted: true,
    requirements: like({}, { disabled_reason: z.string(), currently_due: z.array(z.string()) }),
  },
);
const links = {
  refresh_url: https.meta({ examples: ['https://app.example.com/again'] }),
  return_url: https.meta({ examples: ['https://app.example.com/back'] }),
};

export const accounts = {
  current: endpoint('GET /v1/account', {
    summary: 'Reads the account that the key or the connection is for.',
    input: given({}),
    output: account,
  }),
  get: endpoint('GET /v1/accounts/{id}', {
    summary: 'Reads a connected account of the platform.',
    ...read,
    input: one('acct_1Nv0FGQ9RKHgCVdK'),
    output: account,
  }),
  create: endpoint('POST /v1/accounts', {
    summary: 'Creates a connected account of the platform.',
    ...write,
    input: given(
      {},
      {
        country: z
          .string()
          .regex(/^[A-Z]{2}$/)
          .meta({ examples: ['US'] }),
        email: z.email(),
        controller: more,
        capabilities: more,
        metadata,
      },
    ),
    output: account,
  }),
  deauthorize: endpoint('POST /oauth/deauthorize', {
    summary: 'Ends the connection of an account that was connected by OAuth.',
    baseUrl: 'https://connect.stripe.com',
    repeat: 'safe',
    input: given({ client_id: 'ca_32D88BD1qLklliziD7gYQvctJIhWBSQ7', stripe_user_id: 'acct_1Nv0FGQ9RKHgCVdK' }),
    encode: (form) => ({ form }),
    output: like({ stripe_user_id: 'acct_1Nv0FGQ9RKHgCVdK' }),
  }),
  createLink: endpoint('POST /v1/account_links', {
    summary: 'Makes the address of the onboarding pages: it works once and not for long.',
    ...write,
    input: given({
      account: 'acct_1Nv0FGQ9RKHgCVdK',
      type: z.enum(['account_onboarding', 'account_update']),
      ...links,
    }),
    output: like({
      object: 'account_link',
      url: 'https://connect.stripe.com/setup/c/acct_1Nv0FGQ9RKHgCVdK/TqckGNUHg2mG',
      created: 1680577733,
      expires_at: 1680578033,
    }),
  }),
};

export const webhookEndpoints = {
  create: endpoint('POST /v1/webhook_endpoints', {
    summary: 'Has events posted to an address; only this answer holds the signing secret.',
    ...write,
    input: given(
      {
        url: https.meta({ examples: ['https://app.example.com/integrations/webhooks/stripe'] }),
        enabled_events: ['charge.succeeded'],
      },
      { api_version: z.string(), connect: z.boolean() },
    ),
    output: like(
      {
        id: 'we_1Mr5jULkdIwHu7ix1ibLTM0x',
        object: 'webhook_endpoint',
        url: 'https://app.example.com/integrations/webhooks/stripe',
      },
      { secret: 'whsec_wRNftLajMZNeslQOP6vEPm4iVx5NlZ6z', status: 'enabled' },
    ),
  }),
};
