/** What Resend's answers mean: the name in the body says more than the status. */
import { at, member, text, type Classify, type ErrorRules, type Failure } from '@plugboard/core';

const key: Omit<Failure, 'code'> = { kind: 'auth', hint: 'Check the API key at https://resend.com/api-keys.' };
const quota: Omit<Failure, 'code'> = {
  kind: 'rate_limited',
  retryable: false,
  hint: 'The quota of the plan is used up; waiting a moment does not help.',
};
const busy: Omit<Failure, 'code'> = { kind: 'conflict', retryable: true, retryAfterMs: 1000 };

/** https://resend.com/docs/api-reference/errors (2026-08). */
const meanings: Readonly<Record<string, Omit<Failure, 'code'>>> = {
  missing_api_key: key,
  invalid_api_key: key,
  suspended_api_key: key,
  restricted_api_key: {
    kind: 'permission',
    hint: 'This key may only send; use one with full access for anything else.',
  },
  invalid_permission: { kind: 'permission', hint: 'The grant lacks a scope.' },
  invalid_access: { kind: 'permission' },
  daily_quota_exceeded: quota,
  monthly_quota_exceeded: quota,
  email_above_quota: quota,
  concurrent_idempotent_requests: busy,
  resource_locked: busy,
  invalid_idempotent_request: {
    kind: 'conflict',
    retryable: false,
    hint: 'The idempotency key was used with another body.',
  },
  security_error: { kind: 'permission' },
};

export const classify: Classify = (answer) => {
  if (answer.status < 400) return undefined;
  const name = text(member(answer.tryJson(), 'name'));
  if (answer.status === 403 && name === undefined) {
    // The firewall answers requests without User-Agent, and those it dislikes, before the API sees the key.
    return {
      kind: 'permission',
      code: 'firewall',
      retryable: false,
      hint: 'The edge refused the request, not the API.',
    };
  }
  if (name === undefined || !Object.hasOwn(meanings, name)) return undefined;
  const message = text(at(answer.tryJson(), 'message'));
  return { code: name, ...meanings[name]!, vendor: { code: name, ...(message !== undefined && { message }) } };
};

const body = (statusCode: number, name: string, message: string) => ({
  status: statusCode,
  body: { statusCode, name, message },
});

export const errorExamples = {
  invalidCredentials: {
    ...body(403, 'invalid_api_key', 'API key is invalid'),
    is: { kind: 'auth', code: 'invalid_api_key' },
  },
  missingKey: {
    ...body(401, 'missing_api_key', 'Missing API key in the authorization header'),
    is: { kind: 'auth', code: 'missing_api_key' },
  },
  suspendedKey: {
    ...body(403, 'suspended_api_key', 'API key is suspended'),
    is: { kind: 'auth', code: 'suspended_api_key' },
  },
  sendOnly: {
    ...body(401, 'restricted_api_key', 'This API key is restricted to only send emails'),
    is: { kind: 'permission', code: 'restricted_api_key' },
  },
  unverifiedDomain: {
    ...body(403, 'validation_error', 'The example.com domain is not verified.'),
    is: { kind: 'permission', code: 'forbidden' },
  },
  firewall: { status: 403, body: 'error code: 1010', is: { kind: 'permission', code: 'firewall', retryable: false } },
  notFound: { ...body(404, 'not_found', 'Email not found'), is: { kind: 'not_found', code: 'not_found' } },
  invalidInput: {
    ...body(422, 'missing_required_field', 'Missing `to` field.'),
    is: { kind: 'invalid_request', code: 'unprocessable' },
  },
  keyReused: {
    ...body(409, 'invalid_idempotent_request', 'Same idempotency key used with a different request payload.'),
    is: { kind: 'conflict', code: 'invalid_idempotent_request', retryable: false },
  },
  concurrent: {
    ...body(
      409,
      'concurrent_idempotent_requests',
      'Same idempotency key used while the original request is in progress.',
    ),
    is: { kind: 'conflict', code: 'concurrent_idempotent_requests', retryable: true },
  },
  rateLimited: {
    ...body(429, 'rate_limit_exceeded', 'Too many requests.'),
    headers: { 'retry-after': '1', 'ratelimit-limit': '2', 'ratelimit-remaining': '0', 'ratelimit-reset': '1' },
    is: { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: 1000 },
  },
  dailyQuota: {
    ...body(429, 'daily_quota_exceeded', 'You have reached your daily email sending quota.'),
    is: { kind: 'rate_limited', code: 'daily_quota_exceeded', retryable: false },
  },
  outage: {
    ...body(500, 'internal_server_error', 'An unexpected error occurred.'),
    is: { kind: 'unavailable', code: 'server_error', retryable: true },
  },
} as const satisfies ErrorRules['examples'];
