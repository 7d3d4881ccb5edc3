/** The revocation endpoint (RFC 7009). */
import { isGoodClient, readClient } from './client-auth.ts';
import { failure, isFailure, refuse, type OAuthFailure, type OAuthReply } from './oauth-failure.ts';
import { mediaType, readParams, uniqueParams, type Params } from './params.ts';
import type { AuthorizationProfile } from './profile.ts';
import { runEndpoint } from './run-endpoint.ts';
import { mayUse, type ServerContext } from './server-context.ts';
import type { EndpointSwitches } from './switches.ts';

export async function handleRevoke(
  context: ServerContext,
  profile: AuthorizationProfile,
  { request, switches }: { readonly request: Request; readonly switches: EndpointSwitches },
): Promise<OAuthReply> {
  const params = await readRevocation(request);
  return runEndpoint({ ...context, switches }, () => {
    const refusal = isFailure(params) ? params : revoke(context, profile, request.headers, params);
    return refusal === undefined ? { status: 200 } : refuse(refusal, request.headers, context.shapeFailure);
  });
}

/** Some vendors take the token in the query of the POST instead of the form. */
async function readRevocation(request: Request): Promise<Params | OAuthFailure> {
  const query = uniqueParams(new URL(request.url).searchParams);
  if (request.method === 'POST' && !isFailure(query) && query.has('token')) return query;
  return readParams(request, mediaType(request.headers) === 'application/json' ? 'json' : 'form');
}

/** An unknown token is revoked already (section 2.2). With a refresh token the whole grant ends (section 2.1). */
function revoke(
  context: ServerContext,
  profile: AuthorizationProfile,
  headers: Headers,
  params: Params,
): OAuthFailure | undefined {
  const { ledger } = context;
  const { revokeAuth = 'post' } = profile;
  const client = isAnonymous(revokeAuth, params) ? null : readClient(headers, params, revokeAuth);
  if (client !== null && isFailure(client)) return client;
  if (client !== null && !isGoodClient(client, context.client))
    return failure('invalid_client', 'the client is unknown');
  const token = ledger.find(params.get('token') ?? '');
  if (!params.get('token')) return failure('invalid_request', 'token is missing');
  if (token === undefined) return undefined;
  if (!mayUse(client, ledger.familyOf(token))) {
    return failure('invalid_grant', 'the token was issued to another client');
  }
  if (token.kind === 'access_token') ledger.revokeToken(token, 'request');
  else ledger.revokeFamily(token.family, 'request');
  return undefined;
}

/** Vendors without client authentication take the token alone. */
function isAnonymous(revokeAuth: string, params: Params): boolean {
  return revokeAuth === 'none' && !params.has('client_id');
}
