import { createMemoryStore, createPlugboard, handlerWire, silentLog } from '@plugboard/core';
import {
  conformance,
  createTestBoard,
  providerContract,
  type AnswerInstead,
  type SentRequest,
} from '@plugboard/testing';
import { describe, expect, test } from 'vitest';

import { payerLink, paypal } from '../src/index.ts';

const counted = 'Pages are counted: no answer can name another one, and the vendor says how many there are.';
const privateId = 'https://www.paypal.com/webapps/auth/identity/user/mWq6_1sU85v5EG9yHdPxJRrhGHrnMJ';

providerContract(paypal, {
  accounts: { login: { id: privateId, name: 'Jane Doe' } },
  exceptions: {
    'paging payouts.get: a vendor that always names the same next page is an error': counted,
    'paging plans.list: a vendor that always names the same next page is an error': counted,
  },
});

const elsewhere = 'Its description is not at hand.';
const amount = { currencyCode: 'USD', value: '10.00' };
const address = { addressLine1: '2211 N First Street', adminArea2: 'San Jose', adminArea1: 'CA', postalCode: '95131' };
const unit = {
  amount: { ...amount, breakdown: { itemTotal: amount, shipping: amount, taxTotal: amount, discount: amount } },
  items: [{ name: 'Tea', unitAmount: amount, quantity: '1', tax: amount, sku: 's', category: 'PHYSICAL_GOODS' }],
  shipping: { name: { fullName: 'Jane Doe' }, address: { ...address, addressLine2: 'Floor 2', countryCode: 'US' } },
  payee: { merchantId: 'MP3UDKGGY2E2W', emailAddress: 'shop@example.com' },
};
const texts = { referenceId: 'r', description: 'd', customId: 'c', invoiceId: 'i', softDescriptor: 's' };
const names = { brandName: 'Acme', locale: 'en-US', shippingPreference: 'NO_SHIPPING', landingPage: 'LOGIN' };
const urls = { returnUrl: 'https://example.com/r', cancelUrl: 'https://example.com/c' };
const experienceContext = { ...names, ...urls, userAction: 'PAY_NOW', paymentMethodPreference: 'UNRESTRICTED' };
const wallet = { experienceContext, emailAddress: 'jane@example.com', vaultId: 'v1' };
conformance(paypal.definition, {
  inputs: {
    'orders.create': [
      {
        intent: 'AUTHORIZE',
        purchaseUnits: [{ ...unit, ...texts }],
        paymentSource: { paypal: wallet },
        onBehalfOf: 'M1',
      },
    ],
    'orders.capture': [{ orderId: '5O190127TN364715T', onBehalfOf: 'MP3UDKGGY2E2W' }],
    'payouts.create': [
      {
        senderBatchHeader: {
          senderBatchId: 'b',
          recipientType: 'EMAIL',
          emailSubject: 's',
          emailMessage: 'm',
          note: 'n',
        },
        items: [
          {
            amount: { currency: 'USD', value: '1' },
            receiver: 'G83JXTJ5EHCQ2',
            recipientType: 'PAYPAL_ID',
            note: 'n',
            senderItemId: 'i',
            recipientWallet: 'VENMO',
          },
        ],
      },
    ],
    'plans.create': [
      {
        productId: 'PROD-XXCD1234QWER65782',
        name: 'Tea',
        description: 'Each month.',
        status: 'ACTIVE',
        quantitySupported: true,
        billingCycles: [
          { frequency: { intervalUnit: 'WEEK' }, tenureType: 'TRIAL', sequence: 1, totalCycles: 2 },
          {
            frequency: { intervalUnit: 'MONTH', intervalCount: 1 },
            tenureType: 'REGULAR',
            sequence: 2,
            pricingScheme: { fixedPrice: amount },
          },
        ],
        paymentPreferences: {
          autoBillOutstanding: true,
          setupFee: amount,
          setupFeeFailureAction: 'CANCEL',
          paymentFailureThreshold: 3,
        },
        taxes: { percentage: '10', inclusive: false },
      },
    ],
    'plans.list': [{ productId: 'PROD-XXCD1234QWER65782', page: 2, pageSize: 20 }],
    'subscriptions.create': [
      {
        planId: 'P-5ML4271244454362WXNWU5NQ',
        startTime: '2026-12-01T00:00:00Z',
        quantity: '2',
        customId: 'c',
        autoRenewal: true,
        subscriber: {
          emailAddress: 'jane@example.com',
          name: { givenName: 'Jane', surname: 'Doe' },
          shippingAddress: { name: { fullName: 'Jane Doe' }, address: { ...address, countryCode: 'US' } },
        },
        applicationContext: { ...urls, brandName: 'Acme', locale: 'en-US', shippingPreference: 'NO_SHIPPING' },
      },
    ],
    'webhookEndpoints.update': [{ webhookId: '0EH40505U7160970P', eventTypes: ['*'] }],
    'webhookEndpoints.simulate': [
      { url: 'https://a.example', eventType: 'PAYMENT.CAPTURE.DENIED', resourceVersion: '2.0' },
    ],
  },
  exceptions: {
    'payments.captureAuthorization': elsewhere,
    'payments.voidAuthorization': elsewhere,
    'payments.refund': elsewhere,
    'account.balances': elsewhere,
    'identity.userInfo': elsewhere,
    'plans.create': elsewhere,
    'plans.list': elsewhere,
    'plans.get': elsewhere,
    'subscriptions.create': elsewhere,
    'subscriptions.get': elsewhere,
    'subscriptions.suspend': elsewhere,
    'subscriptions.activate': elsewhere,
    'subscriptions.cancel': elsewhere,
    'subscriptions.transactions': elsewhere,
    'webhookEndpoints.resend': 'Ids of events hold hyphens, which the description does not know.',
  },
});

