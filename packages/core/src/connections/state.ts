/**
 * The state of an OAuth flow: an opaque, signed, single-use handle to a sealed record.
 *
 * The signature refuses forgeries without touching the store; the record binds the flow to organization, host user,
 * provider, redirect URI, return address and one browser (RFC 9700 sections 4.2 and 4.7).
 */
import { encodeBase64url, encodeUtf8, equalText } from '../bytes.ts';
import type { Engine } from '../engine.ts';
import { configurationError, PlugboardError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { randomToken } from '../random.ts';
import {
  askInPlace,
  digest,
  peekRecord,
  putRecord,
  takeRecord,
  type OneTimeKey,
  type OneTimeRecord,
} from './one-time.ts';

export interface FlowRecord extends OneTimeRecord {
  readonly provider: string;
  readonly method: string;
  readonly label: string;
  readonly redirectUri: string;
  readonly returnTo: string;
  readonly verifier: string;
  /** What the id token must repeat, where the method asks for one. */
  readonly nonce?: string;
  readonly scopes: readonly string[];
  readonly input: JsonObject;
  readonly allowAccountChange: boolean;
  /** Hash of the browser's cookie. */
  readonly browser: string;
}

export interface StartedFlow {
  readonly state: string;
  readonly cookie: FlowCookie;
}

/** Set on the answer that starts the flow; the callback must bring it back. */
export interface FlowCookie {
  readonly name: string;
  readonly value: string;
  /** The whole `Set-Cookie` value. */
  readonly header: string;
}

// Handle, time of issue, id of the signing key, signature: a key that was rotated meanwhile still verifies.
const shape = /^([A-Za-z0-9_-]{43})\.([0-9a-z]{6,9})\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{43})$/;

export type NewFlow = Omit<FlowRecord, 'browser'> & {
  /** The answer is posted by a page of the vendor. */
  readonly formPost: boolean;
  /** What the record is found by: 32 random bytes. Default: drawn here. */
  readonly handle?: string | undefined;
  /** What only the browser that starts the flow gets: the same. */
  readonly cookie?: string | undefined;
};

/**
 * @throws PlugboardError kind `rate_limited`, code `too_many_flows`; kind `configuration`, code `form_post_needs_https`.
 */
export async function startFlow(
  engine: Engine,
  { formPost, handle = randomToken(), cookie = randomToken(), ...flow }: NewFlow,
): Promise<StartedFlow> {
  if (formPost && !isSecure(engine)) throw needsHttps(flow.provider);
  const issued = Math.floor((await engine.store.now()).getTime() / 1000).toString(36);
  const signed = `${handle}.${issued}.${engine.vault.primaryKeyId}`;
  const state = `${signed}.${await sign(engine, flow.provider, signed, engine.vault.primaryKeyId)}`;
  const record: FlowRecord = { ...flow, browser: await digest(cookie) };
  await putRecord(engine, keyOf(flow.provider, handle), record, engine.flowMs);
  return { state, cookie: cookieOf(engine, { provider: flow.provider, handle, value: cookie, formPost }) };
}

/** Asks what must be known before a flow can start; it counts as one of the user's flows. See `askInPlace`. */
export function askForFlow<T>(
  engine: Engine,
  { provider, ...who }: Pick<FlowRecord, 'provider' | 'organizationId' | 'userId'>,
  ask: () => Promise<T>,
): Promise<T> {
  return askInPlace(engine, keyOf(provider, randomToken()), who, ask);
}

export interface FlowCallback {
  readonly provider: string;
  readonly state: string | null;
  /** The `Cookie` header of the callback request. */
  readonly cookies: string;
  /** Who is signed in at the host now. */
  readonly organizationId: string;
  readonly userId: string;
}

/**
 * Judges a callback's state and consumes it, in this order: form, signature, age, browser, session, one atomic take.
 * @throws PlugboardError kind `permission`, codes `state_invalid`, `state_expired`, `state_consumed`,
 * `state_mismatch` (another browser), `tenant_mismatch` (another organization or user).
 */
