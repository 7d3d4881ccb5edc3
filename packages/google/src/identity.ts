/** Whose Google account it is: by `openid email` for a user, by its key for a service account. */
import { endpoint } from '@plugboard/core';
import type { Api } from '@plugboard/core';
import { given, like } from '@plugboard/core/fields';
import { z } from 'zod';

import { readKeyFile } from './service-account.ts';

/** The base of `identity` adds this to a provider's hosts. */
export const identityHost = 'www.googleapis.com';

/** Goes into `operations` of every provider that asks `googleAccount`. */
export const identity = {
  me: endpoint('GET /oauth2/v2/userinfo', {
    summary: 'Reads whose Google account it is.',
    docs: 'https://developers.google.com/identity/openid-connect/openid-connect#obtaininguserprofileinformation',
    baseUrl: `https://${identityHost}`,
    input: given({}),
    output: like(
      { id: '110169484474386276334' },
      { email: 'user@example.com', verified_email: true, name: 'Jane Doe', hd: 'example.com' },
    ),
    scopes: ['openid'],
  }),
};

export interface GoogleAccount {
  /** `sub` of a user: stable, which the email address is not; the address of a service account, or of whom it acts as. */
  readonly id: string;
  readonly email?: string;
  readonly name: string;
  /** Set for a service account. */
  readonly serviceAccount?: string;
}

const keyFields = z.looseObject({ keyFile: z.string().optional(), subject: z.string().optional() });

/** Undefined for a grant without `openid`. A key tells its own name; that Google believes it, another call must prove. */
export async function googleAccount(api: Api): Promise<GoogleAccount | undefined> {
  const { keyFile, subject } = api.credentials(keyFields);
  const key = keyFile === undefined ? undefined : readKeyFile(keyFile);
  if (key !== undefined) {
    const email = subject ?? key.email;
    return { id: email, email, name: email, serviceAccount: key.email };
  }
  if (api.scopes?.includes('openid') === false) return undefined;
  const { id, email, name } = await api.call(identity.me, {});
  return { id, name: email || name || id, ...(email && { email }) };
}
