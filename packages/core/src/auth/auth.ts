/**
 * How a connection authenticates: a closed, discriminated union. Every kind is data plus a `Sign`; what a vendor does
 * differently is a plain function in the same record, never a name that the engine has to know.
 */
import type { Json, JsonObject } from '../json.ts';
import type { Schema } from '../schema.ts';
import type { Secret } from '../secret.ts';
import type { AccountRef } from '../store.ts';
import type { Classify } from '../transport/transport.ts';
import type { KeyCache } from '../webhooks/key-cache.ts';
import type { ClientAuth } from './client-assertion.ts';
import type { DeclaredScopes } from './declared-scopes.ts';
import type { AppValues, VendorCalls } from './vendor-call.ts';

export type { DeclaredScopes, ScopeNeed } from './declared-scopes.ts';
export type { AppValues, OAuthRequest } from './vendor-call.ts';

/** Named credential values of one connection: what the tenant typed, or what a grant brought. */
export type Credentials = Readonly<Record<string, Secret | string | undefined>>;

/** From what hosts are computed that are only known at run time. */
export interface HostSource {
  readonly app: AppValues;
  /** Empty before there are any: while a flow runs. */
  readonly credentials: Credentials;
  /** Values that the tenant gave before the redirect. */
  readonly input: JsonObject;
  readonly metadata: JsonObject;
}

/** Result of connect or refresh. */
export interface Grant {
  /** `accessToken`, `refreshToken` and whatever else the vendor handed over. All of it is sealed. */
  readonly credentials: Credentials;
  /** Life of the access token in milliseconds; absent when it does not expire or the vendor does not say. */
  readonly expiresInMs?: number;
  readonly refreshExpiresInMs?: number;
  /** Granted scopes; absent when the vendor does not say. */
  readonly scopes?: readonly string[];
  readonly account?: AccountRef;
  /** Facts worth keeping that are not secret: workspace domain, instance URL, bot user. */
  readonly metadata?: JsonObject;
}

/** A request on its way out, before its credentials are put on. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  /** Replaced by a sign whose vendor takes credentials in the body. */
  body?: Uint8Array | string;
}

export interface SignContext {
  readonly credentials: Credentials;
  readonly app: AppValues;
  /** Wall time in milliseconds, for signatures with a date. */
  readonly now: number;
}

/** Puts credentials on a request. `places` says where, and the contract suite checks that they appear nowhere else. */
export interface Sign {
  /** `header:authorization`, `query:key`, `body:access_token`, `path`. */
  readonly places: readonly string[];
  apply(request: OutgoingRequest, context: SignContext): void | Promise<void>;
}

/** What the token-endpoint functions of a provider may use. */
export interface OAuthClient extends VendorCalls {
  /** Values the tenant gave before the redirect (a shop domain); in `complete` also what `start` kept. */
  readonly input: JsonObject;
  /** Parameters of the callback, for `afterCode` only. Whoever holds the browser can forge them. */
  readonly callback?: URLSearchParams;
  /** For `afterCode` only: what the id token must repeat, where the method has `nonce`. */
  readonly nonce?: string;
  readonly credentials: Credentials;
  readonly metadata: JsonObject;
  readonly now: number;
  /** Sends to the token endpoint with the declared client authentication; parameters are added to those declared. */
  token(params: Readonly<Record<string, string>>): Promise<Grant>;
  /** Keys that vendors publish, as `verifyIdToken` needs them; it lives as long as the board. */
  readonly keys: KeyCache;
}

/** What happens to the refresh token when it is used. Decides how hard refreshes of one connection are serialised. */
export type Rotation = 'stable' | 'strict' | 'unknown' | { readonly graceSeconds: number };

export interface RefreshPolicy {
  readonly rotation: Rotation;
  /** The old access token stops working at refresh, so callers wait for the new one. Default false. */
  readonly oldAccessTokenDies?: boolean;
  /** Parameters of the refresh. Default: `grant_type=refresh_token` with the refresh token (RFC 6749 section 6). */
  readonly params?: (client: OAuthClient) => Readonly<Record<string, string>>;
  /** Which credential a refresh spends. Default `refreshToken`; `accessToken` where a live token is exchanged. */
  readonly spends?: 'refreshToken' | 'accessToken';
  /** Replaces the whole call for a vendor that refreshes some other way (a signed JWT). */
  readonly run?: (client: OAuthClient) => Promise<Grant>;
  /** Milliseconds without use after which the refresh token dies: idle connections are exercised before. */
  readonly idleMs?: number;
}

