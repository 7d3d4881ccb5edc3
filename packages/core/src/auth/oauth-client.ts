/** The OAuth engine's calls: token endpoint, revocation, and whatever else a provider's flow needs. */
import type { Clock } from '../clock.ts';
import { configurationError, isPlugboardError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { encodeForm } from '../form-encoding.ts';
import { allTexts, headerTexts, reveal, secretTexts, sensitiveTexts } from '../secret.ts';
import { hostMatches, parseUrl } from '../url.ts';
import type { KeyCache } from '../webhooks/key-cache.ts';
import type { Answer, Classify, Repeat, Transport, TransportRequest } from '../transport/transport.ts';
import type {
  AppValues,
  AuthMethod,
  BrowserMethod,
  Credentials,
  Grant,
  HostSource,
  MintMethod,
  OAuth2Method,
  OAuthClient,
  OAuthRequest,
} from './auth.ts';
import { refreshPolicyOf } from './auth.ts';
import type { ClientAuth } from './client-assertion.ts';
import { authenticate, proofOf, tokenRequest } from './client-auth.ts';
import { checkDiscovered, computed, discoveredKey } from './discovery.ts';
import { classifyOAuth, readTokenAnswer } from './token-answer.ts';

export interface OAuthContext {
  readonly provider: string;
  /** Hosts that the provider declares. */
  readonly hosts: readonly string[];
  /** Those, and the ones that are only known at run time. */
  readonly hostsFor: (source: HostSource) => readonly string[];
  readonly app: AppValues;
  readonly transport: Transport;
  readonly clock: Clock;
  /** Keys that vendors publish. */
  readonly keys: KeyCache;
  /** What `{version}` in addresses stands for. */
  readonly apiVersion?: string;
  /** Default `plugboard`. */
  readonly userAgent?: string;
  /** For whom; decides which exceptions of the egress policy hold. */
  readonly organizationId?: string;
}

export interface OAuthState {
  readonly credentials?: Credentials;
  readonly input?: JsonObject;
  readonly metadata?: JsonObject;
  readonly callback?: URLSearchParams;
  readonly nonce?: string;
  readonly signal?: AbortSignal;
  /** `safe` where a call that was lost costs nothing when it is made again. Default `never`. */
  readonly repeat?: Extract<Repeat, 'safe' | 'never'>;
}

/** Methods that call their vendor by themselves. */
export type ClientMethod = OAuth2Method | MintMethod | BrowserMethod;

export function callsVendor(method: AuthMethod): method is ClientMethod {
  return method.kind === 'oauth2' || method.kind === 'browser' || 'mint' in method;
}

/** A client of one method's endpoints, for one connection. */
export function createOAuthClient(context: OAuthContext, method: ClientMethod, state: OAuthState = {}): OAuthClient {
  const { app, clock } = context;
  const client: OAuthClient = {
    app,
    input: state.input ?? {},
    credentials: state.credentials ?? {},
    metadata: state.metadata ?? {},
    ...(state.callback && { callback: state.callback }),
    ...(state.nonce !== undefined && { nonce: state.nonce }),
    now: clock.now(),
    async token(params) {
      const endpoint = method.token;
      if (endpoint === undefined) {
        throw configurationError('no_token_endpoint', 'This way to connect has no `token`.', 'Use `client.request`.');
      }
      const url = atVersion(computed(endpoint.url, client), context.apiVersion);
      const clientAuth = computed(endpoint.clientAuth ?? 'post', client);
      const target = requireOwnHost(context, { client, url, clientAuth });
      const request = await tokenRequest({ ...endpoint, url, clientAuth }, { app, now: clock.now() }, params);
      const init = { ...request, classify: method.classify ?? defaultOf(method, app) };
      const answer = await send(context, state, init, request.url === url ? target : undefined);
      const separator = method.kind === 'oauth2' ? method.scopes.separator : ' ';
      return method.read === undefined ? readTokenAnswer(answer.json(), separator) : method.read(answer.json(), client);
    },
    request: (init) => send(context, state, init),
    keys: context.keys,
    ...(context.organizationId !== undefined && { organizationId: context.organizationId }),
  };
  return client;
}

/** A client that nobody registered but the organization is a credential: refused, it is not the host's mistake. */
function defaultOf(method: ClientMethod, app: AppValues): Classify {
  if (!('mint' in method) || app['clientId'] !== undefined) return classifyOAuth;
  return (answer) => {
    const failure = classifyOAuth(answer);
    return failure?.kind === 'configuration' ? { ...failure, kind: 'auth', hint: 'Enter the client again.' } : failure;
  };
}

/** The refresh of a grant as the method declares it (default RFC 6749 section 6). */
export async function refreshGrant(client: OAuthClient, method: ClientMethod): Promise<Grant> {
  if ('mint' in method) return method.mint(client);
  const policy = refreshPolicyOf(method);
  if (policy === undefined) {
    throw configurationError(
      'not_refreshable',
      'This way to connect has no refresh.',
      'Reconnect when the token expires.',
    );
  }
  const { run, params } = policy;
  if (run !== undefined) return run(client);
  const refreshToken = client.credentials['refreshToken'];
  const standard = {
    grant_type: 'refresh_token',
    ...(refreshToken !== undefined && { refresh_token: reveal(refreshToken) }),
  };
  return client.token(params?.(client) ?? standard);
}

/** Tells the vendor that the grant is over. False when the vendor offers no way. Failures throw. */
export async function revokeGrant(client: OAuthClient, method: ClientMethod, context: OAuthContext): Promise<boolean> {
  if (!canRevoke(method)) return false;
  const { revoke } = method;
  if (typeof revoke === 'function' || 'run' in revoke) {
    await (typeof revoke === 'function' ? revoke : revoke.run)(client);
    return true;
  }
  const url = computed(revoke.url, client);
  if (url === undefined) return false;
  const clientAuth = computed(revoke.clientAuth ?? 'post', client);
  requireOwnHost(context, { client, url, clientAuth });
  // The refresh token first: servers end the whole grant with it (RFC 7009 section 2.1).
  for (const field of ['refreshToken', 'accessToken'] as const) {
    const token = client.credentials[field];
    if (token === undefined) continue;
    const hint = field === 'refreshToken' ? 'refresh_token' : 'access_token';
    const form = { token: reveal(token), token_type_hint: hint };
    const caller = { app: client.app, now: context.clock.now() };
    const request = await authenticate({ method: 'POST', url, form }, clientAuth, caller);
    await send(context, client, { ...request, classify: classifyRevocation }).catch((error: unknown) => {
      if (!isDeadToken(error)) throw error;
    });
  }
  return true;
}

/** True when the vendor offers a way to end a grant. */
export function canRevoke(method: AuthMethod): method is (OAuth2Method | BrowserMethod) & Revocable {
  return 'revoke' in method && method.revoke !== undefined;
}

interface Revocable {
  readonly revoke: NonNullable<OAuth2Method['revoke']>;
}

/** A success may have any body, or none (RFC 7009 section 2.2). */
const classifyRevocation: Classify = (answer) => {
  const failure = classifyOAuth(answer);
  return failure?.code === 'not_a_token_answer' ? undefined : failure;
};

/** An unknown or dead token is what was asked for. */
function isDeadToken(error: unknown): boolean {
  if (!isPlugboardError(error)) return false;
  const { kind, code, status } = error;
  return kind === 'auth' || code === 'token_refused' || (code === 'not_an_oauth_error' && status === 400);
}

/** A call of a flow without a connection: a vendor's verification endpoint, its published keys. */
export function sendOAuth(context: OAuthContext, init: OAuthRequest, state: OAuthState = {}): Promise<Answer> {
  return send(context, state, init);
}

/**
 * The tenant's values and the addresses that its server announces.
 * @throws PlugboardError code `bad_discovery`, or the failure of the question.
 */
export async function discoverEndpoints(
  context: OAuthContext,
  method: OAuth2Method,
  input: JsonObject,
): Promise<JsonObject> {
  if (method.discover === undefined) return input;
  const discovered = await method.discover(createOAuthClient(context, method, { input }));
  checkDiscovered(discovered);
  return { ...input, [discoveredKey]: discovered };
}

/** An address with the API version in use. */
export function atVersion(address: string, apiVersion = ''): string {
  return address.replaceAll('{version}', apiVersion);
}

interface Authenticated {
  readonly client: OAuthClient;
  readonly url: string;
  readonly clientAuth: ClientAuth;
}

/**
 * The secret of the app is the host application's, not the organization's: it never goes to a host that an organization
 * named, nor to one that such a host announced. Neither does what is signed with its key: whoever has it is believed.
 * @returns where the request goes
 */
function requireOwnHost(context: OAuthContext, { client, url, clientAuth }: Authenticated): URL {
  const target = parseUrl(atVersion(url, context.apiVersion));
  const proof = proofOf(clientAuth);
  if (proof === undefined || client.app[proof] === undefined) return target;
  if (context.hosts.some((host) => hostMatches(host, target))) return target;
  if (ownHosts(context, client).some((host) => hostMatches(host, target))) return target;
  throw configurationError(
    'secret_to_tenant_host',
    'The secret of the app would be sent to a host that the organization named.',
    'Let the deployment name the host, or use `clientAuth: none` with PKCE there.',
  );
}

/** What a tenant's input does not change: with its server's announcements, where the input names no server. */
function ownHosts({ hosts, hostsFor }: OAuthContext, { app, input }: OAuthClient): readonly string[] {
  const { [discoveredKey]: discovered, ...given } = input;
  const named = (values: JsonObject) => hostsFor({ app, credentials: {}, input: values, metadata: {} });
  try {
    const own = named({});
    const foreign = named(given).some((host) => !own.includes(host));
    return foreign || discovered === undefined ? own : named({ [discoveredKey]: discovered });
  } catch (error) {
    // Without the tenant's values there is nothing that the deployment names.
    if (isPlugboardError(error)) return hosts;
    throw error;
  }
}

async function send(context: OAuthContext, state: OAuthState, init: OAuthRequest, target?: URL): Promise<Answer> {
  const headers = new Headers({ 'user-agent': context.userAgent ?? 'plugboard', ...init.headers });
  const url = target ?? parseUrl(atVersion(init.url, context.apiVersion));
  let secrets: readonly string[] | undefined;
  const request: TransportRequest = {
    provider: context.provider,
    operation: 'oauth.token',
    method: init.method,
    url,
    headers,
    ...bodyOf(init, headers),
    hosts: context.hostsFor({ app: context.app, credentials: {}, input: {}, metadata: {}, ...stateOf(state) }),
    classify: init.classify ?? classifyOAuth,
    repeat: state.repeat ?? 'never',
    purpose: 'token',
    // By host: a server that one tenant named must not hold up the tokens of the others.
    limitKey: `${context.provider}/oauth ${url.host}`,
    // Looked up when something has gone wrong: nearly every call ends without.
    get secrets() {
      return (secrets ??= secretsOf(context.app, state.credentials ?? {}, init, headers));
    },
    ...(context.organizationId !== undefined && { organizationId: context.organizationId }),
    ...(state.signal && { signal: state.signal }),
  };
  return context.transport.send(request);
}

function stateOf({ credentials, input, metadata }: OAuthState): Partial<HostSource> {
  return { ...(credentials && { credentials }), ...(input && { input }), ...(metadata && { metadata }) };
}

function bodyOf(init: OAuthRequest, headers: Headers): { body?: string } {
  const json = init.jsonText ?? (init.json === undefined ? undefined : JSON.stringify(init.json));
  if (json !== undefined) {
    headers.set('content-type', 'application/json');
    return { body: json };
  }
  if (init.form === undefined) return {};
  headers.set('content-type', 'application/x-www-form-urlencoded');
  return { body: encodeForm(init.form) };
}

/** Everything of this exchange that must not surface: codes, tokens, verifiers and assertions are values of the body. */
function secretsOf(app: AppValues, credentials: Credentials, init: OAuthRequest, headers: Headers): string[] {
  const sent = [init.form, init.json, Object.fromEntries(new URL(init.url).searchParams)];
  const authorization = headers.get('authorization');
  return [
    ...secretTexts(app),
    ...allTexts(credentials),
    ...sensitiveTexts(sent),
    ...(authorization === null ? [] : headerTexts(authorization)),
  ];
}
