/**
 * What Google's refusals mean. The reason stands in `errors[0].reason`, in an ErrorInfo of `details`, or is the status.
 * @see https://cloud.google.com/apis/design/errors (2026-11-20)
 */
import { at, classifyByStatus, member, text, vendorErrors } from '@plugboard/core';
import type { Answer, Classify, ErrorExample, ErrorRules, Json, Meaning } from '@plugboard/core';

const scopeMissing: Meaning = {
  kind: 'permission',
  hint: 'Start the connect flow again and leave every scope ticked.',
};
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
  const details = member(error, 'details');
  const infos = Array.isArray(details) ? (details as readonly Json[]) : [];
  const named = infos.map((info) => text(member(info, 'reason'))).find((reason) => reason !== undefined);
  return text(at(error, 'errors', 0, 'reason')) ?? named ?? text(member(error, 'status'));
}

/** «Retry after 2026-11-20T10:15:00.000Z» in a message, counted from the answer's own date. */
function waitTold(answer: Answer): number | undefined {
  const message = text(at(answer.tryJson(), 'error', 'message')) ?? '';
  const until = Date.parse(/retry after (\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))/i.exec(message)?.[1] ?? '');
  const sent = Date.parse(answer.headers.get('date') ?? '');
  return Number.isNaN(until) || Number.isNaN(sent) ? undefined : Math.max(until - sent, 0);
}

/** Error rules of one API: what all share, and its own reasons. */
export function googleErrors<
  const Codes extends Readonly<Record<string, Meaning>>,
  const Examples extends Readonly<Record<string, ErrorExample>>,
>(codes: Codes, examples: Examples): ErrorRules {
  const rules = vendorErrors({
    code: reasonOf,
    message: ['error', 'message'],
    codes: { ...common, ...codes },
    examples: { ...errorExamples, ...examples },
  });
  const classify: Classify = (answer) => {
    const failure = rules.classify?.(answer);
    const retryAfterMs = waitTold(answer);
    if (retryAfterMs === undefined) return failure;
    const judged = failure ?? classifyByStatus(answer);
    return judged?.kind === 'rate_limited' ? { ...judged, retryAfterMs } : judged;
  };
  return { ...rules, classify };
}

/** A refusal as the older Google APIs write it. */
export function refusal(
  status: number,
  reason: string,
  is: ErrorExample['is'],
  { domain = 'global', message = 'The request was refused.', ...more }: RefusalWords = {},
): ErrorExample {
  return { status, body: { error: { code: status, message, errors: [{ message, domain, reason }], ...more } }, is };
}

interface RefusalWords {
  readonly domain?: string;
  readonly message?: string;
  /** Of google.rpc.Status: `PERMISSION_DENIED`. */
  readonly status?: string;
  readonly details?: Json;
}

const usage = { domain: 'usageLimits', message: 'Rate Limit Exceeded' };
const throttled = (code: string) => ({ kind: 'rate_limited', code, retryable: true }) as const;

const errorExamples = {
  invalidCredentials: refusal(
    401,
    'authError',
    { kind: 'auth', code: 'unauthorized' },
    { message: 'Request had invalid authentication credentials.', status: 'UNAUTHENTICATED' },
  ),
  missingScope: refusal(
    403,
    'insufficientPermissions',
    { kind: 'permission', code: 'insufficient_permissions' },
    {
      message: 'Request had insufficient authentication scopes.',
      status: 'PERMISSION_DENIED',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
          domain: 'googleapis.com',
        },
      ],
    },
  ),
  apiDisabled: refusal(
    403,
    'accessNotConfigured',
    { kind: 'configuration', code: 'access_not_configured' },
    {
      message: 'The API has not been used in the project before or it is disabled.',
    },
  ),
  domainPolicy: refusal(
    403,
    'domainPolicy',
    { kind: 'permission', code: 'domain_policy' },
    {
      message: 'The domain administrators have disabled the app.',
    },
  ),
  throttled: refusal(403, 'rateLimitExceeded', throttled('rate_limit_exceeded'), usage),
  userThrottled: refusal(403, 'userRateLimitExceeded', throttled('user_rate_limit_exceeded'), usage),
  tooManyRequests: refusal(429, 'rateLimitExceeded', throttled('rate_limit_exceeded'), usage),
  exhausted: {
    status: 429,
    body: { error: { code: 429, message: 'Resource has been exhausted.', status: 'RESOURCE_EXHAUSTED' } },
    is: throttled('resource_exhausted'),
  },
  dailyLimit: refusal(
    403,
    'dailyLimitExceeded',
    { kind: 'rate_limited', code: 'daily_limit_exceeded', retryable: false },
    { domain: 'usageLimits', message: 'Daily Limit Exceeded' },
  ),
  notFound: refusal(404, 'notFound', { kind: 'not_found', code: 'not_found' }, { message: 'Not Found' }),
  invalidInput: refusal(400, 'invalid', { kind: 'invalid_request', code: 'bad_request' }, { message: 'Bad Request' }),
  outage: refusal(
    503,
    'backendError',
    { kind: 'unavailable', code: 'unavailable', retryable: true },
    {
      message: 'Backend Error',
    },
  ),
} as const satisfies ErrorRules['examples'];
