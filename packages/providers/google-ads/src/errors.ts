/** What Google's refusals mean: GoogleAdsFailure inside a google.rpc.Status, or the Status alone. */
import { at, classifyByStatus, member, text } from '@plugboard/core';
import type { Classify, ErrorExample, ErrorRules, Failure, Json } from '@plugboard/core';
import { errorInfo, listOf, meant, rpcRefusal, scopeMissing, type Meant } from '@plugboard/google';

type Meaning = Omit<Failure, 'code' | 'vendor'>;

const hostProject: Meaning = {
  kind: 'configuration',
  hint: 'Check the Cloud project that owns the OAuth client: its APIs and its access level for Google Ads.',
};
const twoSteps: Meaning = { kind: 'permission', hint: 'The Google account must turn on 2-step verification.' };
const exhausted: Meaning = {
  kind: 'rate_limited',
  retryable: false,
  hint: 'The quota of the day is used up; ask again tomorrow, or apply for a higher access level.',
};

/** https://developers.google.com/google-ads/api/docs/common-errors (2026-11-20), names as in the protos of v25. */
const meanings: Readonly<Record<string, Meaning>> = {
  NOT_ADS_USER: { kind: 'permission', hint: 'The Google account has no Google Ads account.' },
  CUSTOMER_NOT_FOUND: { kind: 'not_found', hint: 'Check the customer id.' },
  TWO_STEP_VERIFICATION_NOT_ENROLLED: twoSteps,
  ADVANCED_PROTECTION_NOT_ENROLLED: twoSteps,
  USER_PERMISSION_DENIED: {
    kind: 'permission',
    hint: 'Choose the manager account through which this account is reached in the setting `loginCustomerId`.',
  },
  INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION: {
    kind: 'permission',
    hint: 'The manager account of `loginCustomerId` does not manage this account.',
  },
  CUSTOMER_NOT_ENABLED: { kind: 'permission', hint: 'The account is not set up yet, or was closed.' },
  CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION: hostProject,
  DEVELOPER_TOKEN_NOT_APPROVED: hostProject,
  DEVELOPER_TOKEN_PROHIBITED: hostProject,
  PROJECT_DISABLED: hostProject,
  SERVICE_DISABLED: hostProject,
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: scopeMissing,
  CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE: {
    kind: 'permission',
    hint: 'Closed to new adopters since June 2026: send conversions with `dataManager.ingestEvents`.',
  },
  RESOURCE_EXHAUSTED: exhausted,
  EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION: exhausted,
  RESOURCE_TEMPORARILY_EXHAUSTED: { kind: 'rate_limited' },
  EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION: { kind: 'rate_limited' },
  CONCURRENT_MODIFICATION: { kind: 'unavailable' },
  // Whole categories of codes.
  authenticationError: { kind: 'auth' },
  authorizationError: { kind: 'permission' },
  internalError: { kind: 'unavailable' },
};

export const classify: Classify = (answer) => {
  const body = answer.tryJson();
  // A stream that broke off ends with its error, whatever the status was.
  const error = member(Array.isArray(body) ? body.at(-1) : body, 'error');
  if (typeof error !== 'object' || error === null) return undefined;
  const { category, code, message, retryAfterMs, isDaily } = readError(error);
  const vendor = { code: code ?? text(member(error, 'status')), message };
  const known = [code, category].find((name = '') => Object.hasOwn(meanings, name)) ?? '';
  const meaning = isDaily ? exhausted : meanings[known];
  if (meaning !== undefined) return { ...meaning, code: (code ?? 'unknown').toLowerCase(), retryAfterMs, vendor };
  const failure = classifyByStatus(answer) ?? { kind: 'unavailable', code: 'stream_broken' };
  return { ...failure, ...(retryAfterMs !== undefined && { retryAfterMs }), vendor };
};

/** The first error says why; the others are of the same request. A plain Status has no category: `quotaError`. */
export function readError(status: Json) {
  const details = listOf(member(status, 'details'));
  const first = details.flatMap((detail) => listOf(member(detail, 'errors')))[0];
  const [category, code] = Object.entries(Object(member(first, 'errorCode')) as object)[0] ?? [];
  const find = (...path: readonly (string | number)[]) =>
    details.map((detail) => text(at(detail, ...path))).find(Boolean);
  const delay = text(at(first, 'details', 'quotaErrorDetails', 'retryDelay')) ?? find('retryDelay');
  return {
    category,
    code: text(code) ?? find('reason'),
    message:
      text(member(first, 'message')) ?? find('fieldViolations', 0, 'description') ?? text(member(status, 'message')),
    retryAfterMs: durationMs(delay),
    // https://developers.google.com/data-manager/api/devguides/limits (2026-11-20) names the limit here, not how.
    isDaily: /day/i.test(find('metadata', 'quota_limit') ?? ''),
  };
}

