/**
 * Tokens of the Graph API: how they are proven, lengthened, looked up, refused and ended.
 * @see https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived (2026-11-20)
 */
import { at, encodeHex, hmac, isPlugboardError, need, number, parseJson } from '@plugboard/core';
import { PlugboardError, readTokenAnswer, reveal, text } from '@plugboard/core';
import type { AppValues, Classify, Credentials, ErrorRules, Failure } from '@plugboard/core';
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
  const answer = await request({ method: 'GET', url: `${graph}/debug_token?${asked.toString()}`, classify });
  return at(answer.json(), 'data');
}

/** Takes back every permission that the user gave to the app; a token that is dead already has none. */
export async function revoke({ app, credentials, request }: OAuthClient): Promise<void> {
  const token = need(credentials, 'accessToken');
  const url = `${graph}/me/permissions?appsecret_proof=${await proofOf(token, need(app, 'clientSecret'))}`;
  try {
    await request({ method: 'DELETE', url, headers: { authorization: `Bearer ${token}` }, classify });
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
  const failure = classify(answer);
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

type Meaning = Pick<Failure, 'kind' | 'code' | 'hint' | 'retryable'>;

/** Subcodes of 190, a dead token, which comes with status 400. */
const deadTokens: Readonly<Record<number, string>> = {
  458: 'app_removed',
  459: 'checkpoint',
  460: 'password_changed',
  463: 'token_expired',
  464: 'user_unconfirmed',
  467: 'token_invalidated',
  492: 'session_invalid',
};

const throttles: Readonly<Record<number, string>> = {
  4: 'app_throttled',
  17: 'user_throttled',
  32: 'page_throttled',
  341: 'application_limit',
  613: 'custom_throttled',
  80000: 'insights_throttled',
  80003: 'audiences_throttled',
  80004: 'ads_throttled',
};
/** Limits of the other business use cases. */
const otherThrottles = new Set([80001, 80002, 80005, 80006, 80008, 80009, 80014]);
const accountThrottle = 2446079;

/** Judges by the code in the body: the status is nearly always 400. */
export const classify: Classify = (answer) => {
  if (answer.status < 400) return undefined;
  const error = at(answer.tryJson(), 'error');
  const code = number(at(error, 'code'));
  if (code === undefined) return undefined;
  const subcode = number(at(error, 'error_subcode'));
  const meaning = meaningOf(error, code, subcode);
  if (meaning === undefined) return undefined;
  const message = text(at(error, 'error_user_msg')) ?? text(at(error, 'message'));
  const retryAfterMs = meaning.kind === 'rate_limited' ? regainMs(answer.headers) : undefined;
  return {
    ...meaning,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    vendor: { code: [code, subcode].filter((part) => part !== undefined).join('/'), message: withoutTokens(message) },
  };
};

function meaningOf(error: Json | undefined, code: number, subcode: number | undefined): Meaning | undefined {
  if (code === 190 || code === 102) return deadToken(error, subcode);
  if (code === 3 || code === 10 || (code >= 200 && code <= 299)) {
    return {
      kind: 'permission',
      code: 'permission_denied',
      hint: 'Ask for the permission, or for a role at the account.',
    };
  }
  if (code === 100 && subcode === 33) return { kind: 'not_found', code: 'object_not_visible' };
  if (code === 100) return { kind: 'invalid_request', code: 'invalid_parameter' };
  if (code === 368) {
    const hint = 'Meta blocks this for its policies; wait, and look into the account quality page.';
    return { kind: 'permission', code: 'policy_block', hint };
  }
  if (subcode === accountThrottle) return { kind: 'rate_limited', code: 'account_throttled' };
  const throttle = throttles[code] ?? (otherThrottles.has(code) ? 'business_throttled' : undefined);
  if (throttle !== undefined) return { kind: 'rate_limited', code: throttle };
  const passing = code === 1 || code === 2 || at(error, 'is_transient') === true;
  return passing ? { kind: 'unavailable', code: 'transient' } : undefined;
}

function deadToken(error: Json | undefined, subcode: number | undefined): Meaning {
  // Says nothing of the token: https://github.com/facebook/facebook-php-business-sdk/issues/428 (2026-11-20)
  if (/page access token/i.test(text(at(error, 'message')) ?? '')) {
    return { kind: 'permission', code: 'page_token_required', hint: 'Name the page.' };
  }
  return { kind: 'auth', code: deadTokens[subcode ?? 0] ?? 'token_invalid', hint: 'The user must connect again.' };
}

/** Refusals quote tokens that they call malformed, and a page's is not known to the transport. */
function withoutTokens(message: string | undefined): string | undefined {
  return message?.replaceAll(/(?=[a-z_-]*\d)[\w-]{20,}/gi, '[token]');
}

/** The longest wait that any business asks for, in minutes in this one header. There is no Retry-After. */
function regainMs(headers: Headers): number | undefined {
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

/** An answer of the vendor's form. */
function refusal(code: number, message: string, more: { subcode?: number | undefined; transient?: boolean } = {}) {
  const { subcode, transient } = more;
  const details = { error_subcode: subcode, is_transient: transient, fbtrace_id: 'EJplcsCHuLu' };
  const given = Object.entries(details).filter(([, value]) => value !== undefined);
  return { status: 400, body: { error: { message, type: 'OAuthException', code, ...Object.fromEntries(given) } } };
}

const dead = (code: string, subcode?: number) => ({
  ...refusal(190, 'Error validating access token.', { subcode }),
  is: { kind: 'auth', code, retryable: false } as const,
});
const denied = (code: string, [number, message]: readonly [number, string]) => ({
  ...refusal(number, message),
  is: { kind: 'permission', code, retryable: false } as const,
});
const throttled = (code: string, number: number, subcode?: number) => ({
  ...refusal(number, `(#${number}) Too many calls`, { subcode }),
  is: { kind: 'rate_limited', code, retryable: true } as const,
});
const passing = (number: number, transient?: boolean) => ({
  ...refusal(number, 'Service temporarily unavailable', { ...(transient && { transient }) }),
  is: { kind: 'unavailable', code: 'transient', retryable: true } as const,
});
const usage = { call_count: 100, total_cputime: 25, total_time: 25, estimated_time_to_regain_access: 19 };

export const examples = {
  invalidCredentials: dead('token_invalid'),
  expiredToken: dead('token_expired', 463),
  appRemoved: dead('app_removed', 458),
  checkpoint: dead('checkpoint', 459),
  passwordChanged: dead('password_changed', 460),
  userUnconfirmed: dead('user_unconfirmed', 464),
  tokenInvalidated: dead('token_invalidated', 467),
  sessionInvalid: dead('session_invalid', 492),
  sessionKey: { ...dead('token_invalid'), ...refusal(102, 'Session key invalid or no longer valid') },
  pageToken: denied('page_token_required', [190, '(#190) This method must be called with a Page Access Token']),
  missingScope: denied('permission_denied', [10, '(#10) Application does not have permission for this action']),
  missingCapability: denied('permission_denied', [3, '(#3) Application does not have the capability']),
  missingRole: { ...denied('permission_denied', [294, '(#294) ads_management is needed']), status: 403 },
  policyBlock: denied('policy_block', [368, 'Temporarily blocked for policies violations']),
  invalidInput: {
    ...refusal(100, '(#100) Invalid parameter'),
    is: { kind: 'invalid_request', code: 'invalid_parameter', retryable: false },
  },
  notFound: {
    ...refusal(100, 'Unsupported get request. Object does not exist.', { subcode: 33 }),
    is: { kind: 'not_found', code: 'object_not_visible', retryable: false },
  },
  appThrottled: throttled('app_throttled', 4),
  userThrottled: throttled('user_throttled', 17),
  pageThrottled: { ...throttled('page_throttled', 32), status: 403 },
  customThrottled: throttled('custom_throttled', 613),
  applicationLimit: throttled('application_limit', 341),
  accountThrottled: throttled('account_throttled', 17, accountThrottle),
  insightsThrottled: {
    ...throttled('insights_throttled', 80000),
    headers: { 'x-business-use-case-usage': JSON.stringify({ '1102330001': [{ type: 'ads_insights', ...usage }] }) },
    is: { kind: 'rate_limited', code: 'insights_throttled', retryable: true, retryAfterMs: 19 * 60_000 },
  },
  audiencesThrottled: throttled('audiences_throttled', 80003),
  adsThrottled: throttled('ads_throttled', 80004),
  businessThrottled: throttled('business_throttled', 80014),
  unknown: passing(1),
  service: { ...passing(2), status: 500 },
  saidTransient: passing(2601, true),
  outage: { status: 503, is: { kind: 'unavailable', code: 'unavailable', retryable: true } },
} satisfies ErrorRules['examples'];
