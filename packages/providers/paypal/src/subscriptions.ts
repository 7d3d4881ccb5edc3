/** Money that comes again: plans, and who subscribed. https://developer.paypal.com/docs/api/subscriptions/v1/ (1.6, 2026-11-28). */
import { snakeCase } from '@plugboard/core';
import { given, like, nothing, z } from '@plugboard/core/fields';

import { forApps } from './credentials.ts';
import { address, amount, https, idempotency, link, money, wire, words } from './orders.ts';

const scopes = ['https://uri.paypal.com/services/subscriptions'];
const planId = z
  .string()
  .regex(/^[\w-]{3,50}$/)
  .meta({ examples: ['P-5ML4271244454362WXNWU5NQ'] });
const subscriptionId = z
  .string()
  .regex(/^[\w-]{3,50}$/)
  .meta({ examples: ['I-BW452GLLEP1G'] });
const quantity = z.string().regex(/^\d{1,9}$/, { error: 'must be a whole number as text' });
const pages = { page: z.int().min(1).max(100_000), pageSize: z.int().min(1).max(20) };
const asQuery = (input: object) => ({
  query: Object.fromEntries(Object.entries(input).map(([name, value]: [string, string]) => [snakeCase(name), value])),
});
const nextPage = <Input extends { readonly page?: number | undefined }>(
  { total_pages: total }: { readonly total_pages?: number | null | undefined },
  input: Input,
) => {
  const page = (input.page ?? 1) + 1;
  return page <= (total ?? 0) ? { ...input, page } : undefined;
};

const plan = like(
  { id: 'P-5ML4271244454362WXNWU5NQ', status: 'ACTIVE', name: 'Video Streaming Service Plan' },
  { product_id: 'PROD-XXCD1234QWER65782', description: 'Each month.', create_time: '2026-11-20T10:00:00Z' },
);
const cycle = given(
  {
    frequency: given(
      { intervalUnit: z.enum(['DAY', 'WEEK', 'MONTH', 'YEAR']) },
      { intervalCount: z.int().min(1).max(365) },
    ),
    tenureType: z.enum(['REGULAR', 'TRIAL']),
    sequence: z.int().min(1).max(99),
  },
  { totalCycles: z.int().min(0).max(999), pricingScheme: given({ fixedPrice: money }) },
);
const preferences = given(
  {},
  {
    autoBillOutstanding: true,
    setupFee: money,
    setupFeeFailureAction: z.enum(['CONTINUE', 'CANCEL']),
    paymentFailureThreshold: z.int().min(0).max(999),
  },
);
const monthly = {
  frequency: { intervalUnit: 'MONTH', intervalCount: 1 },
  tenureType: 'REGULAR',
  sequence: 1,
  pricingScheme: { fixedPrice: { currencyCode: 'USD', value: '10.00' } },
} as const;

export const plans = {
  create: forApps('POST /v1/billing/plans', {
    summary: 'Creates a plan that a product is sold by.',
    idempotency,
    scopes,
    input: given(
      {
        productId: words(50),
        name: words(127),
        billingCycles: z.array(cycle).min(1).max(12),
        paymentPreferences: preferences,
      },
      {
        status: z.enum(['CREATED', 'ACTIVE']),
        description: words(127),
        taxes: given({ percentage: '10', inclusive: false }),
        quantitySupported: z.boolean(),
      },
    ),
    encode: (input) => ({ ...wire(input), headers: { prefer: 'return=representation' } }),
    output: plan,
    example: {
      input: {
        productId: 'PROD-XXCD1234QWER65782',
        name: 'Video Streaming Service Plan',
        billingCycles: [monthly],
        paymentPreferences: { autoBillOutstanding: true },
      },
      status: 201,
    },
  }),
  list: forApps('GET /v1/billing/plans', {
    summary: 'Lists plans.',
    scopes,
    input: given({}, { productId: words(50), ...pages }),
    encode: (input) => asQuery({ ...input, totalRequired: true }),
    output: like({ plans: [plan] }, { total_items: 12, total_pages: 2 }),
    paging: { items: (page) => page.plans, next: nextPage },
  }),
  get: forApps('GET /v1/billing/plans/{planId}', {
    summary: 'Reads a plan.',
    scopes,
    input: given({ planId }),
    output: plan,
  }),
};

