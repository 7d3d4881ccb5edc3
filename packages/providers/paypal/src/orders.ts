/** Orders and what becomes of their money: https://developer.paypal.com/docs/api/orders/v2/ and payments/v2 (2026-11-20). */
import { snakeCase, type Api } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

import { behalfOf, forApps } from './credentials.ts';

export const id = z.string().regex(/^[\w-]{1,64}$/);
export const value = z.string().regex(/^\d{1,28}(\.\d{1,3})?$/, { error: 'must be a decimal number as text: 10.00' });
export const currency = z.string().regex(/^[A-Z]{3}$/, { error: 'must be an ISO 4217 code' });
export const https = z.url({ protocol: /^https$/ });
export const words = (most: number) => z.string().min(1).max(most);
export const amount = { currency_code: 'USD', value: '10.00' };
export const money = given({ currencyCode: currency, value });

/** Names of the wire; every key of these inputs is PayPal's own. */
function snake(input: unknown): unknown {
  if (Array.isArray(input)) return input.map(snake);
  if (typeof input !== 'object' || input === null) return input;
  const nameOf = (name: string) => snakeCase(name).replace(/([a-z])(\d)$/, '$1_$2');
  return Object.fromEntries(Object.entries(input).map(([name, item]) => [nameOf(name), snake(item)])) as unknown;
}
export const wire = (input: object) => ({ json: snake(input) });

/** What moves money: once per key, for a merchant where one is named, and with the whole result in the answer. */
export const idempotency = { header: 'PayPal-Request-Id' };
const names = { orderId: undefined, authorizationId: undefined, captureId: undefined };
interface Paying {
  readonly onBehalfOf?: string | undefined;
}
const headersFor = ({ onBehalfOf: merchant }: Paying, api: Api) => ({
  headers: { prefer: 'return=representation', ...behalfOf(api, merchant) },
});
const paying = {
  idempotency,
  encode: ({ onBehalfOf: merchant, ...input }: Paying, api: Api) => ({
    ...wire({ ...input, ...names }),
    ...headersFor({ onBehalfOf: merchant }, api),
  }),
};
const onBehalfOf = id;

const item = given(
  { name: words(127), unitAmount: money, quantity: z.string().regex(/^[1-9]\d{0,9}$/) },
  { tax: money, sku: words(127), category: z.enum(['DIGITAL_GOODS', 'PHYSICAL_GOODS', 'DONATION']) },
);
const parts = { itemTotal: money, shipping: money, handling: money, taxTotal: money, insurance: money };
const breakdown = given({}, { ...parts, shippingDiscount: money, discount: money });
const street = { addressLine1: words(300), addressLine2: words(300), adminArea1: words(300), adminArea2: words(120) };
export const address = given({ countryCode: z.string().regex(/^[A-Z]{2}$/) }, { ...street, postalCode: words(60) });
const unit = given(
  { amount: given({ currencyCode: currency, value }, { breakdown }) },
  {
    referenceId: words(256),
    description: words(127),
    customId: words(127),
    invoiceId: words(127),
    softDescriptor: words(22),
    payee: given({}, { merchantId: id, emailAddress: z.email() }),
    items: z.array(item),
    shipping: given({}, { name: given({ fullName: words(300) }), address }),
  },
);
const experienceContext = given(
  { returnUrl: https, cancelUrl: https },
  {
    brandName: words(127),
    locale: z.string().regex(/^[a-z]{2}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?$/),
    userAction: z.enum(['CONTINUE', 'PAY_NOW']),
    shippingPreference: z.enum(['GET_FROM_FILE', 'NO_SHIPPING', 'SET_PROVIDED_ADDRESS']),
    landingPage: z.enum(['LOGIN', 'GUEST_CHECKOUT', 'NO_PREFERENCE']),
    paymentMethodPreference: z.enum(['UNRESTRICTED', 'IMMEDIATE_PAYMENT_REQUIRED']),
  },
);
const paymentSource = given({ paypal: given({ experienceContext }, { emailAddress: z.email(), vaultId: id }) });

