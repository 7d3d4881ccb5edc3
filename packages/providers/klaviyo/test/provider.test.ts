import { conformance, providerContract } from '@plugboard/testing';

import { klaviyo } from '../src/index.ts';

conformance(klaviyo.definition);

providerContract(klaviyo, { account: { id: 'AbC123', name: 'Klaviyo Demo' } });
