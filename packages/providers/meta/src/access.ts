/**
 * Tokens of the Graph API: how they are proven, lengthened, looked up, refused and ended.
 * @see https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived (2026-11-20)
 */
import { at, encodeHex, hmac, isPlugboardError, need, number, parseJson } from '@plugboard/core';
import { PlugboardError, readTokenAnswer, reveal, text, vendorErrors } from '@plugboard/core';
import type { Answer, AppValues, Classify, Credentials, ErrorKind, Meaning } from '@plugboard/core';
import type { Grant, Json, OAuthClient, Secret, Sign } from '@plugboard/core';

const graph = 'https://graph.facebook.com/{version}';

/** About 60 days: what the vendor's own answers say, and what holds where an answer does not say it. */
const longLifeMs = 5_183_944_000;

/** The appsecret_proof of a token: https://developers.facebook.com/docs/graph-api/guides/secure-requests (2026-11-20). */
export async function proofOf(token: string, appSecret: string): Promise<string> {
  return encodeHex(await hmac('sha256', appSecret, token));
}

/** In the header, where logs do not keep it. A page's token that is there already stands for the connection's own. */
async function sign(
  { headers, url }: Parameters<Sign['apply']>[0],
  credentials: Credentials,
  appSecret: Secret | string | undefined,
): Promise<void> {
  const token = headers.get('authorization')?.replace('Bearer ', '') ?? need(credentials, 'accessToken');
  headers.set('authorization', `Bearer ${token}`);
  if (appSecret !== undefined) url.searchParams.set('appsecret_proof', await proofOf(token, reveal(appSecret)));
}

/** A granted token is one of this app: `lengthen` has made sure of it. */
export const signGranted: Sign = {
  places: ['header:authorization', 'query:appsecret_proof'],
  apply: (request, { credentials, app }) => sign(request, credentials, app['clientSecret']),
};

/** A proof made with another app's secret is refused, and so is the call: none unless the token is said to be ours. */
export const signPasted: Sign = {
  places: ['header:authorization'],
  apply: (request, { credentials, app }) =>
    sign(request, credentials, isOwn(credentials, app) ? app['clientSecret'] : undefined),
};

function isOwn({ appId }: Credentials, { clientId }: AppValues): boolean {
  return appId !== undefined && clientId !== undefined && reveal(appId) === reveal(clientId);
}

export function readGrant(answer: Json): Grant {
  return { expiresInMs: longLifeMs, ...readTokenAnswer(answer) };
}

/** There are no refresh tokens: a token that is still alive is exchanged for the next one. */
export function exchangeOf({ credentials }: Pick<Grant, 'credentials'>): Readonly<Record<string, string>> {
  return { grant_type: 'fb_exchange_token', fb_exchange_token: need(credentials, 'accessToken') };
}

/**
 * Asks whose token it is, then exchanges it for a long-lived one. A bare token is bound to no audience: without the
 * question, one that was handed to any other app would do.
 * @throws PlugboardError kind `permission`, code `foreign_token`; kind `auth`, code `token_invalid`.
 */
export async function lengthen(grant: Grant, client: OAuthClient): Promise<Grant> {
  const seen = await inspect(client, need(grant.credentials, 'accessToken'));
  const appId = client.app['clientId'];
  const issuedTo = text(at(seen, 'app_id')) ?? String(number(at(seen, 'app_id')));
  if (appId === undefined || issuedTo !== reveal(appId)) {
    throw refused('permission', 'foreign_token', 'The token was issued to another app.');
  }
  if (at(seen, 'is_valid') !== true) throw refused('auth', 'token_invalid', 'The token is not valid.');
  const scopes = at(seen, 'scopes');
  const known = Array.isArray(scopes) ? { scopes: scopes.filter((scope) => typeof scope === 'string') } : {};
  // 0 is never: a system user's token of Login for Business, which has nothing to be exchanged for.
  if (number(at(seen, 'expires_at')) === 0) return { credentials: grant.credentials, ...known };
  return { ...(await client.token(exchangeOf(grant))), ...known };
}

/** https://developers.facebook.com/docs/graph-api/reference/debug_token (2026-11-20); its list of members was not seen. */
async function inspect({ app, request }: OAuthClient, token: string): Promise<Json | undefined> {
  const appToken = `${need(app, 'clientId')}|${need(app, 'clientSecret')}`;
  const asked = new URLSearchParams({ input_token: token, access_token: appToken });
  const answer = await request({
    method: 'GET',
    url: `${graph}/debug_token?${asked.toString()}`,
    classify: errors.classify,
  });
  return at(answer.json(), 'data');
}

/** Takes back every permission that the user gave to the app; a token that is dead already has none. */
export async function revoke({ app, credentials, request }: OAuthClient): Promise<void> {
  const token = need(credentials, 'accessToken');
  const url = `${graph}/me/permissions?appsecret_proof=${await proofOf(token, need(app, 'clientSecret'))}`;
  try {
    await request({ method: 'DELETE', url, headers: { authorization: `Bearer ${token}` }, classify: errors.classify });
  } catch (error) {
    if (!isPlugboardError(error) || error.kind !== 'auth') throw error;
  }
}

