import { providerContract } from '@plugboard/testing';
import { describe } from 'vitest';

import { genericOidc } from '../src/index.ts';

const subject = '248289761001';
const facts = {
  account: { id: subject, name: 'Jane Doe' },
  accounts: { oidc: { id: `https://id.example.com/realms/main ${subject}`, name: 'Jane Doe' } },
};

providerContract(genericOidc, facts);
for (const tokenEndpointAuthMethod of ['private_key_jwt', 'client_secret_jwt', 'client_secret_post']) {
  describe(tokenEndpointAuthMethod, () =>
    providerContract(genericOidc, { ...facts, app: { tokenEndpointAuthMethod } }),
  );
}
