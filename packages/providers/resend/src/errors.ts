/** What Resend's answers mean: the name in the body says more than the status. */
import { member, vendorErrors, type Json, type Meaning } from '@plugboard/core';

const key: Meaning = { kind: 'auth', hint: 'Check the API key at https://resend.com/api-keys.' };
const quota: Meaning = {
  kind: 'rate_limited',
  retryable: false,
  hint: 'The quota of the plan is used up; waiting a moment does not help.',
};
const busy: Meaning = { kind: 'conflict', retryable: true, retryAfterMs: 1000 };
const firewall = 'The edge refused the request, not the API.';

const failed = (status: number, name: string, message: string): { status: number; body: Json } => ({
  status,
  body: { statusCode: status, name, message },
});

/** https://resend.com/docs/api-reference/errors (2026-08). */
export const errors = vendorErrors({
  code: ['name'],
  message: ['message'],
  codes: {
    missing_api_key: key,
    invalid_api_key: key,
    suspended_api_key: key,
    restricted_api_key: { kind: 'permission', hint: 'This key may only send; use one with full access for the rest.' },
    invalid_permission: { kind: 'permission', hint: 'The grant lacks a scope.' },
    invalid_access: 'permission',
    security_error: 'permission',
    daily_quota_exceeded: quota,
    monthly_quota_exceeded: quota,
    email_above_quota: quota,
    concurrent_idempotent_requests: busy,
    resource_locked: busy,
    invalid_idempotent_request: { kind: 'conflict', hint: 'The idempotency key was used with another body.' },
  },
  // The firewall answers requests without User-Agent, and those it dislikes, before the API sees the key.
  classify: (answer) =>
    answer.status === 403 && member(answer.tryJson(), 'name') === undefined
      ? { kind: 'permission', code: 'firewall', retryable: false, hint: firewall }
      : undefined,
  examples: {
    invalidCredentials: {
      ...failed(403, 'invalid_api_key', 'API key is invalid'),
      is: { kind: 'auth', code: 'invalid_api_key' },
    },
    missingKey: { ...failed(401, 'missing_api_key', 'Missing API key'), is: { kind: 'auth', code: 'missing_api_key' } },
    suspendedKey: {
      ...failed(403, 'suspended_api_key', 'API key is suspended'),
      is: { kind: 'auth', code: 'suspended_api_key' },
    },
    sendOnly: {
      ...failed(401, 'restricted_api_key', 'This API key is restricted to only send emails'),
      is: { kind: 'permission', code: 'restricted_api_key' },
    },
    unverifiedDomain: {
      ...failed(403, 'validation_error', 'The example.com domain is not verified.'),
      is: { kind: 'permission', code: 'forbidden' },
    },
    firewall: { status: 403, body: 'error code: 1010', is: { kind: 'permission', code: 'firewall', retryable: false } },
    notFound: { ...failed(404, 'not_found', 'Email not found'), is: { kind: 'not_found', code: 'not_found' } },
    invalidInput: {
      ...failed(422, 'missing_required_field', 'Missing `to` field.'),
      is: { kind: 'invalid_request', code: 'unprocessable' },
    },
    keyReused: {
      ...failed(409, 'invalid_idempotent_request', 'Same idempotency key used with a different request payload.'),
      is: { kind: 'conflict', code: 'invalid_idempotent_request', retryable: false },
    },
    concurrent: {
      ...failed(409, 'concurrent_idempotent_requests', 'The original request with the key is in progress.'),
      is: { kind: 'conflict', code: 'concurrent_idempotent_requests', retryable: true },
    },
    rateLimited: {
      ...failed(429, 'rate_limit_exceeded', 'Too many requests.'),
      headers: { 'retry-after': '1', 'ratelimit-limit': '2', 'ratelimit-remaining': '0', 'ratelimit-reset': '1' },
      is: { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: 1000 },
    },
    dailyQuota: {
      ...failed(429, 'daily_quota_exceeded', 'You have reached your daily email sending quota.'),
      is: { kind: 'rate_limited', code: 'daily_quota_exceeded', retryable: false },
    },
    outage: {
      ...failed(500, 'internal_server_error', 'An unexpected error occurred.'),
      is: { kind: 'unavailable', code: 'server_error', retryable: true },
    },
  },
});
