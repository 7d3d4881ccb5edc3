import { conformance, providerContract } from '@plugboard/testing';

import { meta } from '../src/index.ts';
import { internal } from '../src/leads.ts';

conformance(meta.definition, { nodePath: '/{version}/act_{account}', internal });

providerContract(meta, { account: { id: 'act_1102330001', name: "Jasper's Market" } });