const subscription = like(
  { id: 'I-BW452GLLEP1G', status: 'APPROVAL_PENDING' },
  {
    plan_id: 'P-5ML4271244454362WXNWU5NQ',
    start_time: '2026-12-01T00:00:00Z',
    quantity: '1',
    custom_id: z.string(),
    subscriber: like({}, { email_address: 'customer@example.com', payer_id: '2J6QB8YJQSJRJ' }),
    billing_info: like(
      { outstanding_balance: like(amount), failed_payments_count: 0 },
      { next_billing_time: '2027-01-01T00:00:00Z' },
    ),
    links: [link],
  },
);
const payment = like(
  { id: 'TRFGHNJKOIIOJKL', status: 'COMPLETED' },
  { time: '2026-12-01T10:00:00Z', amount_with_breakdown: like({}, { gross_amount: like(amount) }) },
);
const context = given(
  { returnUrl: https, cancelUrl: https },
  {
    brandName: words(127),
    locale: z.string().regex(/^[a-z]{2}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$/),
    shippingPreference: z.enum(['GET_FROM_FILE', 'NO_SHIPPING', 'SET_PROVIDED_ADDRESS']),
    userAction: z.enum(['CONTINUE', 'SUBSCRIBE_NOW']),
  },
);
const subscriber = given(
  {},
  {
    emailAddress: z.email(),
    name: given({}, { givenName: words(140), surname: words(140) }),
    shippingAddress: given({}, { name: given({ fullName: words(300) }), address }),
  },
);
const changed = { input: given({ subscriptionId, reason: words(128) }), output: nothing, scopes };
const change = (reason: string) => ({
  ...changed,
  encode: ({ reason: why }: { readonly reason: string }) => ({ json: { reason: why } }),
  example: { input: { subscriptionId: 'I-BW452GLLEP1G', reason }, status: 204 },
});

export const subscriptions = {
  create: forApps('POST /v1/billing/subscriptions', {
    summary: 'Begins a subscription. Send the subscriber to `payerLink(subscription)`.',
    idempotency,
    scopes,
    input: given(
      { planId },
      {
        startTime: z.iso.datetime(),
        quantity,
        subscriber,
        customId: words(127),
        applicationContext: context,
        autoRenewal: z.boolean(),
      },
    ),
    encode: (input) => ({ ...wire(input), headers: { prefer: 'return=representation' } }),
    output: subscription,
    example: {
      input: {
        planId: 'P-5ML4271244454362WXNWU5NQ',
        applicationContext: {
          userAction: 'SUBSCRIBE_NOW',
          returnUrl: 'https://example.com/return',
          cancelUrl: 'https://example.com/cancel',
        },
      },
      status: 201,
    },
  }),
  get: forApps('GET /v1/billing/subscriptions/{subscriptionId}', {
    summary: 'Reads a subscription, and when it is paid next.',
    scopes,
    input: given({ subscriptionId }),
    output: subscription,
  }),
  suspend: forApps('POST /v1/billing/subscriptions/{subscriptionId}/suspend', {
    summary: 'Takes no more payments until it is activated again.',
    ...change('Item out of stock'),
  }),
  activate: forApps('POST /v1/billing/subscriptions/{subscriptionId}/activate', {
    summary: 'Lets a suspended subscription go on.',
    ...change('Reactivating the subscription'),
  }),
  cancel: forApps('POST /v1/billing/subscriptions/{subscriptionId}/cancel', {
    summary: 'Ends a subscription for good.',
    ...change('Not satisfied with the service'),
  }),
  transactions: forApps('GET /v1/billing/subscriptions/{subscriptionId}/transactions', {
    summary: 'Lists what was paid between two times.',
    scopes,
    input: given({
      subscriptionId,
      startTime: z.iso.datetime().meta({ examples: ['2026-11-01T00:00:00Z'] }),
      endTime: z.iso.datetime().meta({ examples: ['2026-12-31T00:00:00Z'] }),
    }),
    encode: ({ startTime, endTime }) => asQuery({ startTime, endTime }),
    output: like({ transactions: [payment] }),
  }),
};
