import { conformance } from '@plugboard/testing';

import { klaviyo } from '../src/index.ts';

conformance(klaviyo.definition);
