/** The OAuth engine's calls: token endpoint, revocation, and whatever else a provider's flow needs. */
import type { Clock } from '../clock.ts';
import { encodeBase64, encodeUtf8 } from '../bytes.ts';
import { configurationError, isPlugboardError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { reveal, secretTexts } from '../secret.ts';
import type { Answer, Classify, Transport, TransportRequest } from '../transport/transport.ts';
import type {
  AppValues,
  BrowserMethod,
  Credentials,
  Grant,
  MintMethod,
  OAuth2Method,
  OAuthClient,
  OAuthRequest,
} from './auth.ts';
import { classifyOAuth, readTokenAnswer } from './token-answer.ts';

export interface OAuthContext {
  readonly provider: string;
  readonly hosts: readonly string[];
  readonly app: AppValues;
  readonly transport: Transport;
  readonly clock: Clock;
  /** What `{version}` in addresses stands for. */
  readonly apiVersion?: string;
  /** For whom; decides which exceptions of the egress policy hold. */
  readonly organizationId?: string;
}

export interface OAuthState {
  readonly credentials?: Credentials;
  readonly input?: JsonObject;
  readonly metadata?: JsonObject;
  readonly signal?: AbortSignal;
}

type TokenMethod = OAuth2Method | MintMethod;
/** Browser steps use only `request`: they have no token endpoint. */
type ClientMethod = TokenMethod | BrowserMethod;

/** A client of one method's endpoints, for one connection. */
export function createOAuthClient(context: OAuthContext, method: ClientMethod, state: OAuthState = {}): OAuthClient {
  const { app, clock } = context;
  const client: OAuthClient = {
    app,
    input: state.input ?? {},
    credentials: state.credentials ?? {},
    metadata: state.metadata ?? {},
    now: clock.now(),
    async token(params) {
      if (method.kind === 'browser') {
        throw configurationError('no_token_endpoint', 'A browser step has no token endpoint.', 'Use `client.request`.');
      }
      const { url } = method.token;
      const address = atVersion(typeof url === 'string' ? url : url(client.input, app), context.apiVersion);
      const request = tokenRequest({ ...method.token, url: address }, client, params);
      const answer = await send(context, state, { ...request, classify: method.classify ?? classifyOAuth });
      const separator = method.kind === 'oauth2' ? method.scopes.separator : ' ';
      return method.read === undefined ? readTokenAnswer(answer.json(), separator) : method.read(answer.json(), client);
    },
    request: (init) => send(context, state, init),
  };
  return client;
}

/** The refresh of a grant as the method declares it (default RFC 6749 section 6). */
export async function refreshGrant(client: OAuthClient, method: TokenMethod): Promise<Grant> {
  if (method.kind !== 'oauth2') return method.mint(client);
  if (method.refresh === 'none') {
    throw configurationError(
      'not_refreshable',
      'This way to connect has no refresh.',
      'Reconnect when the token expires.',
    );
  }
  const { run, params } = method.refresh;
  if (run !== undefined) return run(client);
  const refreshToken = client.credentials['refreshToken'];
  const standard = {
    grant_type: 'refresh_token',
    ...(refreshToken !== undefined && { refresh_token: reveal(refreshToken) }),
  };
  return client.token(params?.(client) ?? standard);
}

/** Tells the vendor that the grant is over. False when the vendor offers no way. Failures throw. */
export async function revokeGrant(client: OAuthClient, method: TokenMethod, context: OAuthContext): Promise<boolean> {
  if (method.kind !== 'oauth2' || method.revoke === undefined) return false;
  if (typeof method.revoke === 'function') {
    await method.revoke(client);
    return true;
  }
  const { url, clientAuth = 'post' } = method.revoke;
  // The refresh token first: servers end the whole grant with it (RFC 7009 section 2.1).
  for (const field of ['refreshToken', 'accessToken'] as const) {
    const token = client.credentials[field];
    if (token === undefined) continue;
    const hint = field === 'refreshToken' ? 'refresh_token' : 'access_token';
    const form = { token: reveal(token), token_type_hint: hint };
    const request = authenticate({ method: 'POST', url, form }, clientAuth, client.app);
    await send(context, {}, { ...request, classify: classifyRevocation }).catch((error: unknown) => {
      if (!isDeadToken(error)) throw error;
    });
  }
  return true;
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
export function sendOAuth(context: OAuthContext, init: OAuthRequest): Promise<Answer> {
  return send(context, {}, init);
}

/** An address with the API version in use. */
export function atVersion(address: string, apiVersion = ''): string {
  return address.replaceAll('{version}', apiVersion);
}

type TokenEndpoint = TokenMethod['token'] & { readonly url: string };

function tokenRequest(
  token: TokenEndpoint,
  client: OAuthClient,
  params: Readonly<Record<string, string>>,
): OAuthRequest {
  const { url, encoding = 'form', clientAuth = 'post', headers } = token;
  const base = { url, headers: { accept: 'application/json', ...headers } };
  if (encoding === 'query') {
    const target = new URL(url);
    const all = { ...params, ...clientParams(client.app, clientAuth) };
    for (const [name, value] of Object.entries(all)) target.searchParams.set(name, value);
    return { ...base, method: 'GET', url: target.href };
  }
  const signed = authenticate({ ...base, method: 'POST', form: params }, clientAuth, client.app);
  if (encoding === 'form') return signed;
  const { form, ...rest } = signed;
  return { ...rest, json: form ?? {} };
}

/** RFC 6749 section 2.3.1. */
function authenticate(
  request: OAuthRequest,
  clientAuth: 'basic' | 'raw_basic' | 'post' | 'none',
  app: AppValues,
): OAuthRequest {
  if (clientAuth === 'post' || clientAuth === 'none') {
    return { ...request, form: { ...request.form, ...clientParams(app, clientAuth) } };
  }
  const [id, secret] = [appValue(app, 'clientId'), appValue(app, 'clientSecret')];
  // Each part is form-encoded before joining, or a colon in the id would move the border.
  const pair = clientAuth === 'raw_basic' ? `${id}:${secret}` : `${formEncode(id)}:${formEncode(secret)}`;
  const authorization = `Basic ${encodeBase64(encodeUtf8(pair))}`;
  return { ...request, headers: { ...request.headers, authorization } };
}

function clientParams(app: AppValues, clientAuth: string): Record<string, string> {
  if (clientAuth !== 'post' && clientAuth !== 'none') return {};
  const id = app['clientId'];
  const secret = clientAuth === 'post' ? app['clientSecret'] : undefined;
  return {
    ...(id !== undefined && { client_id: reveal(id) }),
    ...(secret !== undefined && { client_secret: reveal(secret) }),
  };
}

function formEncode(value: string): string {
  return new URLSearchParams({ v: value }).toString().slice(2);
}

function appValue(app: AppValues, name: string): string {
  const value = app[name];
  if (value !== undefined) return reveal(value);
  throw configurationError(
    'app_credentials_missing',
    `The app credential \`${name}\` is not configured.`,
    'Pass it to the provider or set its environment name.',
  );
}

async function send(context: OAuthContext, state: OAuthState, init: OAuthRequest): Promise<Answer> {
  const headers = new Headers(init.headers);
  const request: TransportRequest = {
    provider: context.provider,
    operation: 'oauth.token',
    method: init.method,
    url: new URL(atVersion(init.url, context.apiVersion)),
    headers,
    ...bodyOf(init, headers),
    hosts: context.hosts,
    classify: init.classify ?? classifyOAuth,
    repeat: 'never',
    purpose: 'token',
    limitKey: `${context.provider}/oauth`,
    secrets: secretsOf(context.app, state.credentials ?? {}, init, headers),
    ...(context.organizationId !== undefined && { organizationId: context.organizationId }),
    ...(state.signal && { signal: state.signal }),
  };
  return context.transport.send(request);
}

function bodyOf(init: OAuthRequest, headers: Headers): { body?: string } {
  if (init.json !== undefined) {
    headers.set('content-type', 'application/json');
    return { body: JSON.stringify(init.json) };
  }
  if (init.form === undefined) return {};
  headers.set('content-type', 'application/x-www-form-urlencoded');
  return { body: new URLSearchParams(init.form).toString() };
}

/** Everything of this exchange that must not surface: codes, tokens, verifiers and assertions are form values. */
function secretsOf(app: AppValues, credentials: Credentials, init: OAuthRequest, headers: Headers): string[] {
  const sensitive = ['code', 'code_verifier', 'refresh_token', 'token', 'assertion', 'client_secret'];
  const sent = { ...init.form, ...Object.fromEntries(new URL(init.url).searchParams) };
  const values = Object.entries(sent).flatMap(([name, value]) =>
    sensitive.some((key) => name.includes(key)) ? [value] : [],
  );
  const authorization = headers.get('authorization');
  return [
    ...secretTexts(app),
    ...secretTexts(credentials),
    ...values,
    ...(authorization === null ? [] : [authorization]),
  ];
}
