import { conformance, providerContract } from '@plugboard/testing';

import { plaid } from '../src/index.ts';

providerContract(plaid, { account: { id: 'DWVAAPWq4RHGlEaNyGKRTAnPLaEmo8Cvq7na6', name: 'Royal Bank of Plaid' } });

conformance(plaid.definition);