/**
 * The token endpoint refuses as the rest of the API does; these refusals mean a spent code, a dead token, or a wrong app
 * secret. The last comes with the code of a passing fault, and must not cost anybody a reconnect.
 * @see https://github.com/facebookarchive/php-graph-sdk/issues/538 (2026-11-20)
 */
export const classifyToken: Classify = (answer) => {
  const failure = codesOf(answer).some((code) => Object.hasOwn(codes, code)) ? errors.classify(answer) : undefined;
  if (failure === undefined) return undefined;
  const said = text(at(answer.tryJson(), 'error', 'message')) ?? '';
  if (/validating (client secret|application)/i.test(said)) {
    const hint = 'Check META_APP_ID and META_APP_SECRET.';
    return { ...failure, kind: 'configuration', code: 'invalid_client', hint, retryable: false };
  }
  const spent = failure.code === 'invalid_parameter' && /(verification|authorization) code/i.test(said);
  return spent || failure.kind === 'auth' ? { ...failure, kind: 'auth', code: 'invalid_grant' } : failure;
};

function refused(kind: 'auth' | 'permission', code: string, message: string): PlugboardError {
  return new PlugboardError({ kind, code, message, hint: 'Start the connect flow again.', provider: 'meta' });
}

/*
 * What refusals mean: https://developers.facebook.com/docs/graph-api/guides/error-handling (2026-11-20) and
 * https://developers.facebook.com/docs/graph-api/overview/rate-limiting (2026-11-20).
 */

/** Meanings that differ in their code alone. */
const named = (meaning: Meaning & object, names: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(names).map(([code, name]) => [code, { ...meaning, code: name }]));

const noPermission: Meaning = {
  kind: 'permission',
  code: 'permission_denied',
  hint: 'Ask for the permission, or for a role at the account.',
};
const transient: Meaning = { kind: 'unavailable', code: 'transient' };
const business = 'business_throttled';

/** By code, by code and subcode, or by what else is said; the status is nearly always 400. */
const codes: Readonly<Record<string, Meaning>> = {
  ...named(
    { kind: 'auth', hint: 'The user must connect again.' },
    {
      190: 'token_invalid',
      '190/458': 'app_removed',
      '190/459': 'checkpoint',
      '190/460': 'password_changed',
      '190/463': 'token_expired',
      '190/464': 'user_unconfirmed',
      '190/467': 'token_invalidated',
      '190/492': 'session_invalid',
    },
  ),
  3: noPermission,
  10: noPermission,
  '200-299': noPermission,
  '100/33': { kind: 'not_found', code: 'object_not_visible' },
  100: { kind: 'invalid_request', code: 'invalid_parameter' },
  368: {
    kind: 'permission',
    code: 'policy_block',
    hint: 'Meta blocks this for its policies; wait, and look into the account quality page.',
  },
  ...named(
    { kind: 'rate_limited' },
    {
      'any/2446079': 'account_throttled',
      4: 'app_throttled',
      17: 'user_throttled',
      32: 'page_throttled',
      341: 'application_limit',
      613: 'custom_throttled',
      80000: 'insights_throttled',
      80003: 'audiences_throttled',
      80004: 'ads_throttled',
      // The other business use cases.
      ...Object.fromEntries([80001, 80002, 80005, 80006, 80008, 80009, 80014].map((code) => [code, business])),
    },
  ),
  1: transient,
  2: transient,
  is_transient: transient,
};

function codesOf(answer: Answer): readonly string[] {
  const error = at(answer.tryJson(), 'error');
  const [code, subcode] = [number(at(error, 'code')), number(at(error, 'error_subcode'))];
  if (code === undefined || answer.status < 400) return [];
  // A session that has ended is a dead token by another name.
  const names = [code, ...(code === 102 ? [190] : [])];
  const pairs = subcode === undefined ? [] : [...names, 'any'].map((name) => `${name}/${subcode}`);
  const range = code >= 200 && code <= 299 ? ['200-299'] : [];
  return [...pairs, ...names.map(String), ...range, ...(at(error, 'is_transient') === true ? ['is_transient'] : [])];
}

const messageOf = (answer: Answer) => {
  const error = at(answer.tryJson(), 'error');
  return withoutTokens(text(at(error, 'error_user_msg')) ?? text(at(error, 'message')));
};

/** Says nothing of the token: https://github.com/facebook/facebook-php-business-sdk/issues/428 (2026-11-20) */
const aboutPage: Classify = (answer) => {
  const found = codesOf(answer);
  const said = text(at(answer.tryJson(), 'error', 'message')) ?? '';
  if (!found.includes('190') || !/page access token/i.test(said)) return undefined;
  const vendor = { code: found[0]!, message: messageOf(answer) };
  return { kind: 'permission', code: 'page_token_required', hint: 'Name the page.', vendor };
};

