import { existsSync, readFileSync } from 'node:fs';

import { Secret, type AuthorizeInput, type Json } from '@plugboard/core';
import { agreesWithVerifier, createTestBoard, providerContract } from '@plugboard/testing';
import { Stripe } from 'stripe';
import { describe, expect, test } from 'vitest';

import { stripe } from '../src/index.ts';
import { brackets } from '../src/forms.ts';
import * as selling from '../src/selling.ts';
import * as platform from '../src/platform.ts';

const account = { id: 'acct_1Nv0FGQ9RKHgCVdK', name: 'Rocket Rides' };
const platformKey = 'sk_test_4eC39HqLyjWDarjtT1zdp7dc';
const onboarding = { returnUrl: 'https://app.example.com/back', refreshUrl: 'https://app.example.com/again' };
const app = {
  clientId: 'ca_1',
  clientSecret: platformKey,
  webhookSecret: 'whsec_one',
  connectWebhookSecret: 'whsec_two',
};
const who = { organizationId: 'org-1', userId: 'user-1' };
const url = 'https://app.example.com/integrations/webhooks/stripe';

providerContract(stripe, {
  account,
  app: { clientSecret: platformKey },
  input: { onboarding },
  exceptions: {
    'B05 onboarding: signing touches the declared places and no other':
      'What the step keeps is no credential of its widget, and nothing is signed without it. `connect` signs by the same function.',
  },
});

const rig = () => createTestBoard(stripe(app), { accounts: [account], env: { STRIPE_SECRET_KEY: platformKey } });

