/** Whose Google account it is, and whether Google believes it: a user by `openid email`, a service account by its key. */
import { encodeHex, endpoint, hash, text } from '@plugboard/core';
import type { AccountResult, Api, Endpoint, HealthResult, Input, Output, Schema, ScopeNeed } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

import { identityScopes, permits } from './oauth.ts';
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

/** Either is enough. Not a need of the operation: a service account may have been allowed none of them. */
const naming = { scopes: [Object.keys(identityScopes)] };

const held = z.looseObject({ keyFile: z.string().optional(), subject: z.string().optional() });

/**
 * Whose account it is. A user is known by `sub`, which stays when the address changes; a service account by its address,
 * or by that of the user it acts as. That token was given for the key shows whose it is; `prove` also shows that it serves.
 */
async function googleAccount(api: Api, prove: () => Promise<unknown>): Promise<AccountResult> {
  const { keyFile, subject } = api.credentials(held);
  const key = keyFile === undefined ? undefined : readKeyFile(keyFile);
  if (key !== undefined) {
    await prove();
    const id = subject ?? key.email;
    const { email: serviceAccount, project = null } = key;
    const acting = subject !== undefined && { quotaUser: await quotaUserOf(subject) };
    return { kind: 'known', account: { id, name: id }, metadata: { email: id, serviceAccount, project, ...acting } };
  }
  // Without it nobody says whose grant it is.
  if (!permits(api, naming)) return { kind: 'choose', choices: [] };
  const { id, email, name } = await api.call(identity.me, {});
  return { kind: 'known', account: { id, name: email || name || id }, metadata: email ? { email } : {} };
}

/** A call that only a grant which is believed can make. */
export interface Probe {
  /** As of an operation. */
  readonly scopes: readonly ScopeNeed[] | undefined;
  readonly run: (api: Api) => Promise<unknown>;
}

/** @param scopes where not all that the operation permits permit it with this input */
export function probe<I extends Schema<Input<I>, Output<I>>, O extends Schema<Input<O>, Output<O>>, Item>(
  asked: Endpoint<I, O, Item>,
  input: Input<I>,
  scopes: Probe['scopes'] = asked.scopes,
): Probe {
  return { scopes, run: (api) => api.call(asked, input) };
}

/**
 * The `account` and `healthCheck` of a provider. Of the probes the first is made that the grant permits: a refusal for
 * want of a scope says nothing about the connection. Where it permits none, a user's token still tells whose it is.
 */
export function googleUser(...probes: readonly Probe[]) {
  const all = [...probes, probe(identity.me, {}, naming.scopes)];
  async function prove(api: Api): Promise<boolean> {
    const permitted = all.find((one) => permits(api, one));
    await permitted?.run(api);
    return permitted !== undefined;
  }
  return {
    account: (api: Api) => googleAccount(api, () => prove(api)),
    async healthCheck(api: Api): Promise<HealthResult> {
      return (await prove(api)) ? { status: 'healthy' } : { status: 'unknown', reason: 'nothing_to_ask' };
    },
  };
}

/**
 * Headers by which each user that a service account acts as has limits of its own; else all share the account's.
 * @see https://developers.google.com/workspace/calendar/api/guides/quota (2026-11-20)
 */
export function quotaUser({ metadata }: Pick<Api, 'metadata'>): Readonly<Record<string, string>> {
  const user = text(metadata['quotaUser']);
  return user === undefined ? {} : { 'x-goog-quota-user': user };
}

/** An opaque text of at most 40 characters, and no address of anybody. */
const quotaUserOf = async (address: string) => encodeHex(await hash('sha256', address)).slice(0, 40);