export type RevokePolicy = {
  /**
   * What ends with it: this grant, every grant to the same account, or all that its user ever gave to the app. What other
   * live connections rest on is kept. Default `grant`.
   */
  readonly ends?: 'grant' | 'account' | 'app';
} & (
  | {
      /** RFC 7009 endpoint; undefined where a tenant's server has none. */
      readonly url: Computed<string | undefined>;
      readonly clientAuth?: Computed<ClientAuth>;
    }
  /** For vendors with a way of their own. */
  | { readonly run: (client: OAuthClient) => Promise<void> }
);

/** A fact of an authorization server, or what computes it: `input.discovered` is what `discover` found. */
export type Computed<T> = T | ((input: JsonObject, app: AppValues) => T);

export interface OAuth2Options {
  /** What the hub calls this way to connect. Default `OAuth`. */
  readonly title?: string;
  /**
   * Asks the authorization server where its endpoints are, before the browser is sent there. What it returns is kept with
   * the flow and the connection as `input.discovered`, members named as in the server's own metadata (RFC 8414). Every
   * member that is an address is an endpoint: it must be https, and its host may be called.
   */
  readonly discover?: (client: OAuthClient) => Promise<JsonObject>;
  readonly authorize: {
    /** `{version}` stands for the API version in use. */
    readonly url: Computed<string>;
    /** Fixed extra parameters; reserved names (`state`, `scope`, `client_id` ...) are refused at definition. */
    readonly params?: Computed<Readonly<Record<string, string>>>;
    /**
     * The vendor posts its answer from a page of its own (`response_mode=form_post`). Browsers leave Lax cookies out of such
     * a post, so the cookie of this flow is `SameSite=None`. Default false.
     * @see https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html (2026-11-28)
     */
    readonly formPost?: boolean;
  };
  readonly token: {
    /** `{version}` stands for the API version in use. */
    readonly url: Computed<string>;
    /** Default POST with a form body. `query` sends a GET. */
    readonly encoding?: 'form' | 'json' | 'query';
    /** `raw_basic` for vendors that do not form-encode the parts; an object for a signed assertion. Default `post`. */
    readonly clientAuth?: Computed<ClientAuth>;
    readonly headers?: Readonly<Record<string, string>>;
    /** Further parameters of the code exchange. */
    readonly params?: Readonly<Record<string, string>>;
  };
  readonly scopes: DeclaredScopes;
  /** RFC 7636, always S256. `none` needs a comment in the provider that says why. */
  readonly pkce: 'required' | 'supported' | 'none';
  /** Expected `iss` of the callback (RFC 9207); absent: recorded, never judged. */
  readonly issuer?: Computed<string>;
  /** The vendor's metadata announces `iss` on every callback, so its absence is an attack. Default false. */
  readonly issuerAlwaysSent?: Computed<boolean>;
  /**
   * Puts a fresh `nonce` on the authorization URL, which the id token must repeat: `afterCode` gets it as `client.nonce`
   * (OpenID Connect Core 1.0, section 3.1.2.1). Default false.
   */
  readonly nonce?: boolean;
  /** Values the tenant must give before the redirect. */
  readonly input?: Schema<unknown, JsonObject>;
  /** Reads a token answer. Default `readTokenAnswer` (RFC 6749 section 5.1). */
  readonly read?: (answer: Json, client: Pick<OAuthClient, 'credentials' | 'input' | 'now'>) => Grant;
  /** Judges an answer of the token endpoint. Default `classifyOAuth` (RFC 6749 section 5.2). */
  readonly classify?: Classify;
  /** A second step after the code exchange: a long-lived token, a check of the audience. */
  readonly afterCode?: (grant: Grant, client: OAuthClient) => Promise<Grant>;
  readonly refresh: RefreshPolicy | 'none';
  /** How the vendor is told that a grant is over; absent when it offers no way. A function alone ends its own grant. */
  readonly revoke?: RevokePolicy | ((client: OAuthClient) => Promise<void>);
  /** Extra parameters of the callback that must hold (an HMAC); throws a PlugboardError when they do not. */
  readonly verifyCallback?: (
    params: URLSearchParams,
    client: Pick<OAuthClient, 'app' | 'input' | 'now'>,
  ) => void | Promise<void>;
  /** What the vendor's callback carries besides `code` and `state`: for the emulator, so that `verifyCallback` has its match. */
  readonly signCallback?: (
    params: URLSearchParams,
    client: Pick<OAuthClient, 'app' | 'now'> & { readonly authorizeUrl: URL },
  ) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** Credentials go on API requests like this. Default: bearer header with `accessToken`. */
  readonly sign?: Sign;
  /** A token answer as the vendor documents it; the emulator hands out tokens of this shape. */
  readonly example: JsonObject;
}

