/** What HubSpot's answers mean: https://developers.hubspot.com/docs/api-reference/error-handling (2026-10). */
import { at, classifyOAuth, member, text, vendorErrors, type Classify, type Json } from '@plugboard/core';

const failed = (status: number, category: string, message: string, more: Record<string, Json> = {}) => ({
  status,
  body: { status: 'error', message, correlationId: 'b1c4a9a5-2d5c-4b5b-8b5d-0a3d7f1b1c11', category, ...more },
});
const limited = (policyName: string) => ({
  status: 429,
  body: {
    status: 'error',
    message: `You have reached your ${policyName.toLowerCase()} limit.`,
    errorType: 'RATE_LIMIT',
    policyName,
  },
});

/** https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines (2026-10). */
const waitMs: Readonly<Record<string, number>> = { TEN_SECONDLY_ROLLING: 10_000, SECONDLY: 1000 };

const missing = { kind: 'permission', hint: 'Ask for the scope, and reconnect.' } as const;

export const errors = vendorErrors({
  code: ['category'],
  message: ['message'],
  codes: {
    EXPIRED_AUTHENTICATION: { kind: 'auth', code: 'token_expired' },
    INVALID_AUTHENTICATION: { kind: 'auth', code: 'unauthorized' },
    MISSING_SCOPES: { ...missing, code: 'insufficient_scope' },
    OBJECT_NOT_FOUND: 'not_found',
    CONFLICT: { kind: 'conflict', hint: '`vendor.message` names the record that exists.' },
    VALIDATION_ERROR: 'invalid_request',
    RATE_LIMITS: 'rate_limited',
  },
  classify(answer) {
    const refused = at(answer.tryJson(), 'errors', 0, 'context', 'requiredGranularScopes');
    if (text(member(answer.tryJson(), 'category')) === 'MISSING_SCOPES' && Array.isArray(refused)) {
      const missingScopes = refused.filter((scope): scope is string => typeof scope === 'string');
      return { ...missing, code: 'insufficient_scope', missingScopes, vendor: { code: 'MISSING_SCOPES' } };
    }
    const policy = answer.status === 429 ? text(member(answer.tryJson(), 'policyName')) : undefined;
    if (policy === undefined) return undefined;
    const vendor = { code: policy };
    // Ends at midnight in the account's own time zone, which no wait of a call outlives.
    if (policy === 'DAILY')
      return { kind: 'rate_limited', code: 'daily_limit', retryable: false, hint: 'Try again after midnight.', vendor };
    const retryAfterMs = Object.hasOwn(waitMs, policy) ? waitMs[policy] : undefined;
    return { kind: 'rate_limited', code: 'rate_limited', vendor, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  },
  examples: {
    invalidCredentials: {
      ...failed(401, 'INVALID_AUTHENTICATION', 'Authentication credentials not found.'),
      is: { kind: 'auth', code: 'unauthorized' },
    },
    expiredToken: {
      ...failed(401, 'EXPIRED_AUTHENTICATION', 'The OAuth token used to make this call expired 3 minute(s) ago.'),
      is: { kind: 'auth', code: 'token_expired' },
    },
    missingScope: {
      ...failed(403, 'MISSING_SCOPES', 'This app has not been granted all required scopes to make this call.', {
        errors: [{ message: 'Requires scopes', context: { requiredGranularScopes: ['crm.objects.contacts.read'] } }],
      }),
      is: { kind: 'permission', code: 'insufficient_scope' },
    },
    notFound: {
      ...failed(404, 'OBJECT_NOT_FOUND', 'Object not found.'),
      is: { kind: 'not_found', code: 'object_not_found' },
    },
    exists: {
      ...failed(409, 'CONFLICT', 'Contact already exists. Existing ID: 123'),
      is: { kind: 'conflict', code: 'conflict' },
    },
    invalid: {
      ...failed(400, 'VALIDATION_ERROR', 'Property values were not valid.'),
      is: { kind: 'invalid_request', code: 'validation_error' },
    },
    tooFast: {
      ...limited('TEN_SECONDLY_ROLLING'),
      is: { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: 10_000 },
    },
    searchedTooFast: { ...limited('SECONDLY'), is: { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: 1000 } },
    limited: {
      ...failed(429, 'RATE_LIMITS', 'You have reached your limit.'),
      is: { kind: 'rate_limited', code: 'rate_limits' },
    },
    outage: { status: 502, is: { kind: 'unavailable', code: 'server_error' } },
    usedUp: { ...limited('DAILY'), is: { kind: 'rate_limited', code: 'daily_limit', retryable: false } },
  },
});

const grantStatuses: Readonly<Record<string, 'auth' | 'configuration'>> = {
  BAD_REFRESH_TOKEN: 'auth',
  BAD_AUTH_CODE: 'auth',
  BAD_CLIENT_ID: 'configuration',
  BAD_CLIENT_SECRET: 'configuration',
  BAD_REDIRECT_URI: 'configuration',
};

/** RFC 6749's own words where they are there, else the vendor's older ones. */
export const classifyToken: Classify = (answer) => {
  const body = answer.tryJson();
  const status = text(at(body, 'status')) ?? '';
  const kind = Object.hasOwn(grantStatuses, status) ? grantStatuses[status] : undefined;
  if (answer.status < 400 || member(body, 'error') !== undefined || kind === undefined) return classifyOAuth(answer);
  return { kind, code: kind === 'auth' ? 'invalid_grant' : 'invalid_client', vendor: { code: status } };
};
