/** Whose Google account it is: by `openid email` for a user, by its key for a service account. */
import { endpoint } from '@plugboard/core';
import type { AccountResult, Api } from '@plugboard/core';
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
  }),
};

const held = z.looseObject({ keyFile: z.string().optional(), subject: z.string().optional() });

/**
 * Whose account it is. A user is known by `sub`, which stays when the address changes; a service account by its address,
 * or by that of the user it acts as. Its key names itself, so `prove` has to make a call that shows it is believed.
 */
export async function googleAccount(api: Api, prove: () => Promise<unknown>): Promise<AccountResult> {
  const { keyFile, subject } = api.credentials(held);
  const key = keyFile === undefined ? undefined : readKeyFile(keyFile);
  if (key !== undefined) {
    await prove();
    const id = subject ?? key.email;
    const { email: serviceAccount, project = null } = key;
    return { kind: 'known', account: { id, name: id }, metadata: { email: id, serviceAccount, project } };
  }
  // Without `openid` nobody says whose grant it is.
  if (api.scopes?.includes('openid') === false) return { kind: 'choose', choices: [] };
  const { id, email, name } = await api.call(identity.me, {});
  return { kind: 'known', account: { id, name: email || name || id }, metadata: email ? { email } : {} };
}
