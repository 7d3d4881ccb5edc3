/** Connecting by OAuth: the redirect, and the callback that answers it. */
import { createPkce } from '../auth/pkce.ts';
import type { Grant, OAuth2Method } from '../auth/auth.ts';
import { assertionParams } from '../auth/client-assertion.ts';
import { computed, discoveredKey } from '../auth/discovery.ts';
import { createOAuthClient } from '../auth/oauth-client.ts';
import { missingScopes } from '../auth/scopes.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { checkId, methodOf, providerOf } from '../engine.ts';
import { invalidInput, isPlugboardError, PlugboardError } from '../errors.ts';
import { checkFields, flag, list, optional, text, type Rule } from '../field-rules.ts';
import type { JsonObject } from '../json.ts';
import { printable } from '../printable.ts';
import { randomTokens } from '../random.ts';
import { checkInput } from '../schema.ts';
import type { AccountRef } from '../store.ts';
import { authorizeUrl } from './authorize-url.ts';
import { withDiscovered } from './discover.ts';
import { withInput } from './facts.ts';
import { storeGrant } from './new-grant.ts';
import { oauthContext, requireApp } from './oauth-context.ts';
import { safeReturnTo } from './return-to.ts';
import { askForFlow, finishFlow, startFlow, type FlowCookie, type FlowRecord } from './state.ts';
import type { Connection } from './view.ts';

export interface AuthorizeInput {
  readonly organizationId: string;
  /** The host's signed-in user: only they can finish the flow. */
  readonly userId: string;
  readonly label?: string;
  /** Which OAuth method, where a provider has several. Default: the first. */
  readonly method?: string;
  /** Scopes to ask for instead of the default. */
  readonly scopes?: readonly string[];
  /** Where the browser goes afterwards: a path, or a URL on an allowed origin. Anything else becomes `/`. */
  readonly returnTo?: string;
  /** Values that the vendor needs before the redirect (a shop domain). */
  readonly input?: JsonObject;
  readonly allowAccountChange?: boolean;
}

export interface Authorization {
  /** Send the browser here. */
  readonly url: string;
  /** Set this cookie on the same answer; the callback is refused without it. */
  readonly cookie: FlowCookie;
}

const flowRules: Record<'scopes' | 'returnTo' | 'allowAccountChange', Rule> = {
  scopes: optional(list(1000, text(1000))),
  returnTo: optional((value) => (typeof value === 'string' ? undefined : 'must be a text')),
  allowAccountChange: optional(flag),
};

/** @throws PlugboardError: `app_credentials_missing`, `bad_client_key`, `invalid_input`, `too_many_flows`, `form_post_needs_https`. */
export async function authorize(engine: Engine, provider: string, input: AuthorizeInput): Promise<Authorization> {
  const runtime = providerOf(engine, provider);
  const [name, method] = oauthMethodOf(runtime, input.method);
  const redirectUri = `${engine.url}/callback/${provider}`;
  requireApp(runtime, { redirectUri });
  const organizationId = checkId(input.organizationId, 'organizationId');
  const { scopes: wanted, returnTo, allowAccountChange } = input;
  checkFields(`${provider} authorize`, { scopes: wanted, returnTo, allowAccountChange }, flowRules);
  const given = method.input === undefined ? {} : checkInput(method.input, input.input ?? {}, `${provider} input`);
  if (Object.hasOwn(given, discoveredKey)) {
    throw invalidInput(`${provider} input`, [{ path: discoveredKey, message: 'is a name of the engine' }]);
  }
  const who = { organizationId, userId: checkId(input.userId, 'userId') };
  const label = checkId(input.label ?? 'default', 'label');
  const discover = () => withDiscovered(engine, runtime, { given, organizationId, method });
  const checked = method.discover === undefined ? given : await askForFlow(engine, { provider, ...who }, discover);
  const clientAuth = computed(method.token.clientAuth ?? 'post', { input: checked, app: runtime.app });
  // Nobody is sent away to come back with a code that cannot be exchanged.
  if (typeof clientAuth === 'object') await assertionParams(clientAuth, runtime.app, engine.clock.now());
  const { ask, unless } = method.scopes;
  const named = unless !== undefined && runtime.app[unless] !== undefined;
  const scopes = wanted ?? runtime.scopes ?? (named ? [] : ask);
  // In one draw, which costs more than all that is made of it.
  const [verifier, handle, browser, drawn] = randomTokens(method.nonce === true ? 4 : 3);
  const pkce = await createPkce(verifier);
  const nonce = method.nonce === true ? drawn : undefined;
  const { state, cookie } = await startFlow(engine, {
    ...who,
    provider,
    handle,
    cookie: browser,
    method: name,
    label,
    redirectUri,
    returnTo: safeReturnTo(engine, returnTo),
    verifier: pkce.verifier,
    ...(nonce !== undefined && { nonce }),
    scopes,
    input: checked,
    allowAccountChange: allowAccountChange ?? false,
    // A stand-in redirects, also where its vendor posts.
    formPost: method.authorize.formPost === true && !runtime.stub,
  });
  const { apiVersion } = runtime;
  const values = { input: checked, scopes, redirectUri, state, challenge: pkce.challenge, nonce, apiVersion };
  const url = authorizeUrl(method, runtime.app, values);
  return { url: runtime.browserUrl(url), cookie };
}