export interface OAuth2Method extends OAuth2Options {
  readonly kind: 'oauth2';
  readonly title: string;
  readonly sign: Sign;
}

export interface FieldsOptions<S extends Schema = Schema> {
  readonly title?: string;
  readonly credentials: S;
  /** Environment names of the platform's own credentials, where one set may serve all organizations. */
  readonly env?: Readonly<Record<string, string>>;
  readonly sign: Sign;
  /** Input that passes the schema: for the emulator, the contract suite and the docs. Never a working credential. */
  readonly example: Readonly<Record<string, string>>;
}

/** Kinds whose credentials are typed in, or come from the environment. */
export type FieldsKind = 'api_key' | 'basic' | 'bot_token' | 'incoming_webhook' | 'sigv4' | 'dsn' | 'none';

export interface FieldsMethod<S extends Schema = Schema> extends FieldsOptions<S> {
  readonly kind: FieldsKind;
  readonly title: string;
}

export interface MintOptions<S extends Schema = Schema> extends FieldsOptions<S> {
  /** Turns the fields into a short-lived token; runs again whenever it expires. */
  readonly mint: (client: OAuthClient) => Promise<Grant>;
  /** Set of app fields without which nothing can be minted. Default: none is needed. */
  readonly appSet?: string;
  /** Token endpoint of `client.token`. Where the vendor has none of RFC 6749, the emulator's own routes hand tokens out. */
  readonly token?: OAuth2Options['token'];
  /** Without `token`: credentials as `mint` brings them, `accessToken` among them, for the emulator and the contract suite. */
  readonly grant?: Readonly<Record<string, string>>;
  readonly classify?: Classify;
  readonly read?: OAuth2Options['read'];
}

/** Kinds whose fields are exchanged for short-lived tokens by the engine. */
export interface MintMethod<S extends Schema = Schema> extends MintOptions<S> {
  readonly kind: 'client_credentials' | 'service_account';
  readonly title: string;
}

/** For whom a browser step begins. */
export interface BrowserCaller {
  readonly organizationId: string;
  /** The host's user. */
  readonly userId: string;
  /** Where the board takes this vendor's webhooks. */
  readonly webhookUrl: string;
}

export interface BrowserStart {
  /** What the page needs to open the vendor's widget: never a long-lived secret. */
  readonly page: JsonObject;
  /** What `complete` gets as `client.input`. Sealed until then; it never leaves the server. */
  readonly keep?: JsonObject;
  /** How long the step may take. Default an hour. */
  readonly expiresInMs?: number;
}

export interface BrowserOptions<S extends Schema = Schema> {
  readonly title?: string;
  /** Set of app fields without which the step cannot begin. Default `oauth`. */
  readonly appSet?: string;
  /** Values the tenant gives before the step. */
  readonly input?: Schema<unknown, Readonly<Record<string, Json | undefined>>>;
  /** What the browser step hands back (a public token). */
  readonly credentials: S;
  /**
   * Begins the step; `client.credentials` are those of the connection that is reconnected, if there is one. Absent where
   * the page needs nothing from here. What it began is finished once, by the same user.
   */
  readonly start?: (client: OAuthClient, caller: BrowserCaller) => Promise<BrowserStart>;
  /** Turns what the step handed back into a grant. `keep`: the step repaired the credentials that the connection has. */
  readonly complete: (client: OAuthClient) => Promise<Grant | 'keep'>;
  /** Token endpoint of `client.token`, where the vendor has one. */
  readonly token?: OAuth2Options['token'];
  readonly read?: OAuth2Options['read'];
  readonly classify?: Classify;
  /** For grants that expire. Default `none`. */
  readonly refresh?: RefreshPolicy | 'none';
  readonly revoke?: OAuth2Options['revoke'];
  readonly sign: Sign;
  /** What the step hands back, as the vendor documents it. */
  readonly example: Readonly<Record<string, string>>;
}

/** A step in the browser that is not OAuth. */
export interface BrowserMethod<S extends Schema = Schema> extends BrowserOptions<S> {
  readonly kind: 'browser';
  readonly title: string;
}

export type AuthMethod = OAuth2Method | FieldsMethod | MintMethod | BrowserMethod;

/** The ways to connect one vendor, by name; the user picks one. */
export type AuthMethods = Readonly<Record<string, AuthMethod>>;

/** How the grants of a method are renewed; undefined when they are not, or are minted anew from its fields. */
export function refreshPolicyOf(method: AuthMethod): RefreshPolicy | undefined {
  if (method.kind !== 'oauth2' && method.kind !== 'browser') return undefined;
  return method.refresh === 'none' ? undefined : method.refresh;
}
