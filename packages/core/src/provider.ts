/** The provider contract: what a vendor's package declares and the engine consumes. */
import type { AppFields } from './app-field.ts';
import type {
  AppValues,
  AuthMethods,
  BrowserMethod,
  Credentials,
  FieldsMethod,
  HostSource,
  MintMethod,
  OAuth2Method,
  ScopeNeed,
} from './auth/auth.ts';
import type { Capabilities, CapabilitiesClient, CapabilityName } from './capabilities.ts';
import type { Category } from './category.ts';
import type { ChannelDefinition } from './channel.ts';
import type { EmulatorExtension } from './emulator/contract.ts';
import type { Api, OperationsClient, OperationTree } from './endpoint.ts';
import type { Json, JsonObject } from './json.ts';
import type { Input, Output, Schema } from './schema.ts';
import type { Secret } from './secret.ts';
import type { AccountRef } from './store.ts';
import type { SyncStreams } from './sync-stream.ts';
import type { Classify, Failure, RateLimit } from './transport/transport.ts';
import type { Delivery, PreviousSecret, Refusals, Verify } from './webhooks/webhook.ts';
import type { WebhookEvent, WebhookReply, WebhookSecret } from './webhooks/webhook.ts';

export type { AppField, AppFields } from './app-field.ts';

export interface ErrorExample {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** How it must be classified. */
  readonly is: Pick<Failure, 'kind' | 'code'> & Partial<Pick<Failure, 'retryable' | 'retryAfterMs'>>;
}

export interface ErrorRules {
  /** Judges what the status alone does not say; undefined falls back to `classifyByStatus`. */
  readonly classify?: Classify;
  /**
   * True answers of the vendor with their meaning: a table test, the emulator's refusals and a docs table in one.
   * `invalidCredentials` is required: what a wrong or dead credential gets.
   */
  readonly examples: Readonly<Record<string, ErrorExample>> & { readonly invalidCredentials: ErrorExample };
}

export interface ApiDefinition {
  /** Without a trailing slash; `{version}` stands for the API version. A function for hosts per tenant or region. */
  readonly baseUrl: string | ((api: Api) => string);
  /** Version in use unless the host configures another. */
  readonly version?: string;
  readonly headers?: Readonly<Record<string, string>> | ((api: Api) => Readonly<Record<string, string>>);
  readonly limits?: readonly RateLimit[];
  readonly errors: ErrorRules;
  /** Response header with the vendor's id of the request. */
  readonly requestId?: string;
}

/** Who is connected. */
export type AccountResult = {
  readonly metadata?: JsonObject;
  /** Granted scopes, for vendors that tell them here and not with the token. */
  readonly scopes?: readonly string[];
  /**
   * Further ids under which verified webhooks may speak of this connection: pages of an ad account, an app's
   * installation. Only ids that the vendor itself told for this credential: whoever is listed hears the events.
   */
  readonly alsoKnownAs?: readonly string[];
} & (
  | { readonly kind: 'known'; readonly account: AccountRef }
  /** The vendor names nobody: the engine uses a fingerprint of the credential. */
  | { readonly kind: 'derived'; readonly name: string }
  /** The user must pick one of several; the connection is `pending` until then. */
  | { readonly kind: 'choose'; readonly choices: readonly AccountRef[] }
);

