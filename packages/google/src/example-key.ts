/** The key that all the world has, in the forms in which Google hands out and publishes keys. */
import { exampleRsaPem } from '@plugboard/core';

import { tokenUrl } from './oauth.ts';

/** Its public half, as Google would publish it among its keys. */
export const exampleJwk = {
  kty: 'RSA',
  kid: 'rfc-7515-a-2',
  alg: 'RS256',
  use: 'sig',
  e: 'AQAB',
  n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
} as const;

/** A key file that can be read and signed with, of no account that exists. */
export const exampleKeyFile = JSON.stringify(
  {
    type: 'service_account',
    project_id: 'demo-project',
    private_key_id: '0123456789abcdef0123456789abcdef01234567',
    private_key: exampleRsaPem,
    client_email: 'reports@demo-project.iam.gserviceaccount.com',
    token_uri: tokenUrl,
  },
  null,
  2,
);