describe('a marketplace', () => {
  test('onboards an account, acts for it with the key of the platform, and knows that it has not finished', async () => {
    const { board, vendor, sent } = rig();
    const { flow, page } = await board.prepare('stripe', { ...who, method: 'onboarding', input: onboarding });
    expect(Object.keys(page)).toEqual(['url']);
    expect(page['url']).toMatch(/^https:\/\/connect\.stripe\.com\/setup\//);
    const connection = await board.connect('stripe', { ...who, method: 'onboarding', credentials: {}, flow });
    expect(connection.account).toEqual(account);
    const client = board.client('stripe', who);
    await client.payouts.create({ amount: 400, currency: 'usd' });
    const { headers } = sent.at(-1)!;
    expect([headers.get('authorization'), headers.get('stripe-account')]).toEqual([
      `Bearer ${platformKey}`,
      account.id,
    ]);
    vendor.failNext({ json: { id: account.id, object: 'account', details_submitted: false } });
    expect(await board.health('stripe', who)).toMatchObject({ status: 'degraded', reason: 'onboarding_incomplete' });
    vendor.failNext({ json: { id: account.id, object: 'account', details_submitted: true, charges_enabled: false } });
    expect(await board.health('stripe', who)).toMatchObject({ status: 'degraded', reason: 'charges_disabled' });
  });

  test('makes another link for the same account, and never for the account that a page names', async () => {
    const { board, sent } = rig();
    const prepare = () => board.prepare('stripe', { ...who, method: 'onboarding', input: onboarding });
    const finish = (flow: string, credentials: object) =>
      board.connect('stripe', {
        ...who,
        method: 'onboarding',
        credentials: credentials as Record<string, never>,
        flow,
      });
    await finish((await prepare()).flow, {});
    const before = sent.length;
    await prepare();
    expect(sent.slice(before).map((request) => request.url.pathname)).toEqual(['/v1/account_links']);
    const { flow } = await prepare();
    await expect(finish(flow, { stripeAccount: 'acct_of_another' })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('keeps of an OAuth connection the account alone, and routes its events', async () => {
    const { begin, board, clock } = rig();
    const { url: page, approve, finish } = await begin({ method: 'connect' });
    expect(page.origin).toBe('https://connect.stripe.com');
    const result = await finish(await approve());
    expect(result).toMatchObject({ status: 'connected', connection: { account } });

    const heard: unknown[] = [];
    board.on('stripe', 'payout.paid', (event, { organizationId }) => void heard.push([organizationId, event.type]));
    const event = (id: string, type: string, of: string) =>
      JSON.stringify({ id, object: 'event', type, created: 1, livemode: false, account: of, data: { object: {} } });
    const post = async (body: string, secret: string) => {
      const headers = await stripe.definition.webhooks!.sign({ body, url, at: new Date(clock.now()) }, secret);
      return (await board.webhooks.receive('stripe', new Request(url, { method: 'POST', body, headers }))).status;
    };
    expect(await post(event('evt_1', 'payout.paid', account.id), app.connectWebhookSecret)).toBe(200);
    expect(await post(event('evt_1', 'payout.paid', account.id), app.connectWebhookSecret)).toBe(200);
    expect(await post(event('evt_2', 'payout.paid', 'acct_of_nobody'), app.webhookSecret)).toBe(200);
    expect(await post(event('evt_3', 'payout.paid', account.id), 'whsec_wrong')).toBe(401);
    expect(heard.filter((entry) => (entry as unknown[])[0] !== null)).toEqual([['org-1', 'payout.paid']]);
    expect(await post(event('evt_4', 'account.application.deauthorized', account.id), app.connectWebhookSecret)).toBe(
      200,
    );
    expect(await board.connections.get('stripe', who)).toMatchObject({ status: 'disconnected' });
  });
});

describe('an account that is connected by OAuth', () => {
  async function connect(method: 'connect' | 'express', more: Partial<AuthorizeInput> = {}) {
    const made = rig();
    const { url: address, approve, finish } = await made.begin({ method, ...more });
    await finish(await approve());
    made.sent.length = 0;
    return { ...made, address, client: made.board.client('stripe', who) };
  }

  test.each([
    ['connect', {}],
    ['express', { express: true }],
  ] as const)('begins at the page that the official SDK names: %s', async (method, options) => {
    const { address } = await connect(method, { input: { email: 'jenny@example.com', landing: 'register' } });
    const asked = Object.fromEntries(address.searchParams);
    expect(asked).toMatchObject({ 'stripe_user[email]': 'jenny@example.com', stripe_landing: 'register' });
    const { client_id, state, redirect_uri } = asked;
    const own = { client_id: client_id!, state: state!, redirect_uri: redirect_uri! };
    const more = { stripe_landing: 'register', stripe_user: { email: 'jenny@example.com' } };
    const theirs = new URL(new Stripe('sk_test_x').oauth.authorizeUrl({ ...own, ...more }, options));
    expect(`${address.origin}${address.pathname}`).toBe(`${theirs.origin}${theirs.pathname}`);
    expect(asked).toEqual(Object.fromEntries(theirs.searchParams));
  });

  test('may be read and no more, where no more was granted', async () => {
    const { client, sent } = await connect('connect', { scopes: ['read_only'] });
    await client.customers.list({});
    expect(sent).toHaveLength(1);
    await expect(client.customers.create({})).rejects.toMatchObject({
      code: 'insufficient_scope',
      missingScopes: ['read_write'],
    });
    expect(sent).toHaveLength(1);
  });

  test('does nothing of what its platform does', async () => {
    const { client, sent } = await connect('express');
    const refused = { code: 'wrong_method', hint: 'Connect by `secretKey` (Secret or restricted key).' };
    await expect(client.accounts.create({})).rejects.toMatchObject(refused);
    await expect(
      client.accounts.deauthorize({ client_id: app.clientId, stripe_user_id: account.id }),
    ).rejects.toMatchObject(refused);
    expect(sent).toEqual([]);
  });

  test('is let go, also where its owner was faster', async () => {
    const { board, vendor, sent } = await connect('connect');
    vendor.failNext('notConnected');
    expect(await board.disconnect('stripe', who)).toMatchObject({ revoked: 'revoked' });
    expect(sent.map((request) => request.url.href)).toEqual(['https://connect.stripe.com/oauth/deauthorize']);
  });
});

test('the official SDK talks through the board, and fails as it always does', async () => {
  const { board, vendor, sent } = rig();
  const sdk = await board.client('stripe').sdk();
  const created = await sdk.customers.create({ email: 'jenny@example.com', metadata: { plan: 'gold' } });
  expect(created.id).toBe('cus_NffrFeUfNV2Hib');
  const request = sent.at(-1)!;
  expect(request.headers.get('authorization')).toBe(`Bearer ${platformKey}`);
  expect(request.headers.get('idempotency-key')).toMatch(/\S{16,}/);
  expect(request.text).toBe('email=jenny%40example.com&metadata[plan]=gold');
  vendor.failNext('declined');
  await expect(sdk.paymentIntents.create({ amount: 1, currency: 'usd' })).rejects.toMatchObject({
    type: 'StripeCardError',
    code: 'card_declined',
  });
});

test('nested inputs become brackets, dates become seconds, null clears', () => {
  expect(
    brackets({
      items: [{ price: 'p' }, { price: 'q' }],
      metadata: { k: 'v' },
      ends: new Date(5000),
      note: null,
      skip: undefined,
    }),
  ).toEqual({ 'items[0][price]': 'p', 'items[1][price]': 'q', 'metadata[k]': 'v', ends: 5, note: '' });
});

describe('webhooks', () => {
  const { verify } = stripe.definition.webhooks!;
  const judge = (header: string, body: string, at: number, secrets = ['whsec_test_secret']) =>
    verify(
      {
        method: 'POST',
        url: new URL(url),
        headers: new Headers({ 'stripe-signature': header }),
        body: new TextEncoder().encode(body),
        receivedAt: at * 1000,
      },
      secrets.map((secret) => new Secret(secret)),
    );
  const body = '{"id":"evt_test_webhook","object":"event"}';
  const signature = 'd95c6b7477fbd7e9f90b1b0ef5f9c7ac25abca5382460e0d988c2b2a5b71b990';

  test('pass for five minutes, with any of several signatures and secrets', async () => {
    // Made with the official SDK 23.1.0.
    const header = `t=1700000000,v1=${signature}`;
    expect(await judge(header, body, 1_700_000_100)).toMatchObject({ ok: true });
    expect(await judge(header, body, 1_700_000_301)).toMatchObject({ reason: 'timestamp_outside_tolerance' });
    expect(await judge(`t=1700000000,v1=${'0'.repeat(64)},v0=x,v1=${signature}`, body, 1_700_000_000)).toMatchObject({
      ok: true,
    });
    expect(await judge(header, body, 1_700_000_000, ['whsec_old', 'whsec_test_secret'])).toMatchObject({
      secretIndex: 1,
    });
    expect(await judge(header, body, 1_700_000_000, ['   '])).toMatchObject({ ok: false });
  });

  test('R54 our verdict equals that of the official SDK, but for times in the future', async () => {
    const sdk = new Stripe('sk_test_x');
    const secret = 'whsec_test_secret';
    const result = await agreesWithVerifier(stripe.definition.webhooks!, {
      secret,
      accepts: ({ body: raw, headers, receivedAt }) =>
        Boolean(
          sdk.webhooks.signature!.verifyHeader(
            raw,
            headers['stripe-signature'] ?? '',
            secret,
            300,
            undefined,
            receivedAt,
          ),
        ),
      stricter: ({ signedAt, receivedAt, headers }) => {
        if (signedAt - receivedAt > 300_000) return 'a time more than five minutes ahead';
        return headers['stripe-signature']?.includes(', ') ? 'a header that came twice' : undefined;
      },
    });
    expect(Object.keys(result.stricter).toSorted()).toEqual([
      'a header that came twice',
      'a time more than five minutes ahead',
    ]);
  });
});

const fixtures = `${process.env['PLUGBOARD_SPECS_DIR'] ?? '../shared/specs'}/stripe.fixtures.json`;

test(`every answer schema accepts the vendor's own example (${fixtures})`, ({ skip }) => {
  skip(!existsSync(fixtures), `!!! stripe: no fixtures at ${fixtures}, nothing was compared`);
  const { resources } = JSON.parse(readFileSync(fixtures, 'utf8')) as { resources: Record<string, Json> };
  const schemas = {
    'checkout.session': selling.checkout.get,
    customer: selling.customers.get,
    subscription: selling.subscriptions.get,
    'billing_portal.session': selling.portal.create,
    payment_intent: selling.payments.get,
    refund: selling.payments.refund,
    balance: platform.balance.get,
    transfer: platform.transfers.create,
    payout: platform.payouts.create,
    account: platform.accounts.current,
    account_link: platform.accounts.createLink,
    webhook_endpoint: platform.webhookEndpoints.create,
  };
  for (const [name, { output }] of Object.entries(schemas)) {
    expect(output['~standard'].validate(resources[name]), name).not.toHaveProperty('issues');
  }
  const lists = {
    customer: selling.customers.list,
    product: selling.products.list,
    price: selling.prices.list,
    invoice: selling.invoices.list,
    subscription: selling.subscriptions.list,
  };
  for (const [name, { output }] of Object.entries(lists)) {
    const page = { object: 'list', data: [resources[name]], has_more: false, url: '/' };
    expect(output['~standard'].validate(page), name).not.toHaveProperty('issues');
  }
});

describe('a connection without an account never acts for the platform', () => {
  const { connect, express, onboarding } = stripe.definition.auth;
  const answer = { access_token: 'sk', scope: 'read_write', token_type: 'bearer' };

  test.each([{}, { stripe_user_id: '' }, { stripe_user_id: null }, { stripe_user_id: 'cus_1' }])(
    'a token answer that names none is refused: %o',
    (named) => {
      for (const { read } of [connect, express]) {
        expect(() => read?.({ ...answer, ...named }, {} as never)).toThrow(/The account/);
      }
    },
  );

  test.each([{}, { stripeAccount: '' }, { stripeAccount: 'acct_1, acct_2' }])(
    'nothing is signed for %o',
    (credentials) => {
      for (const { sign } of [connect, express, onboarding]) {
        const headers = new Headers();
        const app = { clientSecret: 'sk_test_platform' };
        expect(() => sign.apply({ headers } as never, { credentials, app, now: 0 })).toThrow(/The account/);
        expect([...headers]).toEqual([]);
      }
    },
  );
});
