/** Reads an authorization request (RFC 6749 section 4.1.1) and judges it before the user is asked. */
import { failure, isFailure, type OAuthFailure } from './oauth-failure.ts';
import { uniqueParams, type Params } from './params.ts';
import { readScopes, unknownScope, type AuthorizationProfile } from './profile.ts';
import type { ServerContext } from './server-context.ts';

export interface AuthorizationRequest {
  readonly profile: AuthorizationProfile;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string | undefined;
  readonly scopes: readonly string[];
  readonly challenge: string | undefined;
  readonly nonce: string | undefined;
}

/** `page`: told to the user alone, because the redirect URI cannot be trusted. `redirect`: told to the client. */
export type Refusal =
  | { readonly to: 'page'; readonly failure: OAuthFailure }
  | {
      readonly to: 'redirect';
      readonly failure: OAuthFailure;
      readonly redirectUri: string;
      readonly state: string | undefined;
    };

export function readAuthorizationRequest(
  context: ServerContext,
  profile: AuthorizationProfile,
  url: URL,
): AuthorizationRequest | Refusal {
  const params = uniqueParams(url.searchParams);
  if (isFailure(params)) return { to: 'page', failure: params };
  const clientId = params.get('client_id') ?? '';
  const redirectUri = params.get('redirect_uri') ?? '';
  const stranger = judgeClient(context, clientId, redirectUri);
  if (stranger !== undefined) return { to: 'page', failure: stranger };

  const state = params.get('state');
  const scopes = readScopes(profile, params.get('scope'));
  const problem = judgeParams(profile, params, scopes);
  if (problem !== undefined) return { to: 'redirect', failure: problem, redirectUri, state };
  const challenge = profile.pkce === 'none' ? undefined : params.get('code_challenge');
  return { profile, clientId, redirectUri, state, scopes, challenge, nonce: params.get('nonce') };
}

export function isRefusal(value: AuthorizationRequest | Refusal): value is Refusal {
  return 'to' in value;
}

/** RFC 6749 sections 3.1.2 and 4.1.2.1: nothing is sent to an address that is not the client's. */
function judgeClient(
  { client, redirectUris }: ServerContext,
  clientId: string,
  redirectUri: string,
): OAuthFailure | undefined {
  if (clientId === '') return failure('invalid_request', 'client_id is missing');
  if (client !== undefined && clientId !== client.id)
    return failure('unauthorized_client', 'client_id is not registered');
  if (!URL.canParse(redirectUri)) return failure('invalid_request', 'redirect_uri is missing or not absolute');
  if (redirectUri.includes('#')) return failure('invalid_request', 'redirect_uri has a fragment');
  const registered = redirectUris?.includes(redirectUri) ?? true;
  return registered ? undefined : failure('invalid_request', 'redirect_uri is not registered');
}

function judgeParams(
  profile: AuthorizationProfile,
  params: Params,
  scopes: readonly string[],
): OAuthFailure | undefined {
  if (params.get('response_type') !== 'code') return failure('unsupported_response_type', 'response_type must be code');
  const unknown = unknownScope(profile, scopes);
  if (unknown !== undefined) return failure('invalid_scope', `${unknown} is unknown`);
  if (profile.pkce === 'none') return undefined;
  const challenge = params.get('code_challenge');
  if (challenge === undefined) {
    return profile.pkce === 'required' ? failure('invalid_request', 'code_challenge is required') : undefined;
  }
  // An absent method means `plain` (RFC 7636 section 4.3), which proves nothing.
  if (params.get('code_challenge_method') !== 'S256')
    return failure('invalid_request', 'code_challenge_method must be S256');
  return /^[\w-]{43}$/.test(challenge) ? undefined : failure('invalid_request', 'code_challenge is no S256 hash');
}
