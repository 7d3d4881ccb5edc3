/**
 * How a connection authenticates: a closed, discriminated union. Every kind is data plus a `Sign`; what a vendor does
 * differently is a plain function in the same record, never a name that the engine has to know.
 */
import type { Json, JsonObject } from '../json.ts';
import type { Schema } from '../schema.ts';
import type { Secret } from '../secret.ts';
import type { AccountRef } from '../store.ts';
import type { Answer, Classify } from '../transport/transport.ts';

/** Named credential values of one connection: what the tenant typed, or what a grant brought. */
export type Credentials = Readonly<Record<string, Secret | string | undefined>>;

/** What the host registered with the vendor, by the names the provider declares in `app`. */
export type AppValues = Readonly<Record<string, Secret | string | undefined>>;

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
  readonly body?: Uint8Array | string;
}

export interface SignContext {
  readonly credentials: Credentials;
  readonly app: AppValues;
  /** Wall time in milliseconds, for signatures with a date. */
  readonly now: number;
}

/** Puts credentials on a request. `places` says where, and the contract suite checks that they appear nowhere else. */
export interface Sign {
  /** `header:authorization`, `query:key`, `path`. */
  readonly places: readonly string[];
  apply(request: OutgoingRequest, context: SignContext): void | Promise<void>;
}

/** What the token-endpoint functions of a provider may use. */
export interface OAuthClient {
  readonly app: AppValues;
  /** Values the tenant gave before the redirect (a shop domain). */
  readonly input: JsonObject;
  readonly credentials: Credentials;
  readonly metadata: JsonObject;
  readonly now: number;
  /** Sends to the token endpoint with the declared client authentication; parameters are added to those declared. */
  token(params: Readonly<Record<string, string>>): Promise<Grant>;
  /** Any other call of the flow, under the same rules: declared hosts, no redirects, long deadline. */
  request(init: OAuthRequest): Promise<Answer>;
}

export interface OAuthRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `{version}` stands for the API version in use. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: Json;
  /** Judges the answer. Default `classifyOAuth` (RFC 6749 section 5.2). */
  readonly classify?: Classify;
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

export interface OAuth2Options {
  /** What the hub calls this way to connect. Default `OAuth`. */
  readonly title?: string;
  readonly authorize: {
    /** `{version}` stands for the API version in use. */
    readonly url: string | ((input: JsonObject, app: AppValues) => string);
    /** Fixed extra parameters; reserved names (`state`, `scope`, `client_id` ...) are refused at definition. */
    readonly params?:
      | Readonly<Record<string, string>>
      | ((input: JsonObject, app: AppValues) => Readonly<Record<string, string>>);
  };
  readonly token: {
    /** `{version}` stands for the API version in use. */
    readonly url: string | ((input: JsonObject, app: AppValues) => string);
    /** Default POST with a form body. `query` sends a GET. */
    readonly encoding?: 'form' | 'json' | 'query';
    /** RFC 6749 section 2.3.1; `raw_basic` for vendors that do not form-encode the parts. Default `post`. */
    readonly clientAuth?: 'basic' | 'raw_basic' | 'post' | 'none';
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** Scopes asked by default, and every other one the provider knows, each with a reason for the consent page. */
  readonly scopes: {
    readonly ask: readonly string[];
    readonly known: Readonly<Record<string, string>>;
    readonly separator?: ' ' | ',';
    /** App field that, once set, names the permissions at the vendor: then none are asked for by default. */
    readonly unless?: string;
  };
  /** RFC 7636, always S256. `none` needs a comment in the provider that says why. */
  readonly pkce: 'required' | 'supported' | 'none';
  /** Expected `iss` of the callback (RFC 9207); absent: recorded, never judged. */
  readonly issuer?: string;
  /** The vendor's metadata announces `iss` on every callback, so its absence is an attack. Default false. */
  readonly issuerAlwaysSent?: boolean;
  /** Values the tenant must give before the redirect. */
  readonly input?: Schema<unknown, JsonObject>;
  /** Reads a token answer. Default `readTokenAnswer` (RFC 6749 section 5.1). */
  readonly read?: (answer: Json, client: Pick<OAuthClient, 'credentials' | 'input' | 'now'>) => Grant;
  /** Judges an answer of the token endpoint. Default `classifyOAuth` (RFC 6749 section 5.2). */
  readonly classify?: Classify;
  /** A second step after the code exchange: a long-lived token, a check of the audience. */
  readonly afterCode?: (grant: Grant, client: OAuthClient) => Promise<Grant>;
  readonly refresh: RefreshPolicy | 'none';
  /** RFC 7009 endpoint, or a function for vendors with their own way; absent when the vendor offers none. */
  readonly revoke?:
    | { readonly url: string; readonly clientAuth?: 'basic' | 'post' | 'none' }
    | ((client: OAuthClient) => Promise<void>);
  /** Extra parameters of the callback that must hold (an HMAC); throws a PlugboardError when they do not. */
  readonly verifyCallback?: (
    params: URLSearchParams,
    client: Pick<OAuthClient, 'app' | 'input' | 'now'>,
  ) => void | Promise<void>;
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
  readonly token: OAuth2Options['token'];
  readonly classify?: Classify;
  readonly read?: OAuth2Options['read'];
}

/** Kinds whose fields are exchanged for short-lived tokens by the engine. */
export interface MintMethod<S extends Schema = Schema> extends MintOptions<S> {
  readonly kind: 'client_credentials' | 'service_account';
  readonly title: string;
}

export interface BrowserOptions<S extends Schema = Schema> {
  readonly title?: string;
  /** What the browser step hands back (a public token). */
  readonly credentials: S;
  /** Makes what the page needs to open the vendor's widget: never a long-lived secret. */
  readonly start: (client: OAuthClient, input: { organizationId: string; userId: string }) => Promise<JsonObject>;
  readonly complete: (client: OAuthClient) => Promise<Grant>;
  readonly sign: Sign;
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