export async function finishFlow(engine: Engine, callback: FlowCallback): Promise<FlowRecord> {
  const { provider } = callback;
  const match = shape.exec(callback.state ?? '');
  if (match === null) throw refused('state_invalid', 'The callback carries no state of this library.');
  const [, handle = '', issued = '', keyId = '', signature = ''] = match;
  const known = engine.vault.keyIds.includes(keyId);
  if (!known || !equalText(await sign(engine, provider, `${handle}.${issued}.${keyId}`, keyId), signature)) {
    throw refused('state_invalid', 'The state was not issued here, or for another provider.');
  }
  const key = keyOf(provider, handle);
  const record = await peekRecord<FlowRecord>(engine, key);
  if (record === null) throw await goneError(engine, issued);
  const browser = readCookie(callback.cookies, cookieName(engine, provider, handle));
  const failure = await judgeBinding(record, callback, browser);
  if (failure !== undefined) {
    await engine.events.audit({
      organizationId: record.organizationId,
      connectionId: null,
      provider,
      type: 'connect.refused',
      actor: callback.userId,
      data: { reason: failure.code },
    });
    throw failure;
  }
  if (!(await takeRecord(engine, key))) throw await goneError(engine, issued);
  return record;
}

async function judgeBinding(
  record: FlowRecord,
  callback: FlowCallback,
  browser: string | undefined,
): Promise<PlugboardError | undefined> {
  if (browser === undefined || (await digest(browser)) !== record.browser) {
    return refused('state_mismatch', 'The flow was started in another browser.');
  }
  if (record.organizationId !== callback.organizationId || record.userId !== callback.userId) {
    return refused('tenant_mismatch', 'The flow was started by another organization or user.');
  }
  return undefined;
}

async function goneError(engine: Engine, issued: string): Promise<PlugboardError> {
  const age = (await engine.store.now()).getTime() - Number.parseInt(issued, 36) * 1000;
  return age >= engine.flowMs
    ? refused('state_expired', `The connect flow was not finished within ${engine.flowMs / 60_000} minutes.`)
    : refused('state_consumed', 'The connect flow was already finished.');
}

function refused(code: string, message: string): PlugboardError {
  return new PlugboardError({
    kind: 'permission',
    code,
    message,
    hint: 'Start the connect flow again from the application.',
  });
}

function keyOf(provider: string, handle: string): OneTimeKey {
  return { kind: 'oauth-state', purpose: 'oauth.state', provider, handle };
}

async function sign(engine: Engine, provider: string, text: string, keyId: string): Promise<string> {
  return encodeBase64url(await engine.vault.mac('oauth.state', encodeUtf8(`${provider}/${text}`), keyId));
}

function isSecure(engine: Engine): boolean {
  return engine.url.startsWith('https:');
}

function cookieName(engine: Engine, provider: string, handle: string): string {
  return `${isSecure(engine) ? '__Host-' : ''}plugboard-${provider}-${handle.slice(0, 8)}`;
}

interface NewCookie {
  readonly provider: string;
  readonly handle: string;
  readonly value: string;
  readonly formPost: boolean;
}

function cookieOf(engine: Engine, { provider, handle, value, formPost }: NewCookie): FlowCookie {
  const name = cookieName(engine, provider, handle);
  const sent = `SameSite=${formPost ? 'None' : 'Lax'}${isSecure(engine) ? '; Secure' : ''}`;
  const header = `${name}=${value}; Path=/; Max-Age=${engine.flowMs / 1000}; HttpOnly; ${sent}`;
  return { name, value, header };
}

function needsHttps(provider: string): PlugboardError {
  return configurationError(
    'form_post_needs_https',
    `${provider} posts its answer, and browsers send cookies along with such a post over https alone.`,
    'Give the board an https `url`; a tunnel does for development.',
  );
}

function readCookie(cookies: string, name: string): string | undefined {
  const [found, ...others] = cookies
    .slice(0, 16_384)
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`));
  return others.length > 0 ? undefined : found?.slice(name.length + 1);
}
