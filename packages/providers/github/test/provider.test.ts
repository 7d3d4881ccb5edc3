import { conformance, providerContract } from '@plugboard/testing';

import { github } from '../src/index.ts';

providerContract(github, {
  account: { id: '1', name: 'octocat' },
  accounts: { installation: { id: '9919', name: 'github' } },
});

conformance(github.definition, { excerpts: 'A repository alone has seventy required members.' });
