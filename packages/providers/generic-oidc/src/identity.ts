/**
 * Who signed in: what the id token proves, and what the userinfo endpoint adds to it.
 * @see https://openid.net/specs/openid-connect-core-1_0.html (2026-11-28)
 */
import {
  claimsOf,
  endpoint,
  isPlugboardError,
  operation,
  PlugboardError,
  reveal,
  text,
  verifyIdToken,
} from '@plugboard/core';
import type { AccountResult, Api, Grant, JsonObject, OAuthClient } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

import { algorithmsOf, announced, endpointOf, issuerOf } from './issuer.ts';

/** Checks the id token, and keeps what it says of the user (section 3.1.3.7). */
export async function identify(grant: Grant, client: OAuthClient): Promise<Grant> {
  const { idToken, accessToken } = grant.credentials;
  const { nonce, input } = client;
  const { maxAge } = input as { maxAge?: number };
  const claims = await verifyIdToken(
    idToken,
    {
      ...rulesOf(client),
      // Without one any token of this issuer would do.
      nonce: nonce ?? '',
      ...(accessToken !== undefined && { accessToken }),
      ...(maxAge !== undefined && { maxAgeSeconds: maxAge }),
    },
    client,
  );
  const sid = text(claims['sid']);
  const identity = { issuer: claims['iss']!, subject: claims['sub']!, ...profileOf(claims), ...(sid && { sid }) };
  return { ...grant, metadata: { ...grant.metadata, identity } };
}

/** Section 12. A refused id token costs the access token that came with it, and never the rotated refresh token. */
export async function refresh(client: OAuthClient): Promise<Grant> {
  const { refreshToken, idToken: first } = client.credentials;
  if (refreshToken === undefined) throw noRefreshToken();
  const grant = await client.token({ grant_type: 'refresh_token', refresh_token: reveal(refreshToken) });
  const { idToken, accessToken, ...rest } = grant.credentials;
  if (idToken === undefined || accessToken === undefined) return grant;
  const renews = first && claimsOf(reveal(first));
  try {
    await verifyIdToken(idToken, { ...rulesOf(client), accessToken, ...(renews && { renews }) }, client);
    return grant;
  } catch (error) {
    if (!isPlugboardError(error)) throw error;
    // What could not be judged now is not kept either; the token endpoint itself was proved by TLS.
    return { ...grant, credentials: error.retryable ? { ...rest, accessToken } : rest };
  }
}

function rulesOf({ app, input }: OAuthClient) {
  return {
    issuer: issuerOf(app, input),
    audience: reveal(app['clientId'] ?? ''),
    jwksUrl: announced('jwks_uri')(input),
    algorithms: algorithmsOf(input['discovered']),
  };
}

/** The claims that say what to call somebody. An address counts only when the issuer vouches for it (section 5.1). */
function profileOf(claims: Readonly<Record<string, unknown>>): JsonObject {
  const [name, email] = [text(claims['name']) ?? text(claims['preferred_username']), text(claims['email'])];
  const emailVerified = claims['email_verified'] === true;
  return { ...(name && { name }), ...(email && { email, emailVerified }) };
}

const userinfo = like(
  { sub: '248289761001' },
  { name: 'Jane Doe', preferred_username: 'jane', email: 'jane@example.com', email_verified: z.unknown() },
);

const unchecked = endpoint('GET', {
  summary: 'Reads what the issuer says of the user, without comparing the subject.',
  docs: 'https://openid.net/specs/openid-connect-core-1_0.html#UserInfo',
  baseUrl: (api) => endpointOf(api, 'userinfo_endpoint'),
  input: given({}),
  output: userinfo,
  scopes: ['openid'],
});

/** Section 5.3.2: the answer is somebody's only when its subject is that of the id token. */
export async function readUserinfo(api: Api) {
  const answer = await api.call(unchecked, {});
  const subject = subjectOf(api);
  if (subject === undefined || answer.sub === subject) return answer;
  throw new PlugboardError({
    kind: 'invalid_response',
    code: 'other_subject',
    message: 'The userinfo endpoint speaks of another user than the id token.',
    hint: 'Do not use the answer. Ask the operator of the issuer.',
  });
}

/** Undefined on the stub's own access, which nobody signed in to. */
const subjectOf = ({ metadata }: Api) => (metadata['identity'] as { subject?: string } | undefined)?.subject;

/** An issuer's own name for the user, which is unique only together with the issuer (section 5.7). */
export function accountId(issuer: string, subject: string): string {
  return `${issuer} ${subject}`;
}

export async function account(api: Api): Promise<AccountResult> {
  const identity = api.metadata['identity'] as { issuer: string; subject: string; name?: string; email?: string };
  const asks = identity.name === undefined && offersUserinfo(api);
  const profile = asks ? { ...identity, ...profileOf(await readUserinfo(api)) } : identity;
  const name = profile.name ?? profile.email ?? identity.subject;
  return { kind: 'known', account: { id: accountId(identity.issuer, identity.subject), name } };
}

export function offersUserinfo({ metadata }: Api): boolean {
  return announced('userinfo_endpoint')((metadata['input'] ?? {}) as JsonObject) !== '';
}

export const identity = {
  unchecked,
  userinfo: operation({
    summary: 'Reads what the issuer says of the user who signed in.',
    docs: 'https://openid.net/specs/openid-connect-core-1_0.html#UserInfo',
    input: given({}),
    scopes: ['openid'],
    run: (api) => readUserinfo(api),
  }),
};

function noRefreshToken(): PlugboardError {
  return new PlugboardError({
    kind: 'auth',
    code: 'no_refresh_token',
    message: 'The issuer gave no refresh token.',
    hint: 'Ask for `offline_access`, or for what your issuer wants instead, and let the user sign in again.',
  });
}
