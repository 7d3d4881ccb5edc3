/** What an account sells with, below https://docs.stripe.com/api (2026-10-28.endive). Amounts are in the minor unit. */
import { given, like, z } from '@plugboard/core/fields';

import { amount, currency, https, id, list, listed, metadata, more, one, read, resource, write } from './forms.ts';

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
  create: resource('POST /v1/checkout/sessions', {
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
  get: resource('GET /v1/checkout/sessions/{id}', {
    summary: 'Reads a checkout.',
    ...read,
    input: one('cs_test_a11YYufWQzNY63zpQ6QSNRQhkUpVph4WRmzW0zWJO2znZKdVujZ0N0S22u'),
    output: session,
  }),
};

export const customers = {
  create: resource('POST /v1/customers', {
    summary: 'Creates a customer.',
    ...write,
    input: given({}, { email: z.email(), name: 'Jenny Rosen', metadata }),
    output: customer,
  }),
  get: resource('GET /v1/customers/{id}', {
    summary: 'Reads a customer; a deleted one says so.',
    ...read,
    input: one('cus_NffrFeUfNV2Hib'),
    output: customer.extend({ created: z.number().optional(), livemode: z.boolean().optional() }),
  }),
  list: resource('GET /v1/customers', {
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
  create: resource('POST /v1/subscriptions', {
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
  get: resource('GET /v1/subscriptions/{id}', {
    summary: 'Reads a subscription; its period ends are those of its items.',
    ...read,
    input: one('sub_1MowQVLkdIwHu7ixeRlqHVzs'),
    output: subscription,
  }),
  update: resource('POST /v1/subscriptions/{id}', {
    summary: 'Changes a subscription: `cancel_at_period_end` ends it with what is paid for.',
    ...write,
    input: given(
      { id: id('sub').meta({ examples: ['sub_1MowQVLkdIwHu7ixeRlqHVzs'] }) },
      { cancel_at_period_end: true, items: z.array(more), metadata },
    ),
    output: subscription,
  }),
  cancel: resource('DELETE /v1/subscriptions/{id}', {
    summary: 'Ends a subscription at once.',
    scopes: ['read_write'],
    input: one('sub_1MowQVLkdIwHu7ixeRlqHVzs'),
    output: subscription.extend({ status: z.string().meta({ examples: ['canceled'] }) }),
  }),
  list: resource('GET /v1/subscriptions', {
    summary: 'Lists subscriptions that are not canceled.',
    input: given({}, { customer: id('cus'), status: z.string().min(1), ...listed }),
    ...list(subscription),
  }),
};

export const portal = {
  create: resource('POST /v1/billing_portal/sessions', {
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
  create: resource('POST /v1/payment_intents', {
    summary: 'Starts a payment; the page finishes it with the client secret.',
    ...write,
    input: given(
      { amount, currency },
      { customer: id('cus'), automatic_payment_methods: given({ enabled: true }), metadata },
    ),
    output: intent,
  }),
  get: resource('GET /v1/payment_intents/{id}', {
    summary: 'Reads a payment.',
    ...read,
    input: one('pi_3MtwBwLkdIwHu7ix28a3tqPa'),
    output: intent,
  }),
  refund: resource('POST /v1/refunds', {
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
  list: resource('GET /v1/products', {
    summary: 'Lists products.',
    input: given({}, { active: true, ...listed }),
    ...list(product),
  }),
};
export const prices = {
  list: resource('GET /v1/prices', {
    summary: 'Lists prices, all or those of lookup keys.',
    input: given({}, { active: true, product: id('prod'), lookup_keys: z.array(z.string()).max(10), ...listed }),
    ...list(price),
  }),
};
export const invoices = {
  list: resource('GET /v1/invoices', {
    summary: 'Lists invoices.',
    input: given(
      {},
      { customer: id('cus'), status: z.enum(['draft', 'open', 'paid', 'uncollectible', 'void']), ...listed },
    ),
    ...list(invoice),
  }),
};