export interface HealthResult {
  /** `unknown`: the vendor offers no safe check. */
  readonly status: 'healthy' | 'degraded' | 'unknown';
  /** Machine-readable: `send_only_key`, `scopes_missing`. */
  readonly reason?: string;
  readonly detail?: string;
  /** The organization must do something about `reason`: told at once, where a bad sign of another kind must be repeated. */
  readonly attention?: boolean;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export interface SettingsDefinition<S extends Schema = Schema> {
  readonly schema: S;
  /** Loads what a field may hold from the vendor, for the settings form. */
  readonly choices?: Readonly<Record<string, (api: Api) => Promise<readonly Choice[]>>>;
  /** Scopes that a setting needs once it is set. */
  readonly scopes?: Readonly<Record<string, readonly ScopeNeed[]>>;
}

export interface FlagDefinition {
  readonly description: string;
  readonly default: boolean;
  /** Off unless the organization has a usable connection. */
  readonly requiresConnection: boolean;
}

/** Where the secrets that can verify a delivery come from. */
export interface WebhookSecretSource {
  readonly app: AppValues;
  /** Of the connection that the delivery was addressed to, or of the platform's own. */
  readonly credentials: Credentials;
  /** Of the channel that the delivery names, after it was found to be the one it was opened with. */
  readonly channelToken?: Secret;
}

export interface WebhookVector {
  readonly name: string;
  /** `vendor`: published by it; `computed`: by an independent implementation. */
  readonly source: 'vendor' | 'computed';
  readonly secret: string;
  readonly method?: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** ISO time at which it is fresh, for schemes with a timestamp. */
  readonly at?: string;
  readonly ok: boolean;
  /** Types of the events in it; checked when given. */
  readonly events?: readonly string[];
}

export interface WebhookDefinition<Events extends Readonly<Record<string, Schema>> = Readonly<Record<string, Schema>>> {
  readonly docs: string;
  /** Candidates, the likeliest first; one with `notAfter` ends with its rotation. */
  readonly secrets: (source: WebhookSecretSource) => readonly (WebhookSecret | Secret | string | undefined)[];
  readonly verify: Verify;
  /** Handshakes: judged before `verify`; undefined goes on. Sees only secrets that exist. */
  readonly challenge?: (delivery: Delivery, secrets: readonly Secret[], app: AppValues) => WebhookReply | undefined;
  /** Reads a verified delivery. Throwing a PlugboardError for bad input answers 400, or what `refusals` says. */
  readonly parse: (delivery: Delivery) => readonly WebhookEvent[];
  /** For vendors that notify for a while, through channels that are opened for each connection. */
  readonly channels?: ChannelDefinition;
  /** Statuses of refusals where the vendor wants others than 401, 400 for `malformed` and 503 for `key_unavailable`. */
  readonly refusals?: Refusals;
  /** Default 200 with an empty body. Gives way to what a handler of the host returns. */
  readonly reply?: (delivery: Delivery, events: readonly WebhookEvent[]) => WebhookReply;
  /** Known event types and the schema of their `data`; others pass as raw. */
  readonly events: Events;
  /** Types that mean the vendor ended the connection, or a judgement where the type alone does not say. */
  readonly ends?: readonly string[] | ((event: WebhookEvent) => boolean);
  /** Types that tell of a connection that broke or works again: the vendor is asked at once how it is. */
  readonly checks?: readonly string[];
  /** Largest accepted body in bytes. Default 1 MB. */
  readonly maxBytes?: number;
  /** Days that delivery ids are remembered. Default 3; 7 for schemes without a timestamp. */
  readonly rememberDays?: number;
  readonly vectors: readonly WebhookVector[];
  /** Signs a body as the vendor would: for the emulator and the tests of hosts. */
  readonly sign: (
    delivery: { body: string; url: string; at: Date },
    secret: string,
  ) => Promise<Readonly<Record<string, string>>>;
  /** The body with its signature, for vendors that sign inside it; `sign` then tells the headers that go along. */
  readonly signBody?: (delivery: { body: string; url: string; at: Date }, secret: string) => Promise<string>;
}

/** What the provider's own documentation pages are, and when its facts were last checked against them. */
export interface ProviderDocs {
  readonly home: string;
  /** Where an account's owner finds the keys. */
  readonly keys: string;
  readonly reference: string;
  /** ISO date. */
  readonly checked: string;
}

export interface ProviderDefinition<
  Id extends string = string,
  Auth extends AuthMethods = AuthMethods,
  App extends AppFields = AppFields,
  Settings extends Schema = Schema,
  Operations extends OperationTree = OperationTree,
  Caps extends CapabilityName = CapabilityName,
  Events extends Readonly<Record<string, Schema>> = Readonly<Record<string, Schema>>,
  Sdk = unknown,
  Streams extends SyncStreams = SyncStreams,
> {
  /** `[a-z][a-z0-9-]*`; also the package's name. */
  readonly id: Id;
  readonly name: string;
  readonly category: Category;
  /** One sentence: what an app uses it for. */
  readonly summary: string;
  readonly docs: ProviderDocs;
  /** The only hosts this package may call: exact, or with `*` for one label at the front: `*.example.com`. */
  readonly hosts: readonly string[];
  /**
   * Further hosts, exact and with `:port` where it is not 443, that the organization or the deployment names: `hostOf`
   * reads one from an entered value. Anything but a plain public host name is refused.
   */
  readonly tenantHosts?: (source: HostSource) => readonly string[];
  readonly app?: App;
  /** Ways to connect; the first is the default. */
  readonly auth: Auth;
  readonly api: ApiDefinition;
  readonly account: (api: Api) => Promise<AccountResult>;
  /** The cheapest proof that the credential works; throws the classified failure when it does not. */
  readonly healthCheck: (api: Api) => Promise<HealthResult>;
  readonly settings?: SettingsDefinition<Settings>;
  readonly flags?: Readonly<Record<string, FlagDefinition>>;
  readonly webhooks?: WebhookDefinition<Events>;
  readonly operations: Operations;
  readonly capabilities?: Capabilities<Caps>;
  /** What can be read on and on, and resumed. The capability `adSpend` gives a stream of that name by itself. */
  readonly streams?: Streams;
  /** Loads the vendor's official SDK, talking through the board's transport. */
  readonly sdk?: (api: Api) => Promise<Sdk>;
  /** Sends what the SDK still holds and ends it: before a disconnect, when credentials have changed, when the board stops. */
  closeSdk?(sdk: Sdk): Promise<void>;
  readonly emulator?: EmulatorExtension;
}

/** Options of the host: app values by name, and what a deployment may change. */
export type ProviderOptions<App extends AppFields = AppFields> = {
  readonly [Field in keyof App]?: string | Secret;
} & {
  /** Scopes to ask for instead of the default. */
  readonly scopes?: readonly string[];
  readonly apiVersion?: string;
  /** Signing secrets of webhooks that were replaced, by field. Default: `<name>_PREVIOUS` and `_PREVIOUS_UNTIL`. */
  readonly previous?: { readonly [Field in keyof App]?: PreviousSecret };
  /** The platform's own credentials, serving every organization without a connection. Default: from the environment. */
  readonly platform?: Readonly<Record<string, string | Secret>>;
  /** Whether an emulator stands in for the vendor. Default: in development and tests, when nothing is configured. */
  readonly stub?: boolean;
};

/** A provider with the host's options: what `createPlugboard({ providers })` takes. */
export interface Provider<D extends ProviderDefinition = ProviderDefinition> {
  readonly definition: D;
  readonly options: ProviderOptions;
}

// The parameters are contravariant in places (schemas, api functions): a bound that accepts every provider.
// oxlint-disable-next-line typescript/no-explicit-any -- a bound; nothing is typed by it
export type AnyDefinition = ProviderDefinition<string, AuthMethods, AppFields, any, OperationTree, any, any, any, any>;
export type AnyProvider = Provider<AnyDefinition>;

export interface ProviderFactory<D extends AnyDefinition> {
  (
    options?: ProviderOptions<NonNullable<D['app']> extends infer A extends AppFields ? A : Record<never, never>>,
  ): Provider<D>;
  readonly definition: D;
}

/** The typed client of a definition: operations by group, capabilities by name, and `sdk()` where there is one. */
export type ClientOf<D extends AnyDefinition> = OperationsClient<D['operations']> &
  CapabilitiesClient<keyof NonNullable<D['capabilities']>> &
  (NonNullable<D['sdk']> extends (api: Api) => Promise<infer S>
    ? [S] extends [never]
      ? unknown
      : { sdk(): Promise<S> }
    : unknown);

/** Names of the auth methods whose credentials are given as fields. */
type FieldMethodNames<Auth extends AuthMethods> = {
  [Name in keyof Auth]: Auth[Name] extends FieldsMethod | MintMethod | BrowserMethod ? Name : never;
}[keyof Auth];

/** Names of the auth methods that send the browser to the vendor. */
export type OAuthMethodNames<D extends AnyDefinition> = string extends D['id']
  ? // A board of unknown providers: judged at run time alone.
    string
  : { [Name in keyof D['auth']]: D['auth'][Name] extends OAuth2Method ? Name : never }[keyof D['auth']];

/** What `connect` takes: the fields of one method; `method` may be left out when the fields tell it. */
export type ConnectCredentials<D extends AnyDefinition> = string extends D['id']
  ? // A board of unknown providers: judged at run time alone.
    { readonly method?: string; readonly credentials: unknown }
  : KnownCredentials<D>;

type KnownCredentials<D extends AnyDefinition> = {
  [Name in FieldMethodNames<D['auth']>]: {
    readonly method?: Name;
    readonly credentials: D['auth'][Name] extends { credentials: infer S } ? Input<S> : never;
  };
}[FieldMethodNames<D['auth']>];

export type SettingsOf<D extends AnyDefinition> =
  NonNullable<D['settings']> extends SettingsDefinition<infer S> ? Output<S> : Record<never, never>;
export type SettingsInputOf<D extends AnyDefinition> =
  NonNullable<D['settings']> extends SettingsDefinition<infer S> ? Input<S> : Record<never, never>;

export type EventsOf<D extends AnyDefinition> =
  NonNullable<D['webhooks']> extends WebhookDefinition<infer E> ? E : Record<never, never>;
