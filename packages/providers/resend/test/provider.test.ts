import { conformance } from '@plugboard/testing';

import { resend } from '../src/index.ts';

conformance(resend.definition);