export interface CallbackInput {
  /** The callback's whole URL, or its query; for `form_post`, the posted fields. */
  readonly params: URL | URLSearchParams | string;
  /** The `Cookie` header of the request. */
  readonly cookies: string;
  /** Who is signed in at the host now. */
  readonly organizationId: string;
  readonly userId: string;
}

export type CallbackResult = {
  /** Address for the browser, judged when the flow started. */
  readonly returnTo: string;
} & (
  | { readonly status: 'connected'; readonly connection: Connection; readonly missingScopes: readonly string[] }
  | { readonly status: 'choose_account'; readonly connection: Connection; readonly choices: readonly AccountRef[] }
  /** The user or the vendor refused; `reason` is one of our codes, never the vendor's text. */
  | { readonly status: 'denied'; readonly reason: string }
);

/**
 * Finishes a flow. Everything that can be judged without the vendor is judged first; the state is consumed once, by
 * whichever callback comes first; the code is exchanged once.
 * @throws PlugboardError: see `finishFlow`; `repeated_parameter`, `issuer_mismatch`, `code_rejected`, `account_mismatch`.
 */
export async function callback(engine: Engine, provider: string, input: CallbackInput): Promise<CallbackResult> {
  const runtime = providerOf(engine, provider);
  const params = readParams(input.params);
  const { cookies, organizationId, userId } = input;
  if (typeof cookies !== 'string')
    throw invalidInput('The callback', [{ path: 'cookies', message: 'must be the `Cookie` header, or an empty text' }]);
  const flow = await finishFlow(engine, { provider, state: params.get('state'), cookies, organizationId, userId });
  const [, method] = oauthMethodOf(runtime, flow.method);
  const expected = issuerOf(method, { input: flow.input, app: runtime.app });
  await judgeIssuer(engine, provider, expected, params.get('iss'));
  await method.verifyCallback?.(params, { app: runtime.app, input: flow.input, now: engine.clock.now() });
  const refusal = params.get('error');
  if (refusal !== null) return { status: 'denied', reason: denialReason(refusal), returnTo: flow.returnTo };
  const code = params.get('code');
  if (code === null || code === '') throw invalidInput('The callback', [{ path: 'code', message: 'is missing' }]);
  const received = await exchange(engine, runtime, flow, { code, params });
  const grant = { ...received, metadata: withInput(received.metadata, flow.input) };
  const { connection, account } = await storeGrant(engine, runtime, {
    organizationId: flow.organizationId,
    label: flow.label,
    method: flow.method,
    grant,
    asked: flow.scopes,
    allowAccountChange: flow.allowAccountChange,
    actor: flow.userId,
  });
  const { returnTo } = flow;
  if (connection.status === 'pending' && account?.kind === 'choose') {
    return { status: 'choose_account', connection, choices: account.choices, returnTo };
  }
  const missing = missingScopes(method, flow.scopes, connection.scopes);
  return { status: 'connected', connection, missingScopes: missing, returnTo };
}

const longestQuery = 16_384;