const organizationId = 'org-1';
const credentials = {
  clientId: 'AFcWxV21C7fd0v3bYYYRCpSSRl31Au1bP9oJ7ZkWEXAMPLE',
  clientSecret: 'EO422dn3gQLgDbuwqTjzrFgFtaRLRR5BdHEESmha49TMEXAMPLE',
  environment: 'sandbox',
} as const;

type Options = NonNullable<Parameters<typeof paypal>[0]>;

function rig(answer: AnswerInstead = () => undefined, options: Options = { platform: credentials }) {
  const made = createTestBoard(paypal(options), { answer });
  return { ...made, client: made.board.client('paypal') };
}

const json = (body: unknown, status = 200) => Response.json(body, { status });
const token = (more: object = {}) => json({ access_token: 'A21AA', token_type: 'Bearer', expires_in: 32_400, ...more });
const isToken = ({ url }: SentRequest) => url.pathname === '/v1/oauth2/token';

test('one token is fetched as the vendor documents it, and shared by all calls until its end', async () => {
  const { client, sent, clock } = rig();
  await Promise.all([client.orders.get({ orderId: '1' }), client.orders.get({ orderId: '2' })]);
  const tokens = () => sent.filter(isToken);
  expect(tokens()).toHaveLength(1);
  const [{ url, headers, text }] = tokens() as [SentRequest];
  expect(url.href).toBe('https://api-m.sandbox.paypal.com/v1/oauth2/token');
  expect(headers.get('authorization')).toBe(`Basic ${btoa(`${credentials.clientId}:${credentials.clientSecret}`)}`);
  expect([headers.get('content-type'), text]).toEqual([
    'application/x-www-form-urlencoded',
    'grant_type=client_credentials',
  ]);
  await clock.advance(32_400_000);
  await client.orders.get({ orderId: '1' });
  expect(tokens()).toHaveLength(2);
});

