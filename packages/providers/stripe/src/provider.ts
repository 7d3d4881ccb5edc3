/** Stripe: payments, subscriptions, checkout, and accounts connected to a platform. */
import {
  apiKey,
  bearer,
  browserStep,
  checkAnswer,
  defineProvider,
  isPlugboardError,
  member,
  oauth2,
  reveal,
  sdkFetch,
  splitScopes,
  streamOf,
  text,
} from '@plugboard/core';
import type { AccountResult, Api, AppValues, Grant, OAuth2Options, OAuthClient, Sign } from '@plugboard/core';
import { secret, z } from '@plugboard/core/fields';

import { errors } from './errors.ts';
import { checkout, customers, invoices, payments, portal, prices, products, subscriptions } from './selling.ts';
import { accounts, balance, payouts, transfers, webhookEndpoints } from './platform.ts';
import { webhooks } from './webhooks.ts';

const version = '2026-10-28.endive';
const platformKey = (app: AppValues) => reveal(app['clientSecret'] ?? '');
const keyPattern = /^(sk|rk)_(live|test)_\w{16,}$/;
const wholePage = { limit: 100 };
const acct = /^acct_\w+$/;

/** The platform's key, for the connected account: nothing of the account's own is stored. https://docs.stripe.com/connect/authentication */
const onBehalf: Sign = {
  places: ['header:authorization', 'header:stripe-account'],
  apply({ headers }, { app, credentials }) {
    // Without an account, the platform's key would act for the platform itself.
    headers.set('stripe-account', idOf(reveal(credentials['stripeAccount'] ?? '')));
    headers.set('authorization', `Bearer ${platformKey(app)}`);
  },
};

/** A call of the platform itself, while a connection is being made or ended. */
const asPlatform = (client: OAuthClient, path: string, form: Readonly<Record<string, string>>) =>
  client.request({
    method: 'POST',
    url: `https://api.stripe.com${path}`,
    headers: { authorization: `Bearer ${platformKey(client.app)}`, 'stripe-version': version },
    form,
    classify: errors.classify,
  });

const connected = (id: string): Grant => ({ credentials: { stripeAccount: id }, account: { id, name: id } });
const idOf = (answer: unknown) => checkAnswer(z.string().regex(acct), answer, 'The account');

const onboarding = z.strictObject({
  returnUrl: z
    .url({ protocol: /^https?$/ })
    .meta({ title: 'Where the browser goes afterwards', examples: ['https://app.example.com/back'] }),
  refreshUrl: z
    .url({ protocol: /^https?$/ })
    .meta({ title: 'Where it goes for another link', examples: ['https://app.example.com/again'] }),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .exactOptional(),
  email: z.email().exactOptional(),
});

const prefill = z.strictObject({
  email: z.email().exactOptional(),
  landing: z.enum(['login', 'register']).exactOptional(),
});

/** An account that its owner has, or makes on the way: https://docs.stripe.com/connect/oauth-reference (2026-10). */
const connecting = (path: string) =>
  ({
    input: prefill,
    authorize: {
      url: `https://connect.stripe.com/${path}/authorize`,
      params: ({ email, landing }) => ({
        ...(email !== undefined && { 'stripe_user[email]': text(email) ?? '' }),
        ...(landing !== undefined && { stripe_landing: text(landing) ?? '' }),
      }),
    },
    token: { url: 'https://connect.stripe.com/oauth/token' },
    scopes: {
      ask: ['read_write'],
      known: { read_write: 'Act for the account.', read_only: 'Read the account.' },
      implies: (scope) => (scope === 'read_write' ? ['read_only'] : []),
    },
    // The vendor's endpoint knows no code challenge; the code is exchanged with the platform's secret key.
    pkce: 'none',
    // The tokens of the answer would never end: the platform's key with the account's id does the same.
    read: (answer) => ({
      ...connected(idOf(member(answer, 'stripe_user_id'))),
      scopes: splitScopes(text(member(answer, 'scope')) ?? ''),
    }),
    refresh: 'none',
    revoke: {
      ends: 'account',
      async run(client) {
        const form = {
          client_id: reveal(client.app['clientId'] ?? ''),
          stripe_user_id: reveal(client.credentials['stripeAccount'] ?? ''),
        };
        const headers = { authorization: `Bearer ${platformKey(client.app)}` };
        const url = 'https://connect.stripe.com/oauth/deauthorize';
        await client.request({ method: 'POST', url, headers, form }).catch((error: unknown) => {
          // One whose owner was faster is what was asked for.
          if (!isPlugboardError(error) || !/not connected/.test(error.vendor?.message ?? '')) throw error;
        });
      },
    },
    sign: onBehalf,
    example: {
      access_token: 'sk_test_of_the_connected_account',
      refresh_token: 'rt_of_the_connected_account',
      token_type: 'bearer',
      scope: 'read_write',
      livemode: false,
      stripe_user_id: 'acct_1Nv0FGQ9RKHgCVdK',
      stripe_publishable_key: 'pk_test_of_the_connected_account',
    },
  }) satisfies OAuth2Options;

