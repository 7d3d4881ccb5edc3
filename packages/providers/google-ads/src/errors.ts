/** What Google's refusals mean: GoogleAdsFailure inside a google.rpc.Status, or the Status alone. */
import { at, classifyByStatus, member, text } from '@plugboard/core';
import type { Classify, ErrorExample, ErrorRules, Failure, Json } from '@plugboard/core';

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
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: {
    kind: 'permission',
    hint: 'Start the connect flow again and leave every scope ticked.',
  },
  CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE: {
    kind: 'permission',
    hint: 'Closed to new adopters since June 2026: send conversions with `dataManager.ingestEvents`.',
  },
  RESOURCE_EXHAUSTED: exhausted,
  EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION: exhausted,
  RESOURCE_TEMPORARILY_EXHAUSTED: { kind: 'rate_limited' },
  EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION: { kind: 'rate_limited' },
  CONCURRENT_MODIFICATION: { kind: 'unavailable' },
};

/** Whole categories of codes. */
const categories: Readonly<Record<string, Meaning>> = {
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
  const meaning = isDaily ? exhausted : (own(meanings, code) ?? own(categories, category));
  if (meaning !== undefined) return { ...meaning, code: (code ?? 'unknown').toLowerCase(), retryAfterMs, vendor };
  const failure = classifyByStatus(answer) ?? { kind: 'unavailable', code: 'stream_broken' };
  return { ...failure, ...(retryAfterMs !== undefined && { retryAfterMs }), vendor };
};

function own<T>(record: Readonly<Record<string, T>>, key = ''): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

interface Reading {
  /** `quotaError`; absent for a plain Status. */
  readonly category?: string | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly isDaily: boolean;
}

/** The first error says why; the others are of the same request. */
export function readError(status: Json): Reading {
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

export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

const requestId = 'b1u7Zq8tWJ0kq2mX3cN4dA';

/** An error of the Ads API as its documentation shows it. */
function refused(
  status: number,
  [category, code]: readonly [string, string],
  is: ErrorExample['is'],
  details?: Json,
): ErrorExample {
  const error = {
    errorCode: { [category]: code },
    message: 'The request was refused.',
    ...(details !== undefined && { details }),
  };
  const type = 'type.googleapis.com/google.ads.googleads.v25.errors.GoogleAdsFailure';
  return {
    status,
    body: {
      error: { code: status, message: 'Request failed.', details: [{ '@type': type, errors: [error], requestId }] },
    },
    is,
  };
}

/** A plain google.rpc.Status, as the Data Manager API and Google's front end send it. */
function plain(code: number, status: string, is: ErrorExample['is'], ...details: readonly Json[]): ErrorExample {
  return { status: code, body: { error: { code, message: 'Request failed.', status, details } }, is };
}

const quota = (code: string, is: ErrorExample['is'], retryDelay?: string) =>
  refused(429, ['quotaError', code], is, {
    quotaErrorDetails: { rateScope: 'ACCOUNT', ...(retryDelay && { retryDelay }) },
  });
const info = (reason: string, metadata: Readonly<Record<string, string>> = {}) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain: 'googleapis.com',
  metadata,
});
const denied = (code: string, kind: 'permission' | 'configuration' = 'permission') =>
  refused(403, ['authorizationError', code], { kind, code: code.toLowerCase() });
const inArray = (example: ErrorExample): ErrorExample => ({ ...example, body: [example.body ?? null] });

export const errorExamples = {
  invalidCredentials: refused(401, ['authenticationError', 'OAUTH_TOKEN_INVALID'], {
    kind: 'auth',
    code: 'oauth_token_invalid',
  }),
  expiredToken: refused(401, ['authenticationError', 'OAUTH_TOKEN_EXPIRED'], {
    kind: 'auth',
    code: 'oauth_token_expired',
  }),
  revoked: refused(401, ['authenticationError', 'OAUTH_TOKEN_REVOKED'], { kind: 'auth', code: 'oauth_token_revoked' }),
  unauthenticated: plain(401, 'UNAUTHENTICATED', { kind: 'auth', code: 'unauthorized' }),
  missingScope: plain(
    403,
    'PERMISSION_DENIED',
    { kind: 'permission', code: 'access_token_scope_insufficient' },
    info('ACCESS_TOKEN_SCOPE_INSUFFICIENT'),
  ),
  serviceDisabled: plain(
    403,
    'PERMISSION_DENIED',
    { kind: 'configuration', code: 'service_disabled' },
    info('SERVICE_DISABLED'),
  ),
  notAdsUser: refused(401, ['authenticationError', 'NOT_ADS_USER'], { kind: 'permission', code: 'not_ads_user' }),
  twoStepVerification: refused(401, ['authenticationError', 'TWO_STEP_VERIFICATION_NOT_ENROLLED'], {
    kind: 'permission',
    code: 'two_step_verification_not_enrolled',
  }),
  customerNotFound: refused(401, ['authenticationError', 'CUSTOMER_NOT_FOUND'], {
    kind: 'not_found',
    code: 'customer_not_found',
  }),
  userPermissionDenied: denied('USER_PERMISSION_DENIED'),
  customerNotEnabled: denied('CUSTOMER_NOT_ENABLED'),
  actionNotPermitted: denied('ACTION_NOT_PERMITTED'),
  projectNotApproved: denied('CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION', 'configuration'),
  developerTokenProhibited: denied('DEVELOPER_TOKEN_PROHIBITED', 'configuration'),
  notAllowlisted: refused(403, ['notAllowlistedError', 'CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE'], {
    kind: 'permission',
    code: 'customer_not_allowlisted_for_this_feature',
  }),
  tooManyRequests: quota(
    'RESOURCE_TEMPORARILY_EXHAUSTED',
    { kind: 'rate_limited', code: 'resource_temporarily_exhausted', retryable: true, retryAfterMs: 30_000 },
    '30s',
  ),
  dailyQuota: quota('RESOURCE_EXHAUSTED', { kind: 'rate_limited', code: 'resource_exhausted', retryable: false }),
  dataManagerQuota: plain(429, 'RESOURCE_EXHAUSTED', { kind: 'rate_limited', code: 'rate_limited', retryable: true }),
  dataManagerDailyQuota: plain(
    429,
    'RESOURCE_EXHAUSTED',
    { kind: 'rate_limited', code: 'rate_limit_exceeded', retryable: false },
    info('RATE_LIMIT_EXCEEDED', { quota_limit: 'IngestionRequestsPerDayPerProject' }),
  ),
  streamRefused: inArray(
    refused(400, ['queryError', 'REQUESTED_METRICS_FOR_MANAGER'], {
      kind: 'invalid_request',
      code: 'bad_request',
      retryable: false,
    }),
  ),
  streamBroken: {
    ...inArray(plain(500, 'INTERNAL', { kind: 'unavailable', code: 'stream_broken', retryable: true })),
    status: 200,
  },
  invalidInput: plain(
    400,
    'INVALID_ARGUMENT',
    { kind: 'invalid_request', code: 'bad_request' },
    {
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ field: 'events.events[0].event_timestamp', description: 'Event timestamp is required.' }],
    },
  ),
  concurrentModification: refused(400, ['databaseError', 'CONCURRENT_MODIFICATION'], {
    kind: 'unavailable',
    code: 'concurrent_modification',
    retryable: true,
  }),
  internal: refused(500, ['internalError', 'INTERNAL_ERROR'], {
    kind: 'unavailable',
    code: 'internal_error',
    retryable: true,
  }),
  outage: { status: 503, is: { kind: 'unavailable', code: 'unavailable', retryable: true } },
} as const satisfies ErrorRules['examples'];
