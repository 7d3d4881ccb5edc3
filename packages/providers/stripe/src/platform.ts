/** What a platform does for the accounts connected to it, below https://docs.stripe.com/api/connect. */
import { given, like, z } from '@plugboard/core/fields';

import { amount, currency, https, id, metadata, more, one, read, resource, write } from './forms.ts';

/** What the platform does with its own key, never on behalf of an account. */
const ofPlatform = { methods: ['secretKey'] };

const money = like({ amount: 666_670, currency: 'usd' });
export const balance = {
  get: resource('GET /v1/balance', {
    summary: 'Reads what is available and what is pending.',
    input: given({}),
    output: like({ object: 'balance', livemode: false, available: [money], pending: [money] }),
  }),
};

export const transfers = {
  create: resource('POST /v1/transfers', {
    summary: 'Moves money from the platform to a connected account.',
    ...ofPlatform,
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
  create: resource('POST /v1/payouts', {
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
  current: resource('GET /v1/account', {
    summary: 'Reads the account that the key or the connection is for.',
    input: given({}),
    output: account,
  }),
  get: resource('GET /v1/accounts/{id}', {
    summary: 'Reads a connected account of the platform.',
    ...read,
    input: one('acct_1Nv0FGQ9RKHgCVdK'),
    output: account,
  }),
  create: resource('POST /v1/accounts', {
    summary: 'Creates a connected account of the platform.',
    ...ofPlatform,
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
  deauthorize: resource('POST /oauth/deauthorize', {
    summary: 'Ends the connection of an account that was connected by OAuth.',
    ...ofPlatform,
    baseUrl: 'https://connect.stripe.com',
    repeat: 'safe',
    input: given({ client_id: 'ca_32D88BD1qLklliziD7gYQvctJIhWBSQ7', stripe_user_id: 'acct_1Nv0FGQ9RKHgCVdK' }),
    encode: (form) => ({ form }),
    output: like({ stripe_user_id: 'acct_1Nv0FGQ9RKHgCVdK' }),
  }),
  createLink: resource('POST /v1/account_links', {
    summary: 'Makes the address of the onboarding pages: it works once and not for long.',
    ...ofPlatform,
    ...write,
    input: given(
      { account: 'acct_1Nv0FGQ9RKHgCVdK', type: z.enum(['account_onboarding', 'account_update']), ...links },
      { collection_options: given({ fields: z.enum(['currently_due', 'eventually_due']) }) },
    ),
    output: like({
      object: 'account_link',
      url: 'https://connect.stripe.com/setup/c/acct_1Nv0FGQ9RKHgCVdK/TqckGNUHg2mG',
      created: 1680577733,
      expires_at: 1680578033,
    }),
  }),
};

export const webhookEndpoints = {
  create: resource('POST /v1/webhook_endpoints', {
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