const urls = { returnUrl: 'https://example.com/return', cancelUrl: 'https://example.com/cancel' };
const orderId = '5O190127TN364715T';
const captureId = '3C679366HH908993F';
const authorizationId = '0VF52814937998046';
export const link = like({ href: `https://www.paypal.com/checkoutnow?token=${orderId}`, rel: 'payer-action' });
const ordered = like({ amount: like(amount) }, { reference_id: 'default' });
const order = like(
  { id: orderId, status: 'PAYER_ACTION_REQUIRED' },
  { intent: 'CAPTURE', links: [link], purchase_units: [ordered] },
);
const settled = <Payments extends z.ZodType>(payments: Payments) =>
  like({ id: orderId, status: 'COMPLETED' }, { purchase_units: [like({}, { reference_id: 'default', payments })] });
const capture = like({ id: captureId, status: 'COMPLETED' }, { amount: like(amount), invoice_id: z.string() });
const authorization = like({ id: authorizationId, status: 'CREATED' }, { amount: like(amount) });

export const orders = {
  create: forApps('POST /v2/checkout/orders', {
    summary: 'Creates an order. Send the buyer to `payerLink(order)`.',
    ...paying,
    input: given(
      { intent: z.enum(['CAPTURE', 'AUTHORIZE']), purchaseUnits: z.array(unit).min(1).max(10) },
      { paymentSource, onBehalfOf },
    ),
    output: order,
    example: {
      status: 201,
      input: {
        intent: 'CAPTURE',
        purchaseUnits: [{ referenceId: 'default', amount: { currencyCode: 'USD', value: '10.00' } }],
        paymentSource: { paypal: { experienceContext: { userAction: 'PAY_NOW', ...urls } } },
      },
    },
  }),
  get: forApps('GET /v2/checkout/orders/{orderId}', {
    summary: 'Reads an order and its status.',
    input: given({ orderId }),
    output: order,
  }),
  capture: forApps('POST /v2/checkout/orders/{orderId}/capture', {
    summary: 'Takes the money of an order that the buyer has approved.',
    ...paying,
    input: given({ orderId }, { onBehalfOf }),
    output: settled(like({}, { captures: [capture] })),
    example: { status: 201 },
  }),
  authorize: forApps('POST /v2/checkout/orders/{orderId}/authorize', {
    summary: 'Reserves the money of an approved order, to be captured later.',
    ...paying,
    input: given({ orderId }, { onBehalfOf }),
    output: settled(like({}, { authorizations: [authorization] })),
    example: { status: 201 },
  }),
};

/** Where the buyer approves an order or a subscription; undefined when nothing is left to approve. */
export function payerLink({ links }: { readonly links?: z.output<typeof order>['links'] }): string | undefined {
  return links?.find(({ rel }) => rel === 'payer-action' || rel === 'approve')?.href;
}

export const payments = {
  captureAuthorization: forApps('POST /v2/payments/authorizations/{authorizationId}/capture', {
    summary: 'Takes reserved money, all of it or a part.',
    ...paying,
    input: given({ authorizationId }, { amount: money, invoiceId: words(127), finalCapture: z.boolean(), onBehalfOf }),
    output: capture,
    example: { status: 201 },
  }),
  voidAuthorization: forApps('POST /v2/payments/authorizations/{authorizationId}/void', {
    summary: 'Lets reserved money go.',
    idempotency,
    encode: headersFor,
    input: given({ authorizationId }, { onBehalfOf }),
    output: like({ id: authorizationId, status: 'VOIDED' }),
  }),
  refund: forApps('POST /v2/payments/captures/{captureId}/refund', {
    summary: 'Gives captured money back, all of it or a part.',
    ...paying,
    input: given({ captureId }, { amount: money, invoiceId: words(127), noteToPayer: words(255), onBehalfOf }),
    output: like({ id: '1JU08902781691411', status: 'COMPLETED' }, { amount: like(amount) }),
    example: { status: 201 },
  }),
};
