/** PayPal: orders, refunds and payouts. */
import { bearer, clientCredentials, defineProvider, isPlugboardError, text } from '@plugboard/core';

import { apiHosts, apiUrl, appOf, credentials, mint } from './credentials.ts';
import { emulator } from './emulator.ts';
import { errors } from './errors.ts';
import { account, balancesScope, payouts, webhookEndpoints } from './operations.ts';
import { orders, payments } from './orders.ts';
import { webhooks } from './webhooks.ts';

export const paypal = defineProvider({
  id: 'paypal',
  name: 'PayPal',
  category: 'payments',
  summary: 'Take payments, give money back, and pay people out.',
  docs: {
    home: 'https://www.paypal.com',
    keys: 'https://developer.paypal.com/dashboard/applications',
    reference: 'https://developer.paypal.com/api/rest/',
    checked: '2026-11-20',
  },
  // Certificates are also served from the older names of the API.
  hosts: [...Object.values(apiHosts), 'api.paypal.com', 'api.sandbox.paypal.com'],

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
  },

  api: { baseUrl: (api) => apiUrl(appOf(api).environment), errors, requestId: 'paypal-debug-id' },

  // The token names the app. Whose it is, only the balances tell, and few apps may read those.
  async account(api) {
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
    await api.call(webhookEndpoints.list, {});
    return { status: 'healthy' };
  },

  webhooks,
  operations: { orders, payments, payouts, webhookEndpoints, account },
  emulator,
});

/** An app that may not do this has shown by its token that it is one. */
function unlessRefused(error: unknown): void {
  if (!isPlugboardError(error) || error.kind !== 'permission') throw error;
}
