/**
 * What GitHub's answers mean. It refuses too many requests with 403 as well as with 429.
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api (2026-11-20)
 */
import { at, classifyByStatus, snakeCase, text } from '@plugboard/core';
import type { Answer, Classify, ErrorRules, Failure } from '@plugboard/core';

const minuteMs = 60_000;

/** By the vendor's own clock: `x-ratelimit-reset` is a time. */
function untilReset({ headers }: Answer): number {
  const left = Number(headers.get('x-ratelimit-reset')) * 1000 - Date.parse(headers.get('date') ?? '');
  return left > 0 ? left : minuteMs;
}

function classifyLimit(answer: Answer, vendor: Failure['vendor']): Failure | undefined {
  const { headers } = answer;
  const after = Number(headers.get('retry-after') ?? Number.NaN);
  const secondary = /secondary rate limit|abuse detection/i.test(vendor?.message ?? '');
  const common = { kind: 'rate_limited', retryable: true, ...(vendor && { vendor }) } as const;
  if (after >= 0) return { ...common, code: 'secondary_rate_limit', retryAfterMs: after * 1000 };
  if (headers.get('x-ratelimit-remaining') === '0')
    return { ...common, code: 'rate_limited', retryAfterMs: untilReset(answer) };
  if (/login attempts exceeded/i.test(vendor?.message ?? ''))
    return { ...common, code: 'too_many_logins', retryAfterMs: minuteMs };
  return secondary ? { ...common, code: 'secondary_rate_limit', retryAfterMs: minuteMs } : undefined;
}

const classify: Classify = (answer) => {
  const { status } = answer;
  if (status < 400) return undefined;
  const body = answer.tryJson();
  const message = text(at(body, 'message'));
  const fault = text(at(body, 'errors', 0, 'code'));
  const vendor = message === undefined ? undefined : { code: fault ?? snakeCase(message), message };
  if (status === 403 || status === 429) {
    const limit = classifyLimit(answer, vendor);
    if (limit !== undefined) return limit;
  }
  const judged = classifyByStatus(answer);
  if (judged === undefined) return undefined;
  const named = { ...judged, ...(vendor && { vendor }) };
  if (status === 403 && message?.startsWith('Resource not accessible by') === true) {
    const hint = 'Give the app or token the permission that the documentation of the operation names.';
    return { ...named, code: 'resource_not_accessible', hint };
  }
  if (status === 404) return { ...named, hint: 'Also said of what exists and this credential may not see.' };
  if (status === 410)
    return { ...named, hint: 'Issues may be turned off, or the API version retired: set `apiVersion`.' };
  return named;
};

const docs = 'https://docs.github.com/rest';
const said = (status: number, message: string) => ({
  status,
  body: { message, documentation_url: docs, status: String(status) },
});
const spent = {
  date: 'Fri, 20 Nov 2026 10:00:00 GMT',
  'x-ratelimit-remaining': '0',
  'x-ratelimit-reset': '1795168920',
};
const limited = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';

export const errors = {
  classify,
  examples: {
    invalidCredentials: { ...said(401, 'Bad credentials'), is: { kind: 'auth', code: 'unauthorized' } },
    missingScope: {
      ...said(403, 'Resource not accessible by integration'),
      is: { kind: 'permission', code: 'resource_not_accessible' },
    },
    rateLimit: {
      ...said(403, 'API rate limit exceeded for user ID 1.'),
      headers: spent,
      is: { kind: 'rate_limited', code: 'rate_limited', retryable: true, retryAfterMs: 120_000 },
    },
    secondaryLimit: {
      ...said(403, limited),
      headers: { 'retry-after': '30' },
      is: { kind: 'rate_limited', code: 'secondary_rate_limit', retryable: true, retryAfterMs: 30_000 },
    },
    secondaryLimitUntold: {
      ...said(429, limited),
      is: { kind: 'rate_limited', code: 'secondary_rate_limit', retryable: true, retryAfterMs: 60_000 },
    },
    tooManyLogins: {
      ...said(403, 'Maximum number of login attempts exceeded. Please try again later.'),
      is: { kind: 'rate_limited', code: 'too_many_logins', retryAfterMs: 60_000 },
    },
    forbidden: { ...said(403, 'Must have admin rights to Repository.'), is: { kind: 'permission', code: 'forbidden' } },
    notFound: { ...said(404, 'Not Found'), is: { kind: 'not_found', code: 'not_found' } },
    conflict: { ...said(409, 'README.md does not match 0d1a'), is: { kind: 'conflict', code: 'conflict' } },
    issuesOff: { ...said(410, 'Issues are disabled for this repo'), is: { kind: 'not_found', code: 'gone' } },
    validation: {
      status: 422,
      body: {
        message: 'Validation Failed',
        documentation_url: docs,
        errors: [{ resource: 'Issue', field: 'title', code: 'missing_field' }],
      },
      is: { kind: 'invalid_request', code: 'unprocessable' },
    },
    legal: { ...said(451, 'Repository access blocked'), is: { kind: 'permission', code: 'legally_restricted' } },
    outage: { status: 502, is: { kind: 'unavailable', code: 'server_error', retryable: true } },
  },
} as const satisfies ErrorRules;