export const stripe = defineProvider({
  id: 'stripe',
  name: 'Stripe',
  category: 'payments',
  summary: 'Payments, subscriptions, checkout, payouts, and accounts connected to a platform.',
  docs: {
    home: 'https://stripe.com',
    keys: 'https://dashboard.stripe.com/apikeys',
    reference: 'https://docs.stripe.com/api',
    checked: '2026-11-20',
  },
  hosts: ['api.stripe.com', 'connect.stripe.com'],

  app: {
    clientId: {
      title: 'Connect client id',
      env: 'STRIPE_CLIENT_ID',
      help: 'Settings > Connect > Onboarding options > OAuth.',
    },
    clientSecret: {
      title: 'Secret key of the platform',
      env: 'STRIPE_SECRET_KEY',
      secret: true,
      set: 'platform',
      example: 'sk_test_4eC39HqLyjWDarjtT1zdp7dc',
    },
    webhookSecret: {
      title: 'Signing secret of the endpoint',
      env: 'STRIPE_WEBHOOK_SECRET',
      secret: true,
      set: 'webhooks',
    },
    connectWebhookSecret: {
      title: 'Signing secret of the endpoint for connected accounts',
      env: 'STRIPE_CONNECT_WEBHOOK_SECRET',
      secret: true,
      set: 'connect webhooks',
    },
  },

  auth: {
    secretKey: apiKey({
      title: 'Secret or restricted key',
      credentials: z.strictObject({
        secretKey: secret('Secret key', { help: 'https://dashboard.stripe.com/apikeys', pattern: keyPattern }),
        webhookSecret: secret('Signing secret of a webhook endpoint', { pattern: /^whsec_\S+$/ }).optional(),
      }),
      env: { secretKey: 'STRIPE_SECRET_KEY' },
      sign: bearer('secretKey'),
      example: { secretKey: 'sk_test_4eC39HqLyjWDarjtT1zdp7dc' },
    }),
    // Creates the account and sends its owner through the vendor's pages: https://docs.stripe.com/connect/hosted-onboarding
    onboarding: browserStep({
      title: 'Onboarding by Stripe',
      appSet: 'platform',
      input: onboarding,
      credentials: z.strictObject({}),
      async start(client) {
        const { returnUrl, refreshUrl, country, email } = onboarding.parse(client.input);
        const known = client.credentials['stripeAccount'];
        const created =
          known ??
          member(
            (await asPlatform(client, '/v1/accounts', { ...(country && { country }), ...(email && { email }) })).json(),
            'id',
          );
        const account = idOf(typeof created === 'string' ? created : reveal(known ?? ''));
        const link = { account, type: 'account_onboarding', return_url: returnUrl, refresh_url: refreshUrl };
        const url = text(member((await asPlatform(client, '/v1/account_links', link)).json(), 'url')) ?? '';
        return { page: { url }, keep: { account } };
      },
      // Whoever comes back has not necessarily finished: health tells.
      complete: (client) => Promise.resolve(connected(idOf(client.input['account']))),
      sign: onBehalf,
      example: {},
    }),
    connect: oauth2({ title: 'Connect an existing account', ...connecting('oauth') }),
    express: oauth2({ title: 'Connect an Express account', ...connecting('express/oauth') }),
  },

  api: {
    baseUrl: 'https://api.stripe.com',
    version,
    headers: ({ apiVersion }) => ({ 'stripe-version': apiVersion }),
    // Of the vendor's 100 a second in live mode, and 25 in the sandbox: https://docs.stripe.com/rate-limits
    limits: [{ requests: 100, perMs: 1000 }],
    errors,
    requestId: 'request-id',
  },

  async account(api): Promise<AccountResult> {
    try {
      const { id, email, business_profile: business, settings } = await api.call(accounts.current, {});
      return {
        kind: 'known',
        account: { id, name: settings?.dashboard?.display_name ?? business?.name ?? email ?? id },
      };
    } catch (error) {
      // A restricted key may not read the account; the refusal of any other is told.
      if (!isForbidden(error) || api.method !== 'secretKey') throw error;
      await api.call(balance.get, {});
      return { kind: 'derived', name: 'Stripe account' };
    }
  },

  async healthCheck(api) {
    try {
      const found = await api.call(accounts.current, {});
      if (found.details_submitted === false) return { status: 'degraded', reason: 'onboarding_incomplete' };
      if (found.charges_enabled === false) return { status: 'degraded', reason: 'charges_disabled' };
      return found.payouts_enabled === false
        ? { status: 'degraded', reason: 'payouts_disabled' }
        : { status: 'healthy' };
    } catch (error) {
      if (!isForbidden(error) || api.method !== 'secretKey') throw error;
      await api.call(balance.get, {});
      return { status: 'healthy', reason: 'restricted_key' };
    }
  },

  flags: { payments: { description: 'Take payments through Stripe.', default: true, requiresConnection: false } },
  webhooks,
  // Lists know when a thing was created, not when it was changed: each pass reads everything.
  streams: {
    customers: streamOf(customers.list, { summary: 'Customers, newest first.', input: wholePage }),
    subscriptions: streamOf(subscriptions.list, { summary: 'Subscriptions that are not canceled.', input: wholePage }),
    invoices: streamOf(invoices.list, { summary: 'Invoices, newest first.', input: wholePage }),
  },
  operations: {
    checkout,
    customers,
    subscriptions,
    portal,
    payments,
    products,
    prices,
    invoices,
    balance,
    transfers,
    payouts,
    accounts,
    webhookEndpoints,
  },
  async sdk(api: Api) {
    const { Stripe } = await import('stripe');
    const httpClient = Stripe.createFetchHttpClient(sdkFetch(api));
    return new Stripe('sk_plugboard', { httpClient, maxNetworkRetries: 0, telemetry: false });
  },
});

function isForbidden(error: unknown): boolean {
  return isPlugboardError(error) && error.kind === 'permission' && error.status !== undefined;
}