test('an order is created once per key, sent to the buyer, captured and not captured twice', async () => {
  const { client, sent } = rig();
  const order = { intent: 'CAPTURE' as const, purchaseUnits: [{ amount }] };
  const created = await client.orders.create(order, { idempotencyKey: 'cart-1' });
  expect((await client.orders.create(order, { idempotencyKey: 'cart-1' })).id).toBe(created.id);
  expect(payerLink(created)).toBe(`https://www.sandbox.paypal.com/checkoutnow?token=${created.id}`);
  const captured = await client.orders.capture({ orderId: created.id, onBehalfOf: 'MP3UDKGGY2E2W' });
  expect(captured.purchase_units?.[0]?.payments?.captures?.[0]?.status).toBe('COMPLETED');
  expect(payerLink(await client.orders.get({ orderId: created.id }))).toBeUndefined();
  await expect(client.orders.capture({ orderId: created.id })).rejects.toMatchObject({
    kind: 'conflict',
    code: 'order_already_captured',
  });
  const { headers, text } = sent.find(({ url }) => url.pathname.endsWith('/capture'))!;
  expect([headers.get('prefer'), text]).toEqual(['return=representation', '{}']);
  const [head = '', claims = '', signature] = headers.get('paypal-auth-assertion')!.split('.');
  expect([atob(head), signature]).toEqual(['{"alg":"none"}', '']);
  expect(JSON.parse(atob(claims))).toEqual({ iss: credentials.clientId, payer_id: 'MP3UDKGGY2E2W' });
});

test('a lost answer is asked for again under the same key', async () => {
  const { client, vendor, sent, clock } = rig();
  vendor.failNext('outage');
  const refund = client.payments.refund({ captureId: '3C679366HH908993F' });
  // Its deadline, and the wait before the second try.
  await clock.untilPending(2);
  await clock.advance(10_000);
  expect(await refund).toMatchObject({ status: 'COMPLETED' });
  const keys = sent
    .filter(({ url }) => url.pathname.endsWith('/refund'))
    .map(({ headers }) => headers.get('paypal-request-id'));
  expect(keys).toHaveLength(2);
  expect(keys[1]).toBe(keys[0]);
});

test('sandbox and live have hosts of their own', async () => {
  const { board, sent } = rig();
  const live = { ...credentials, environment: 'live' } as const;
  await board.connect('paypal', { organizationId, label: 'live', credentials: live }).catch(() => undefined);
  expect(new Set(sent.map(({ url }) => url.host))).toEqual(new Set(['api-m.paypal.com']));
});

test('a wrong client is the tenant’s mistake, and stops nobody else', async () => {
  const { board, client } = rig((request) =>
    isToken(request) && request.headers.get('authorization')?.includes(btoa('wrong').slice(0, 5)) === true
      ? json({ error: 'invalid_client', error_description: 'Client Authentication failed' }, 401)
      : undefined,
  );
  const wrong = { ...credentials, clientId: 'wrong-wrong-wrong-wrong-wrong' };
  await expect(board.connect('paypal', { organizationId, credentials: wrong })).rejects.toMatchObject({
    code: 'credentials_refused',
    fields: expect.arrayContaining([expect.objectContaining({ path: 'environment' })]) as unknown,
  });
  await expect(client.webhookEndpoints.list()).resolves.toHaveProperty('webhooks');
});

test('the app names the account; the merchant is added where its balances may be read', async () => {
  const scope = 'openid https://uri.paypal.com/services/reporting/balances/read';
  const merchant = rig((request) => (isToken(request) ? token({ app_id: 'APP-80W284485P519543T', scope }) : undefined));
  // The emulator does not know this token: it stands in for the vendor with open doors.
  merchant.vendor.failNext({ json: { account_id: 'MP3UDKGGY2E2W', balances: [] } }, 2);
  const connected = await merchant.board.connect('paypal', { organizationId, credentials });
  expect(connected.account).toEqual({ id: 'APP-80W284485P519543T', name: 'PayPal MP3UDKGGY2E2W (sandbox)' });
  expect(connected.metadata).toMatchObject({ merchantId: 'MP3UDKGGY2E2W', environment: 'sandbox' });
  expect(merchant.sent.map(({ url }) => url.pathname)).toEqual(['/v1/oauth2/token', '/v1/reporting/balances']);

  const app = rig((request) =>
    isToken(request) ? token({ app_id: 'APP-80W284485P519543T', scope: 'openid' }) : undefined,
  );
  app.vendor.failNext({ json: { webhooks: [] } }, 2);
  const { account } = await app.board.connect('paypal', { organizationId, credentials });
  expect(account).toEqual({ id: 'APP-80W284485P519543T', name: 'PayPal app (sandbox)' });
});

