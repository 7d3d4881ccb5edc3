/** PayPal: orders, refunds, subscriptions and payouts, and who somebody is. */
import { at, bearer, clientCredentials, defineProvider, isPlugboardError, snakeCase, text } from '@plugboard/core';
import { vendorErrors, type ErrorExample, type ErrorKind, type Meaning } from '@plugboard/core';

import { apiHosts, apiUrl, app, appOf, credentials, environmentOf, login, mint } from './credentials.ts';
import { emulator } from './emulator.ts';
import { account, balancesScope, identity, payouts, webhookEndpoints } from './operations.ts';
import { orders, payments } from './orders.ts';
import { plans, subscriptions } from './subscriptions.ts';
import { webhooks } from './webhooks.ts';

// What refusals mean: `details[].issue` says more than `name`, and `name` more than the status.
const dead: Meaning = { kind: 'auth', hint: 'Check client id, secret and environment.' };
const permission: Meaning = { kind: 'permission', hint: 'Switch the feature on for the app, or ask the merchant.' };
const approve: Meaning = { kind: 'invalid_request', hint: 'Send the buyer to the payer link of the order.' };
const done: Meaning = { kind: 'conflict', retryable: false, hint: 'It was done before: read it.' };

type Words = readonly [status: number, name: string, issue?: string];

/** As the documentation shows it; `code` where the status judges. */
function refused([status, name, issue]: Words, kind: ErrorKind, code = snakeCase(issue ?? name)): ErrorExample {
  const details = issue === undefined ? [] : [{ issue, description: 'The business rule in words.' }];
  const body = { name, message: 'The error in words.', debug_id: '90957fca61718', details, links: [] };
  return { status, body, is: { kind, code } };
}
const rule = (issue: string): Words => [422, 'UNPROCESSABLE_ENTITY', issue];

/** https://developer.paypal.com/api/rest/responses/ and the error pages of each API (2026-11-20). */
const errors = vendorErrors({
  code: (answer) => {
    const body = answer.tryJson();
    return text(at(body, 'details', 0, 'issue')) ?? text(at(body, 'name')) ?? text(at(body, 'error'));
  },
  message: (answer) => text(at(answer.tryJson(), 'details', 0, 'description')) ?? text(at(answer.tryJson(), 'message')),
  codes: {
    AUTHENTICATION_FAILURE: dead,
    invalid_token: dead,
    NOT_AUTHORIZED: permission,
    PERMISSION_DENIED: permission,
    RATE_LIMIT_REACHED: 'rate_limited',
    ORDER_NOT_APPROVED: approve,
    PAYER_ACTION_REQUIRED: approve,
    INSTRUMENT_DECLINED: approve,
    ORDER_ALREADY_CAPTURED: done,
    ORDER_ALREADY_AUTHORIZED: done,
    CAPTURE_FULLY_REFUNDED: done,
    DUPLICATE_INVOICE_ID: done,
  },
  examples: {
    invalidCredentials: refused([401, 'AUTHENTICATION_FAILURE'], 'auth'),
    expiredToken: { status: 401, body: { error: 'invalid_token' }, is: { kind: 'auth', code: 'invalid_token' } },
    missingScope: refused([403, 'NOT_AUTHORIZED', 'PERMISSION_DENIED'], 'permission'),
    notFound: refused([404, 'RESOURCE_NOT_FOUND', 'INVALID_RESOURCE_ID'], 'not_found', 'not_found'),
    invalidInput: refused([400, 'INVALID_REQUEST', 'MISSING_REQUIRED_PARAMETER'], 'invalid_request', 'bad_request'),
    notApproved: refused(rule('ORDER_NOT_APPROVED'), 'invalid_request'),
    declined: refused(rule('INSTRUMENT_DECLINED'), 'invalid_request'),
    captured: refused(rule('ORDER_ALREADY_CAPTURED'), 'conflict'),
    otherRule: refused(rule('CURRENCY_NOT_SUPPORTED'), 'invalid_request', 'unprocessable'),
    rateLimited: refused([429, 'RATE_LIMIT_REACHED'], 'rate_limited'),
    outage: refused([500, 'INTERNAL_SERVER_ERROR'], 'unavailable', 'server_error'),
  },
});

export const paypal = defineProvider({
  id: 'paypal',
  name: 'PayPal',
  category: 'payments',
  summary: 'Take payments once or again and again, give money back, pay people out, and learn who a user is.',
  docs: {
    home: 'https://www.paypal.com',
    keys: 'https://developer.paypal.com/dashboard/applications',
    reference: 'https://developer.paypal.com/api/rest/',
    checked: '2026-11-20',
  },
  // Certificates are also served from the older names of the API.
  hosts: [...Object.values(apiHosts), 'api.paypal.com', 'api.sandbox.paypal.com'],

  app,
  auth: {
    // One token serves for hours: PayPal answers 429 to whoever asks for one with each call.
    clientCredentials: clientCredentials({
      title: 'REST app',
      credentials,
      env: {
        clientId: 'PAYPAL_CLIENT_ID',
        clientSecret: 'PAYPAL_CLIENT_SECRET',
        environment: 'PAYPAL_ENVIRONMENT',
        webhookId: 'PAYPAL_WEBHOOK_ID',
        webhookCheck: 'PAYPAL_WEBHOOK_CHECK',
      },
      sign: bearer(),
      token: { url: () => `${apiUrl('sandbox')}/v1/oauth2/token`, clientAuth: 'basic' },
      mint,
      example: {
        clientId: 'AFcWxV21C7fd0v3bYYYRCpSSRl31Au1bP9oJ7ZkWEXAMPLE',
        clientSecret: 'EO422dn3gQLgDbuwqTjzrFgFtaRLRR5BdHEESmha49TMEXAMPLE',
        environment: 'sandbox',
        webhookId: '4JH86294D6297924G',
      },
    }),
    login,
  },

  api: { baseUrl: (api) => apiUrl(environmentOf(api)), errors, requestId: 'paypal-debug-id' },

  // The token names the app. Whose it is, only the balances tell, and few apps may read those.
  async account(api) {
    if (api.method === 'login') {
      // Unlike the id of the PayPal account, which comes with one scope alone, this one is there whatever was granted.
      const { user_id: id, payer_id: payerId, name } = await api.call(identity.userInfo, {});
      return {
        kind: 'known',
        account: { id, name: name ?? id },
        ...(payerId !== undefined && { metadata: { payerId } }),
      };
    }
    const { environment } = appOf(api);
    const reads = api.scopes?.includes(balancesScope) === true;
    const merchantId = reads ? (await api.call(account.balances, {})).account_id : undefined;
    if (!reads) await api.call(webhookEndpoints.list, {}).catch(unlessRefused);
    const name = `PayPal ${merchantId ?? 'app'} (${environment})`;
    const appId = text(api.metadata['appId']);
    if (appId === undefined) return { kind: 'derived', name };
    const metadata = { appId, environment, ...(merchantId !== undefined && { merchantId }) };
    return { kind: 'known', account: { id: appId, name }, metadata };
  },

  async healthCheck(api) {
    await (api.method === 'login' ? api.call(identity.userInfo, {}) : api.call(webhookEndpoints.list, {}));
    return { status: 'healthy' };
  },

  webhooks,
  operations: { orders, payments, subscriptions, plans, payouts, webhookEndpoints, account, identity },
  emulator,
});

/** An app that may not do this has shown by its token that it is one. */
function unlessRefused(error: unknown): void {
  if (!isPlugboardError(error) || error.kind !== 'permission') throw error;
}