/** A repeated parameter is an attack or a bug, never a choice (RFC 6749 section 3.1). */
function readParams(given: CallbackInput['params']): URLSearchParams {
  if (typeof given !== 'string' && Object(given) !== given)
    throw invalidInput('The callback', [
      { path: 'params', message: 'must be the address of the request, or its query' },
    ]);
  const query = typeof given === 'string' ? (given.includes('?') ? given.slice(given.indexOf('?')) : given) : undefined;
  if ((query ?? String(given)).length > longestQuery)
    throw invalidInput('The callback', [{ path: '', message: 'is too long' }]);
  const params = given instanceof URL ? given.searchParams : new URLSearchParams(query ?? (given as URLSearchParams));
  const repeated = [...params.keys()].find((name) => params.getAll(name).length > 1);
  if (repeated === undefined) return params;
  throw new PlugboardError({
    kind: 'invalid_request',
    code: 'repeated_parameter',
    message: `The callback carries \`${printable(repeated)}\` more than once.`,
    hint: 'Start the connect flow again.',
  });
}

interface ExpectedIssuer {
  readonly issuer: string | undefined;
  readonly always: boolean;
}

function issuerOf(method: OAuth2Method, known: Parameters<typeof computed>[1]): ExpectedIssuer {
  return {
    issuer: method.issuer === undefined ? undefined : computed(method.issuer, known),
    always: computed(method.issuerAlwaysSent ?? false, known),
  };
}

/** RFC 9207: a declared issuer is enforced, an unknown one recorded. */
async function judgeIssuer(
  engine: Engine,
  provider: string,
  expected: ExpectedIssuer,
  issuer: string | null,
): Promise<void> {
  if (expected.issuer === undefined) {
    if (issuer !== null) await engine.events.emit('provider.issuer_seen', { provider, issuer: printable(issuer) });
    return;
  }
  if (issuer === expected.issuer || (issuer === null && !expected.always)) return;
  throw new PlugboardError({
    kind: 'permission',
    code: 'issuer_mismatch',
    message: 'The callback comes from another authorization server than the one the flow was started at.',
    hint: 'Start the connect flow again from the application.',
    provider,
  });
}

async function exchange(
  engine: Engine,
  runtime: ProviderRuntime,
  flow: FlowRecord,
  { code, params: callbackParams }: { readonly code: string; readonly params: URLSearchParams },
): Promise<Grant> {
  const [, method] = oauthMethodOf(runtime, flow.method);
  const context = oauthContext(engine, runtime, flow.organizationId);
  const client = createOAuthClient(context, method, { input: flow.input });
  const params = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: flow.redirectUri,
    ...(method.pkce !== 'none' && { code_verifier: flow.verifier }),
    ...method.token.params,
  };
  try {
    const grant = await client.token(params);
    if (Object.keys(grant.credentials).length === 0) throw noToken(flow.provider);
    if (method.afterCode === undefined) return grant;
    const { credentials } = grant;
    const bound = flow.nonce === undefined ? {} : { nonce: flow.nonce };
    const state = { input: flow.input, credentials, callback: new URLSearchParams(callbackParams), ...bound };
    return await method.afterCode(grant, createOAuthClient(context, method, state));
  } catch (error) {
    if (isPlugboardError(error) && error.code === 'invalid_grant')
      throw error.with({ code: 'code_rejected', retryable: false });
    throw error;
  }
}

function oauthMethodOf(runtime: ProviderRuntime, asked: string | undefined): readonly [string, OAuth2Method] {
  const { id, auth } = runtime.definition;
  const name = asked ?? Object.keys(auth).find((key) => auth[key]?.kind === 'oauth2');
  const method = name === undefined ? undefined : methodOf(runtime, name);
  if (name !== undefined && method?.kind === 'oauth2') return [name, method];
  throw invalidInput(
    `${id} authorize`,
    [{ path: 'method', message: 'this provider has no such OAuth method' }],
    `Use board.connect('${id}', ...).`,
  );
}

const denials = new Set([
  'access_denied',
  'consent_required',
  'login_required',
  'temporarily_unavailable',
  'server_error',
  'invalid_scope',
]);

function denialReason(error: string): string {
  return denials.has(error) ? error : 'refused_by_vendor';
}

function noToken(provider: string): PlugboardError {
  return new PlugboardError({
    kind: 'invalid_response',
    code: 'no_access_token',
    message: 'The token endpoint answered without any token.',
    provider,
  });
}