test('wrong inputs are refused by field, and nothing is sent', async () => {
  const { client, sent } = rig();
  const order = { intent: 'CAPTURE' as const, purchaseUnits: [{ amount: { ...amount, value: '10,00' } }] };
  await expect(client.orders.create(order)).rejects.toMatchObject({
    fields: [{ path: 'purchaseUnits.0.amount.value', message: 'must be a decimal number as text: 10.00' }],
  });
  await expect(client.webhookEndpoints.update({ webhookId: 'w' })).rejects.toMatchObject({ code: 'invalid_input' });
  expect(sent).toEqual([]);
});

describe('Log in with PayPal', () => {
  const { clientId, clientSecret } = credentials;

  async function loggedIn(environment: string, answer?: AnswerInstead) {
    const made = rig(answer, { clientId, clientSecret, environment, platform: { ...credentials, environment } });
    const { url: page, approve, finish } = await made.begin({ method: 'login' });
    const result = await finish(await approve());
    return { ...made, page, result, own: made.board.client('paypal', { organizationId }) };
  }

  // https://developer.paypal.com/log-in/build-button/ (2026-07)
  test.each([
    ['sandbox', 'https://www.sandbox.paypal.com/signin/authorize', 'api-m.sandbox.paypal.com'],
    ['live', 'https://www.paypal.com/signin/authorize', 'api-m.paypal.com'],
  ])('names the user, in the world of the app: %s', async (environment, address, host) => {
    const { page, result, sent, own } = await loggedIn(environment);
    expect(`${page.origin}${page.pathname}`).toBe(address);
    expect(Object.fromEntries(page.searchParams)).toMatchObject({
      flowEntry: 'static',
      client_id: clientId,
      scope: 'openid profile email https://uri.paypal.com/services/paypalattributes',
    });
    expect(result).toMatchObject({ status: 'connected', connection: { account: { id: privateId } } });
    const [exchange] = sent.filter(isToken) as [SentRequest];
    expect(exchange.url.host).toBe(host);
    expect(exchange.headers.get('authorization')).toBe(`Basic ${btoa(`${clientId}:${clientSecret}`)}`);
    expect(exchange.form.get('grant_type')).toBe('authorization_code');
    await own.identity.userInfo({});
    expect(sent.at(-1)?.url.href).toBe(`https://${host}/v1/identity/openidconnect/userinfo?schema=paypalv1.1`);
  });

  test('is the same user whatever was granted: the id of the PayPal account comes with one scope alone', async () => {
    const { result } = await loggedIn('sandbox', ({ url }) =>
      url.pathname.endsWith('/userinfo') ? json({ user_id: privateId, name: 'Jane Doe' }) : undefined,
    );
    expect(result).toMatchObject({ connection: { account: { id: privateId }, metadata: {} } });
    const { result: more } = await loggedIn('sandbox');
    expect(more).toMatchObject({ connection: { account: { id: privateId }, metadata: { payerId: 'WDJJHEBZ4X2LY' } } });
  });

  test('moves no money, and an app has no user', async () => {
    const { own, client, sent } = await loggedIn('sandbox');
    sent.length = 0;
    const order = { intent: 'CAPTURE' as const, purchaseUnits: [{ amount }] };
    await expect(own.orders.create(order)).rejects.toMatchObject({
      kind: 'permission',
      code: 'wrong_method',
      hint: 'Connect by `clientCredentials` (REST app).',
    });
    expect(sent).toEqual([]);
    await expect(client.identity.userInfo({})).rejects.toMatchObject({
      code: 'wrong_method',
      hint: 'Connect by `login` (Log in with PayPal).',
    });
  });

  test('is of one environment or the other', async () => {
    // Where there is no such environment there is no emulator either.
    const board = createPlugboard({
      url: 'https://app.example.com/integrations',
      providers: [paypal({ clientId, clientSecret, environment: 'production' })],
      store: createMemoryStore(),
      keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
      mode: 'test',
      env: {},
      log: silentLog,
      wire: handlerWire(() => expect.unreachable('nothing is sent')),
    });
    const begun = board.authorize('paypal', { organizationId, userId: 'user-1', method: 'login' });
    await expect(begun).rejects.toMatchObject({ kind: 'configuration', code: 'unknown_environment' });
  });
});
