/** The revocation endpoint (RFC 7009). */
import { isAnonymous, readClient, type ClientAuth, type PresentedClient } from './client-auth.ts';
import { failure, isFailure, refuse, type OAuthFailure, type OAuthReply } from './oauth-failure.ts';
import { mediaType, readParams, uniqueParams, type Params } from './params.ts';
import type { AuthorizationProfile } from './profile.ts';
import { runEndpoint } from './run-endpoint.ts';
import { mayUse, refuseClient, type ServerContext } from './server-context.ts';
import type { EndpointSwitches } from './switches.ts';

export async function handleRevoke(
  context: ServerContext,
  { revokeAuth = 'post' }: AuthorizationProfile,
  { request, switches }: { readonly request: Request; readonly switches: EndpointSwitches },
): Promise<OAuthReply> {
  const params = await readRevocation(request, revokeAuth);
  const client = isFailure(params) ? params : await identify(context, revokeAuth, { request, params });
  return runEndpoint({ ...context, switches }, () => {
    const refusal = isFailure(params) ? params : revoke(context, client, params);
    return refusal === undefined ? { status: 200 } : refuse(refusal, request.headers, context.shapeFailure);
  });
}

/** Some vendors without client authentication take the token in the query of the POST instead of the form. */
async function readRevocation(request: Request, revokeAuth: ClientAuth): Promise<Params | OAuthFailure> {
  const query = uniqueParams(new URL(request.url).searchParams);
  const bare = revokeAuth === 'none' && request.method === 'POST';
  if (bare && !isFailure(query) && query.has('token')) return query;
  return readParams(request, mediaType(request.headers) === 'application/json' ? 'json' : 'form');
}

/** Null where the token comes alone. */
async function identify(
  { clock }: ServerContext,
  revokeAuth: ClientAuth,
  read: { readonly request: Request; readonly params: Params },
): Promise<PresentedClient | OAuthFailure | null> {
  const sent = { ...read, nowMs: clock.now() };
  return isAnonymous(sent, revokeAuth) ? null : readClient(sent, revokeAuth);
}

/** An unknown token is revoked already (section 2.2). With a refresh token the whole grant ends (section 2.1). */
function revoke(
  context: ServerContext,
  client: PresentedClient | OAuthFailure | null,
  params: Params,
): OAuthFailure | undefined {
  const { ledger } = context;
  if (client !== null && isFailure(client)) return client;
  const refusal = client === null ? undefined : refuseClient(context, client, context.client);
  if (refusal !== undefined) return refusal;
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
