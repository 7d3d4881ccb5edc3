/** What an authorization server must know about one way to get tokens: the server's half of an auth method. */
import type { Rotation } from '../../auth/auth.ts';
import type { JsonObject } from '../../json.ts';
import type { ClientAuth } from './client-auth.ts';

/** An endpoint's address, or a test for addresses that are only known at run time (a host per tenant). */
export type EndpointAddress = string | ((url: URL) => boolean);

/** `browser`: whatever grant its token endpoint is sent opens one. */
export type ProfileKind = 'oauth2' | 'client_credentials' | 'service_account' | 'browser';

export interface AuthorizationProfile {
  /** Name of the auth method. */
  readonly name: string;
  /** Which grants the token endpoint takes. Default `oauth2`: code, refresh and exchange. */
  readonly kind?: ProfileKind;
  readonly authorizeUrl?: EndpointAddress;
  readonly tokenUrl: EndpointAddress;
  /** RFC 7009. */
  readonly revokeUrl?: EndpointAddress;
  /** Form of the token request; any other is refused. Default `form`. */
  readonly encoding?: 'form' | 'json' | 'query';
  /** How the client proves itself at the token endpoint; any other way is refused. Default `post`. */
  readonly clientAuth?: ClientAuth;
  /** The same at the revocation endpoint. Default `post`. */
  readonly revokeAuth?: ClientAuth;
  /** RFC 7636. Default `supported`: checked when the request has a challenge. */
  readonly pkce?: 'required' | 'supported' | 'none';
  /** Further parameters of every answer to the redirect URI; `params` are those that it has. */
  readonly signCallback?: (
    params: URLSearchParams,
    at: { readonly authorizeUrl: URL; readonly now: number },
  ) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** Sent as `iss` with every answer to the redirect URI (RFC 9207). */
  readonly issuer?: string;
  /** What the server publishes about itself (RFC 8414), where it tells clients its addresses. */
  readonly metadata?: JsonObject;
  /** Token answers with an `id_token` get a true one (RS256); the key is served at `metadata.jwks_uri`. */
  readonly idTokens?: boolean;
  readonly scopes?: ProfileScopes;
  /** Default `stable`; `unknown` behaves like `strict`. `none`: no refresh tokens. */
  readonly rotation?: Rotation | 'none';
  /** The access tokens of a grant die when it is refreshed. Default false. */
  readonly oldAccessTokenDies?: boolean;
  /** A live access token is what is exchanged for the next one. Default false. */
  readonly exchange?: boolean;
  /** Also takes a signed JWT as a grant (RFC 7523). Default: only `service_account`. */
  readonly jwtBearer?: boolean;
  /**
   * A token answer. Every `access_token` and `refresh_token` in it is issued anew in the same style; lives and scopes
   * are filled in where it has them. Default: an answer of RFC 6749 section 5.1 with an hour's life.
   */
  readonly example?: JsonObject;
}

export interface ProfileScopes {
  /** Granted when a request asks for none. */
  readonly ask: readonly string[];
  /** Every scope with its reason, for the consent page. Asking for another is refused, unless this is empty. */
  readonly known: Readonly<Record<string, string>>;
  /** Default a space. */
  readonly separator?: ' ' | ',';
  /** Answers name no scope that another granted one includes. */
  readonly implies?: (scope: string) => readonly string[];
}

/** True when the URL, without its query, is the endpoint. */
export function isEndpoint(address: EndpointAddress | undefined, url: URL): boolean {
  if (address === undefined) return false;
  if (typeof address === 'function') return address(url);
  const endpoint = new URL(address);
  return endpoint.origin === url.origin && endpoint.pathname === url.pathname;
}

/** Scopes that a request names, or those of the profile when it names none. */
export function readScopes(profile: AuthorizationProfile, scope: string | undefined): readonly string[] {
  if (scope === undefined || scope.trim() === '') return profile.scopes?.ask ?? [];
  // Vendors that document commas are also sent spaces, and take both.
  const separator = profile.scopes?.separator === ',' ? /[ ,]+/ : / +/;
  return [...new Set(scope.split(separator).filter((part) => part !== ''))];
}

/** The first scope that the profile does not know; undefined when all are known. */
export function unknownScope(profile: AuthorizationProfile, scopes: readonly string[]): string | undefined {
  const known = new Set([...Object.keys(profile.scopes?.known ?? {}), ...(profile.scopes?.ask ?? [])]);
  return known.size === 0 ? undefined : scopes.find((scope) => !known.has(scope));
}

/**
 * Whose authorization page it is. Where several ways to connect share one, the scopes tell them apart: that of which most
 * are asked for, of those of which all are.
 */
export function askedProfile(profiles: readonly AuthorizationProfile[], url: URL): AuthorizationProfile | undefined {
  const scope = url.searchParams.get('scope') ?? undefined;
  const score = (profile: AuthorizationProfile): number => {
    const { ask = [] } = profile.scopes ?? {};
    const asked = new Set(readScopes(profile, scope));
    return ask.every((one) => asked.has(one)) ? ask.length : -1;
  };
  const here = profiles.filter((profile) => isEndpoint(profile.authorizeUrl, url));
  return here.toSorted((a, b) => score(b) - score(a))[0];
}
