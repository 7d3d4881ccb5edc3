/**
 * What Google's refusals mean. The reason stands in `errors[0].reason`, in an ErrorInfo of `details`, or is the status.
 * @see https://cloud.google.com/apis/design/errors (2026-11-20)
 */
import { at, member, snakeCase, text, vendorErrors } from '@plugboard/core';
import type { Answer, ErrorExample, ErrorKind, ErrorRules, Json, Meaning } from '@plugboard/core';

export const scopeMissing = {
  kind: 'permission',
  hint: 'Start the connect flow again and leave every scope ticked.',
} as const satisfies Meaning;
const apiOff: Meaning = {
  kind: 'configuration',
  hint: 'Switch the API on for the Cloud project that owns the OAuth client or the service account.',
};
const spentToday: Meaning = {
  kind: 'rate_limited',
  retryable: false,
  hint: 'The quota of the day is used up; ask again tomorrow.',
};

/** Reasons that mean the same everywhere at Google. */
const common: Readonly<Record<string, Meaning>> = {
  insufficientPermissions: scopeMissing,
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: scopeMissing,
  accessNotConfigured: apiOff,
  SERVICE_DISABLED: apiOff,
  domainPolicy: { kind: 'permission', hint: 'An administrator of the Google Workspace must allow the app.' },
  // With status 403 as often as with 429.
  rateLimitExceeded: 'rate_limited',
  userRateLimitExceeded: 'rate_limited',
  quotaExceeded: 'rate_limited',
  RATE_LIMIT_EXCEEDED: 'rate_limited',
  RESOURCE_EXHAUSTED: 'rate_limited',
  dailyLimitExceeded: spentToday,
};

/** Undefined where no place names one. */
export function reasonOf(answer: Answer): string | undefined {
  const error = member(answer.tryJson(), 'error');
  const named = listOf(member(error, 'details')).map((info) => text(member(info, 'reason')));
  return text(at(error, 'errors', 0, 'reason')) ?? named.find(Boolean) ?? text(member(error, 'status'));
}

/** Protobuf JSON leaves an empty list out. */
export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** «Retry after 2026-11-20T10:15:00.000Z» in a message, counted from the answer's own date. */
function waitTold(answer: Answer): number | undefined {
  const message = text(at(answer.tryJson(), 'error', 'message')) ?? '';
  const until = Date.parse(/retry after (\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))/i.exec(message)?.[1] ?? '');
  const sent = Date.parse(answer.headers.get('date') ?? '');
  return Number.isNaN(until) || Number.isNaN(sent) ? undefined : Math.max(until - sent, 0);
}

/** Error rules of one API: what all share, and its own reasons. */
export function googleErrors(
  codes: Readonly<Record<string, Meaning>>,
  examples: Readonly<Record<string, ErrorExample>>,
): ErrorRules {
  return vendorErrors({
    code: reasonOf,
    message: ['error', 'message'],
    codes: { ...common, ...codes },
    waitMs: waitTold,
    examples: { ...errorExamples, ...examples },
  });
}

/** How a refusal must be classified: the kind alone where the code is the vendor's own in our spelling. */
export type Meant = ErrorKind | (Pick<ErrorExample['is'], 'kind'> & Partial<ErrorExample['is']>);

export function meant(reason: string, is: Meant): ErrorExample['is'] {
  return { code: snakeCase(reason), ...(typeof is === 'string' ? { kind: is } : is) };
}

/** A refusal as the older Google APIs write it. */
export function refusal(
  status: number,
  reason: string,
  is: Meant,
  { domain = 'global', message = 'The request was refused.', ...more }: RefusalWords = {},
): ErrorExample {
  const error = { code: status, message, errors: [{ message, domain, reason }], ...more };
  return { status, body: { error }, is: meant(reason, is) };
}

interface RefusalWords {
  readonly domain?: string;
  readonly message?: string;
  /** Of google.rpc.Status: `PERMISSION_DENIED`. */
  readonly status?: string;
  readonly details?: Json;
}

/** A refusal as the newer APIs and Google's front end write it: a google.rpc.Status, which the first detail explains. */
export function rpcRefusal(code: number, status: string, is: Meant, words: RefusalWords = {}): ErrorExample {
  const error = { code, message: 'Request failed.', status, ...words };
  return { status: code, body: { error }, is: meant(text(at(words.details, 0, 'reason')) ?? status, is) };
}

/** The detail that names the reason. */
export const errorInfo = (reason: string, metadata: Readonly<Record<string, string>> = {}) => ({
  details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com', metadata }],
});

const usage = { domain: 'usageLimits', message: 'Rate Limit Exceeded' };
const throttled = { kind: 'rate_limited', retryable: true } as const;
const notEnabled = 'The API has not been used in the project before or it is disabled.';

const errorExamples = {
  invalidCredentials: refusal(
    401,
    'authError',
    { kind: 'auth', code: 'unauthorized' },
    { message: 'Request had invalid authentication credentials.', status: 'UNAUTHENTICATED' },
  ),
  missingScope: refusal(403, 'insufficientPermissions', 'permission', {
    message: 'Request had insufficient authentication scopes.',
    status: 'PERMISSION_DENIED',
    ...errorInfo('ACCESS_TOKEN_SCOPE_INSUFFICIENT'),
  }),
  apiDisabled: refusal(403, 'accessNotConfigured', 'configuration', { message: notEnabled }),
  domainPolicy: refusal(403, 'domainPolicy', 'permission', {
    message: 'The domain administrators have disabled the app.',
  }),
  throttled: refusal(403, 'rateLimitExceeded', throttled, usage),
  userThrottled: refusal(403, 'userRateLimitExceeded', throttled, usage),
  tooManyRequests: refusal(429, 'rateLimitExceeded', throttled, usage),
  exhausted: rpcRefusal(429, 'RESOURCE_EXHAUSTED', throttled, { message: 'Resource has been exhausted.' }),
  dailyLimit: refusal(
    403,
    'dailyLimitExceeded',
    { kind: 'rate_limited', retryable: false },
    { domain: 'usageLimits', message: 'Daily Limit Exceeded' },
  ),
  notFound: refusal(404, 'notFound', 'not_found', { message: 'Not Found' }),
  invalidInput: refusal(400, 'invalid', { kind: 'invalid_request', code: 'bad_request' }, { message: 'Bad Request' }),
  outage: refusal(
    503,
    'backendError',
    { kind: 'unavailable', code: 'unavailable', retryable: true },
    { message: 'Backend Error' },
  ),
} as const satisfies ErrorRules['examples'];
