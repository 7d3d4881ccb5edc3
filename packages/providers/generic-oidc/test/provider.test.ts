import { providerContract } from '@plugboard/testing';

import { genericOidc } from '../src/index.ts';

const subject = '248289761001';

providerContract(genericOidc, {
  account: { id: subject, name: 'Jane Doe' },
  accounts: { oidc: { id: `https://id.example.com/realms/main ${subject}`, name: 'Jane Doe' } },
});