/** Refusals quote tokens that they call malformed, and a page's is not known to the transport. */
function withoutTokens(message: string | undefined): string | undefined {
  return message?.replaceAll(/[\w-]{20,}/g, (word) => (/\d/.test(word) ? '[token]' : word));
}

/** The longest wait that any business asks for, in minutes in this one header. There is no Retry-After. */
function regainMs({ headers }: Answer): number | undefined {
  const usage = readHeader(headers.get('x-business-use-case-usage'));
  const businesses = typeof usage === 'object' && usage !== null ? Object.values(usage) : [];
  const minutes = businesses
    .flatMap((uses: Json) => (Array.isArray(uses) ? (uses as readonly Json[]) : []))
    .map((use) => number(at(use, 'estimated_time_to_regain_access')) ?? 0);
  const longest = Math.max(0, ...minutes);
  return longest > 0 ? longest * 60_000 : undefined;
}

function readHeader(value: string | null): Json | undefined {
  try {
    return value === null ? undefined : parseJson(value);
  } catch {
    return undefined;
  }
}

type Words = readonly [number: number, message: string, subcode?: number | undefined];

/** An answer of the vendor's form, and what it means. */
function refusal(kind: ErrorKind, code: string, [number, message, subcode]: Words) {
  const details = { ...(subcode !== undefined && { error_subcode: subcode }), fbtrace_id: 'EJplcsCHuLu' };
  const error = { message, type: 'OAuthException', code: number, ...details };
  const retryable = kind === 'rate_limited' || kind === 'unavailable';
  return { status: 400, body: { error }, is: { kind, code, retryable } };
}
const dead = (code: string, subcode?: number) =>
  refusal('auth', code, [190, 'Error validating access token.', subcode]);
const denied = (code: string, ...words: Words) => refusal('permission', code, words);
const limited = (code: string, number: number, subcode?: number) =>
  refusal('rate_limited', code, [number, `(#${number}) Too many calls`, subcode]);
const passing = (number: number) => refusal('unavailable', 'transient', [number, 'Service temporarily unavailable']);
const usage = { call_count: 100, total_cputime: 25, total_time: 25, estimated_time_to_regain_access: 19 };

export const errors = vendorErrors({
  code: codesOf,
  message: messageOf,
  codes,
  classify: aboutPage,
  waitMs: regainMs,
  examples: {
    invalidCredentials: dead('token_invalid'),
    expiredToken: dead('token_expired', 463),
    appRemoved: dead('app_removed', 458),
    checkpoint: dead('checkpoint', 459),
    passwordChanged: dead('password_changed', 460),
    userUnconfirmed: dead('user_unconfirmed', 464),
    tokenInvalidated: dead('token_invalidated', 467),
    sessionInvalid: dead('session_invalid', 492),
    sessionKey: refusal('auth', 'token_invalid', [102, 'Session key invalid or no longer valid']),
    pageToken: denied('page_token_required', 190, '(#190) This method must be called with a Page Access Token'),
    missingScope: denied('permission_denied', 10, '(#10) Application does not have permission for this action'),
    missingCapability: denied('permission_denied', 3, '(#3) Application does not have the capability'),
    missingRole: { ...denied('permission_denied', 294, '(#294) ads_management is needed'), status: 403 },
    policyBlock: denied('policy_block', 368, 'Temporarily blocked for policies violations'),
    invalidInput: refusal('invalid_request', 'invalid_parameter', [100, '(#100) Invalid parameter']),
    notFound: refusal('not_found', 'object_not_visible', [100, 'Unsupported get request. Object does not exist.', 33]),
    appThrottled: limited('app_throttled', 4),
    userThrottled: limited('user_throttled', 17),
    pageThrottled: { ...limited('page_throttled', 32), status: 403 },
    customThrottled: limited('custom_throttled', 613),
    applicationLimit: limited('application_limit', 341),
    accountThrottled: limited('account_throttled', 17, 2446079),
    insightsThrottled: {
      ...limited('insights_throttled', 80000),
      headers: { 'x-business-use-case-usage': JSON.stringify({ '1102330001': [{ type: 'ads_insights', ...usage }] }) },
      is: { ...limited('insights_throttled', 80000).is, retryAfterMs: 19 * 60_000 },
    },
    audiencesThrottled: limited('audiences_throttled', 80003),
    adsThrottled: limited('ads_throttled', 80004),
    businessThrottled: limited('business_throttled', 80014),
    unknown: passing(1),
    service: { ...passing(2), status: 500 },
    saidTransient: { ...passing(2601), body: { error: { ...passing(2601).body.error, is_transient: true } } },
    outage: { status: 503, is: { kind: 'unavailable', code: 'unavailable', retryable: true } },
  },
});
