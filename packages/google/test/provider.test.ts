import { conformance, providerContract } from '@plugboard/testing';

import { sample } from './sample.ts';

conformance(sample.definition);

const account = { id: '110169484474386276334', name: 'user@example.com' };
providerContract(sample, {
  account,
  accounts: { serviceAccount: { id: 'user@example.com', name: 'user@example.com' } },
});
