/** The grants of the token endpoint: each judges its parameters and says what to issue, in one synchronous step. */
import { failure, isFailure, type OAuthFailure } from './oauth-failure.ts';
import { readAssertion } from './assertion.ts';
import type { PresentedClient } from './client-auth.ts';
import type { Issue } from './issue.ts';
import type { LedgerToken } from './ledger.ts';
import type { Params } from './params.ts';
import { readScopes, unknownScope, type AuthorizationProfile } from './profile.ts';
import { useRefreshToken } from './rotation.ts';
import { accountWith, mayUse, profileNamed, type ServerContext } from './server-context.ts';
import type { TokenSwitches } from './switches.ts';

/** One request at the token endpoint, read but not judged. */
export interface TokenRequest {
  readonly url: URL;
  readonly params: Params;
  readonly profile: AuthorizationProfile;
  /** Null where the assertion itself names the client. */
  readonly client: PresentedClient | null;
  /** The S256 challenge of the request's `code_verifier` (RFC 7636 section 4.2). */
  readonly challenge: string | undefined;
  readonly switches: TokenSwitches;
}

export type Grant = (context: ServerContext, request: TokenRequest) => Issue | OAuthFailure;

/** RFC 6749 section 4.1.3. The code is spent by the first attempt, good or bad. */
export const codeGrant: Grant = (context, { params, client, challenge }) => {
  const { ledger } = context;
  const text = params.get('code') ?? '';
  const code = ledger.find(text);
  const binding = context.codes.get(text);
  if (code === undefined || binding === undefined) return failure('invalid_grant', 'the code is unknown');
  ledger.countUse(code);
  const state = ledger.stateOf(code);
  if (state === 'spent') ledger.punishReuse(code);
  if (state !== 'live') return failure('invalid_grant', `the code is ${state}`);
  ledger.spend(code);
  const family = ledger.familyOf(code);
  const profile = profileNamed(context, family.profile);
  if (!mayUse(client, family)) return failure('invalid_grant', 'the code was issued to another client');
  if (params.get('redirect_uri') !== binding.redirectUri) {
    return failure('invalid_grant', 'redirect_uri differs from that of the authorization request');
  }
  if (profile.pkce !== 'none' && challenge !== binding.challenge) {
    return failure('invalid_grant', 'code_verifier does not fit the code_challenge of the authorization request');
  }
  return { profile, family, refreshToken: 'issue', nonce: binding.nonce };
};

/** RFC 6749 section 6. */
const refreshGrant = (context: ServerContext, request: TokenRequest, token: LedgerToken): Issue | OAuthFailure => {
  const { params, client, switches } = request;
  const family = context.ledger.familyOf(token);
  const profile = profileNamed(context, family.profile);
  if (!mayUse(client, family)) return failure('invalid_grant', 'the token was issued to another client');
  const scopes = params.get('scope') === undefined ? family.scopes : readScopes(profile, params.get('scope'));
  const extra = scopes.find((scope) => !family.scopes.includes(scope));
  if (extra !== undefined) return failure('invalid_scope', `${extra} was not granted`);
  const declared = profile.rotation === undefined || profile.rotation === 'none' ? 'stable' : profile.rotation;
  // An answer without a successor leaves the client with the token it has, so that one must go on working.
  const rotation = switches.omitRefreshToken === true ? 'stable' : (switches.rotation ?? declared);
  const refreshToken = useRefreshToken(context, token, rotation);
  if (typeof refreshToken === 'object' && isFailure(refreshToken)) return refreshToken;
  return { profile, family, refreshToken, scopes };
};

/** A live access token for a new one: long-lived tokens, and vendors without refresh tokens. */
const exchangeGrant = (context: ServerContext, token: LedgerToken): Issue | OAuthFailure => {
  const { ledger } = context;
  ledger.countUse(token);
  const state = ledger.stateOf(token);
  if (state !== 'live') return failure('invalid_grant', `the access token is ${state}`);
  const family = ledger.familyOf(token);
  return { profile: profileNamed(context, family.profile), family, refreshToken: 'omit' };
};

/** Any grant that carries a token which this server issued, under whatever names the vendor gives them. */
export const renewalGrant: Grant = (context, request) => {
  const tokens = [...request.params.values()].map((text) => context.ledger.find(text));
  const token = tokens.find((found) => found !== undefined && found.kind !== 'code');
  if (token?.kind === 'refresh_token') return refreshGrant(context, request, token);
  if (token !== undefined) return exchangeGrant(context, token);
  const grantType = request.params.get('grant_type');
  return grantType === 'refresh_token' || request.profile.exchange === true
    ? failure('invalid_grant', 'the token is unknown')
    : failure('unsupported_grant_type', 'the grant is not one of this server');
};

/** RFC 6749 section 4.4, and vendors' own names for it. */
export const clientCredentialsGrant: Grant = (context, { profile, params, client }) =>
  openGrant(context, profile, { clientId: client?.id ?? '', scope: params.get('scope') });

/** What a step in the browser brought, for tokens; or a live token of an earlier one, for the next. */
export const stepGrant: Grant = (context, request) => {
  const known = [...request.params.values()].some((text) => context.ledger.find(text) !== undefined);
  return known ? renewalGrant(context, request) : clientCredentialsGrant(context, request);
};

/** RFC 7523 section 2.1. */
export const jwtBearerGrant: Grant = (context, { profile, params, url }) => {
  const assertion = readAssertion(params.get('assertion'), url, context.clock.now());
  if (isFailure(assertion)) return assertion;
  return openGrant(context, profile, { clientId: assertion.issuer, scope: params.get('scope') ?? assertion.scope });
};

function openGrant(
  context: ServerContext,
  profile: AuthorizationProfile,
  asked: { readonly clientId: string; readonly scope: string | undefined },
): Issue | OAuthFailure {
  const scopes = readScopes(profile, asked.scope);
  const unknown = unknownScope(profile, scopes);
  if (unknown !== undefined) return failure('invalid_scope', `${unknown} is unknown`);
  const account = accountWith(context, undefined);
  const family = context.ledger.openFamily({ profile: profile.name, clientId: asked.clientId, account, scopes });
  return { profile, family, refreshToken: 'issue' };
}
