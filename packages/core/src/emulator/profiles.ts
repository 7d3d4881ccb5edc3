/** The server's half of the auth methods of a definition. */
import {
  refreshPolicyOf,
  type AppValues,
  type AuthMethod,
  type BrowserMethod,
  type Computed,
  type MintMethod,
  type OAuth2Method,
} from '../auth/auth.ts';
import type { ClientAuth } from '../auth/client-assertion.ts';
import { computed } from '../auth/discovery.ts';
import type { AnyDefinition } from '../provider.ts';
import { stubAppValues } from '../stub-app.ts';
import { endpointAddress } from './addresses.ts';
import type { ClientAuth as ExpectedAuth } from './oauth/client-auth.ts';
import type { AuthorizationProfile } from './oauth/profile.ts';
import { emulatedApp, emulatedInput, metadataOf } from './tenants.ts';

/**
 * One profile for each method that gets tokens.
 * @param options What the host gave the provider; signatures of callbacks need the true secret.
 */
export function profilesOf(
  definition: AnyDefinition,
  options: Readonly<Record<string, unknown>>,
): readonly AuthorizationProfile[] {
  const app = stubAppValues(definition, options);
  return Object.entries(definition.auth).flatMap(([name, method]) => {
    const profile = profileOf({ definition, app }, name, method);
    if (profile === undefined || method.kind !== 'oauth2' || method.signCallback === undefined) return profile ?? [];
    const { signCallback } = method;
    return {
      ...profile,
      signCallback: (params: URLSearchParams, at: { readonly authorizeUrl: URL; readonly now: number }) =>
        signCallback(params, { app, ...at }),
    };
  });
}

interface Emulated {
  readonly definition: AnyDefinition;
  /** Values of the host, for what is compared or verified. */
  readonly app: AppValues;
}

function profileOf(emulated: Emulated, name: string, method: AuthMethod): AuthorizationProfile | undefined {
  if (method.kind === 'oauth2') return codeProfile(emulated, name, method);
  if (method.kind === 'browser') return stepProfile(emulated, name, method);
  return 'mint' in method ? mintProfile(emulated, name, method) : undefined;
}

/** Where a vendor has no token endpoint, the provider's own routes issue the tokens. */
function stepProfile({ definition, app }: Emulated, name: string, method: BrowserMethod): AuthorizationProfile {
  const { token } = method;
  const policy = refreshPolicyOf(method);
  const exchange = policy?.spends === 'accessToken';
  return {
    name,
    kind: 'browser',
    tokenUrl: token === undefined ? () => false : endpointAddress(definition, token.url, method),
    ...(token && tokenForm(token, { input: emulatedInput(definition, method), app: emulatedApp(definition) }, app)),
    rotation: policy === undefined || exchange ? 'none' : policy.rotation,
    exchange,
    oldAccessTokenDies: policy?.oldAccessTokenDies === true,
  };
}

function codeProfile({ definition, app }: Emulated, name: string, method: OAuth2Method): AuthorizationProfile {
  const { authorize, discover, token, refresh, revoke, issuer, nonce, scopes, pkce, example } = method;
  const policy = refresh === 'none' ? undefined : refresh;
  const exchange = policy?.spends === 'accessToken';
  const known = { input: emulatedInput(definition, method), app: emulatedApp(definition) };
  const issued = issuer === undefined ? undefined : computed(issuer, known);
  // Where a function revokes, what it calls is the provider's own route.
  const revokes = typeof revoke === 'object' && 'url' in revoke && computed(revoke.url, known) !== undefined;
  return {
    name,
    authorizeUrl: endpointAddress(definition, authorize.url, method),
    tokenUrl: endpointAddress(definition, token.url, method),
    ...(revokes && {
      revokeUrl: endpointAddress(definition, revoke.url as Computed<string>, method),
      revokeAuth: expectedAuth(revoke.clientAuth, known, app),
    }),
    ...tokenForm(token, known, app),
    pkce,
    ...(issued !== undefined && { issuer: issued }),
    ...(discover && { metadata: metadataOf(definition, method) }),
    idTokens: nonce === true,
    scopes,
    rotation: policy === undefined || exchange ? 'none' : policy.rotation,
    exchange,
    oldAccessTokenDies: policy?.oldAccessTokenDies === true,
    jwtBearer: policy?.run !== undefined,
    example,
  };
}

function mintProfile({ definition, app }: Emulated, name: string, method: MintMethod): AuthorizationProfile {
  const { kind, token } = method;
  return {
    name,
    kind,
    tokenUrl: token === undefined ? () => false : endpointAddress(definition, token.url),
    ...(token && tokenForm(token, { input: {}, app: emulatedApp(definition) }, app)),
    rotation: 'none',
  };
}

type Known = Parameters<typeof computed>[1];

function tokenForm(
  { encoding, clientAuth }: OAuth2Method['token'],
  known: Known,
  app: AppValues,
): Pick<AuthorizationProfile, 'encoding' | 'clientAuth'> {
  return { ...(encoding && { encoding }), clientAuth: expectedAuth(clientAuth, known, app) };
}

/** The server's half of a client authentication: it knows the key that the client has. */
function expectedAuth(declared: Computed<ClientAuth> = 'post', known: Known, app: AppValues): ExpectedAuth {
  const clientAuth = computed(declared, known);
  if (typeof clientAuth !== 'object') return clientAuth;
  const { key, ...expected } = clientAuth;
  return { ...expected, clientKey: app[key] ?? '' };
}
