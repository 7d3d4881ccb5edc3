import { conformance, providerContract } from '@plugboard/testing';

import { plaid } from '../src/index.ts';

providerContract(plaid, { account: { id: 'DWVAAPWq4RHGlEaNyGKRTAnPLaEmo8Cvq7na6', name: 'Royal Bank of Plaid' } });

conformance(plaid.definition, {
  inputs: {
    'accounts.balances': [{ accountIds: ['a'], minLastUpdated: '2026-01-01T00:00:00Z' }],
    'transactions.sync': [{ cursor: 'c', count: 500 }],
    'sandbox.fireWebhook': [{ webhookCode: 'ERROR', webhookType: 'ITEM' }],
  },
});
