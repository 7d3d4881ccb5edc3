/** The server's half of the auth methods of a definition. */
import type { AuthMethod, MintMethod, OAuth2Method } from '../auth/auth.ts';
import type { AnyDefinition } from '../provider.ts';
import { endpointAddress } from './addresses.ts';
import type { AuthorizationProfile } from './oauth/profile.ts';

/** One profile for each method that gets tokens. */
export function profilesOf(definition: AnyDefinition): readonly AuthorizationProfile[] {
  return Object.entries(definition.auth).flatMap(([name, method]) => profileOf(definition, name, method) ?? []);
}

function profileOf(definition: AnyDefinition, name: string, method: AuthMethod): AuthorizationProfile | undefined {
  if (method.kind === 'oauth2') return codeProfile(definition, name, method);
  return 'mint' in method ? mintProfile(definition, name, method) : undefined;
}

function codeProfile(definition: AnyDefinition, name: string, method: OAuth2Method): AuthorizationProfile {
  const { authorize, token, refresh, revoke, issuer, input, scopes, pkce, example } = method;
  const policy = refresh === 'none' ? undefined : refresh;
  const exchange = policy?.spends === 'accessToken';
  return {
    name,
    authorizeUrl: endpointAddress(definition, authorize.url, input),
    tokenUrl: endpointAddress(definition, token.url, input),
    // Where a function revokes, what it calls is the provider's own route.
    ...(typeof revoke === 'object' && {
      revokeUrl: revoke.url,
      ...(revoke.clientAuth && { revokeAuth: revoke.clientAuth }),
    }),
    ...tokenForm(token),
    pkce,
    ...(issuer !== undefined && { issuer }),
    scopes,
    rotation: policy === undefined || exchange ? 'none' : policy.rotation,
    exchange,
    oldAccessTokenDies: policy?.oldAccessTokenDies === true,
    jwtBearer: policy?.run !== undefined,
    example,
  };
}

function mintProfile(definition: AnyDefinition, name: string, method: MintMethod): AuthorizationProfile {
  const { kind, token } = method;
  return {
    name,
    kind,
    tokenUrl: endpointAddress(definition, token.url, undefined),
    ...tokenForm(token),
    rotation: 'none',
  };
}

function tokenForm({
  encoding,
  clientAuth,
}: OAuth2Method['token']): Pick<AuthorizationProfile, 'encoding' | 'clientAuth'> {
  return { ...(encoding && { encoding }), ...(clientAuth && { clientAuth }) };
}