/** The JSON form of google.protobuf.Duration: `30s`, `1.5s`. */
export function durationMs(duration: string | undefined): number | undefined {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(duration ?? '')?.[1];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}

export const requestId = 'b1u7Zq8tWJ0kq2mX3cN4dA';

/** An error of the Ads API as its documentation shows it. */
function refused(status: number, errorCode: Readonly<Record<string, string>>, is: Meant, details?: Json): ErrorExample {
  const error = { errorCode, message: 'The request was refused.', ...(details !== undefined && { details }) };
  const type = 'type.googleapis.com/google.ads.googleads.v25.errors.GoogleAdsFailure';
  const whole = [{ '@type': type, errors: [error], requestId }];
  return {
    status,
    body: { error: { code: status, message: 'Request failed.', details: whole } },
    is: meant(Object.values(errorCode).join(''), is),
  };
}

const inArray = (example: ErrorExample): ErrorExample => ({ ...example, body: [example.body ?? null] });
const badRequest = { kind: 'invalid_request', code: 'bad_request' } as const;
const waits = { kind: 'rate_limited', retryable: true } as const;
const spent = { kind: 'rate_limited', retryable: false } as const;
const passes = { kind: 'unavailable', retryable: true } as const;
const ofProject = { quota_limit: 'IngestionRequestsPerDayPerProject' };

export const errorExamples = {
  invalidCredentials: refused(401, { authenticationError: 'OAUTH_TOKEN_INVALID' }, 'auth'),
  expiredToken: refused(401, { authenticationError: 'OAUTH_TOKEN_EXPIRED' }, 'auth'),
  revoked: refused(401, { authenticationError: 'OAUTH_TOKEN_REVOKED' }, 'auth'),
  unauthenticated: rpcRefusal(401, 'UNAUTHENTICATED', { kind: 'auth', code: 'unauthorized' }),
  missingScope: rpcRefusal(403, 'PERMISSION_DENIED', 'permission', errorInfo('ACCESS_TOKEN_SCOPE_INSUFFICIENT')),
  serviceDisabled: rpcRefusal(403, 'PERMISSION_DENIED', 'configuration', errorInfo('SERVICE_DISABLED')),
  notAdsUser: refused(401, { authenticationError: 'NOT_ADS_USER' }, 'permission'),
  twoStepVerification: refused(401, { authenticationError: 'TWO_STEP_VERIFICATION_NOT_ENROLLED' }, 'permission'),
  customerNotFound: refused(401, { authenticationError: 'CUSTOMER_NOT_FOUND' }, 'not_found'),
  userPermissionDenied: refused(403, { authorizationError: 'USER_PERMISSION_DENIED' }, 'permission'),
  customerNotEnabled: refused(403, { authorizationError: 'CUSTOMER_NOT_ENABLED' }, 'permission'),
  actionNotPermitted: refused(403, { authorizationError: 'ACTION_NOT_PERMITTED' }, 'permission'),
  projectNotApproved: refused(
    403,
    { authorizationError: 'CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION' },
    'configuration',
  ),
  developerTokenProhibited: refused(403, { authorizationError: 'DEVELOPER_TOKEN_PROHIBITED' }, 'configuration'),
  notAllowlisted: refused(403, { notAllowlistedError: 'CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE' }, 'permission'),
  tooManyRequests: refused(
    429,
    { quotaError: 'RESOURCE_TEMPORARILY_EXHAUSTED' },
    { ...waits, retryAfterMs: 30_000 },
    { quotaErrorDetails: { rateScope: 'ACCOUNT', retryDelay: '30s' } },
  ),
  dailyQuota: refused(429, { quotaError: 'RESOURCE_EXHAUSTED' }, spent, {
    quotaErrorDetails: { rateScope: 'ACCOUNT' },
  }),
  dataManagerQuota: rpcRefusal(429, 'RESOURCE_EXHAUSTED', { ...waits, code: 'rate_limited' }),
  dataManagerDailyQuota: rpcRefusal(429, 'RESOURCE_EXHAUSTED', spent, errorInfo('RATE_LIMIT_EXCEEDED', ofProject)),
  streamRefused: inArray(
    refused(400, { queryError: 'REQUESTED_METRICS_FOR_MANAGER' }, { ...badRequest, retryable: false }),
  ),
  streamBroken: { ...inArray(rpcRefusal(500, 'INTERNAL', { ...passes, code: 'stream_broken' })), status: 200 },
  invalidInput: rpcRefusal(400, 'INVALID_ARGUMENT', badRequest, {
    details: [
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [{ field: 'events.events[0].event_timestamp', description: 'Event timestamp is required.' }],
      },
    ],
  }),
  concurrentModification: refused(400, { databaseError: 'CONCURRENT_MODIFICATION' }, passes),
  internal: refused(500, { internalError: 'INTERNAL_ERROR' }, passes),
  outage: { status: 503, is: { ...passes, code: 'unavailable' } },
} as const satisfies ErrorRules['examples'];
