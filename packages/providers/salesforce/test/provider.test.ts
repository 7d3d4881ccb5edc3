import { conformance, providerContract } from '@plugboard/testing';

import { salesforce } from '../src/index.ts';

const account = { id: '00Dxx0000001gPFEAY', name: 'Acme' };
providerContract(salesforce, {
  account,
  app: { loginUrl: 'https://login.salesforce.com' },
  input: { oauth: { loginHost: 'acme.my.salesforce.com' } },
  exceptions: {
    'E05 webhooks: every changed byte of the body is refused':
      'The vendor signs nothing: a token proves the organization, not the message.',
  },
});

conformance(salesforce.definition);
