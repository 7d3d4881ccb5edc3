/** What Stripe's answers mean: https://docs.stripe.com/error-codes (2026-10). */
import { at, text, vendorErrors, type Json } from '@plugboard/core';

const failed = (status: number, error: Json) => ({ status, body: { error } });

export const errors = vendorErrors({
  // A card's refusal has a code of its own; many failures have only a type, and those of OAuth only a word.
  code: (answer) => {
    const error = at(answer.tryJson(), 'error');
    return text(at(error, 'code')) ?? text(at(error, 'type')) ?? text(error);
  },
  message: ['error', 'message'],
  codes: {
    rate_limit: 'rate_limited',
    resource_missing: 'not_found',
    api_key_expired: 'auth',
    account_invalid: { kind: 'permission', hint: 'The platform has no access to the account any more.' },
    secret_key_required: 'permission',
    invalid_client: {
      kind: 'invalid_request',
      hint: 'The client id is of another platform or mode, or not connected.',
    },
    lock_timeout: { kind: 'conflict', retryable: true },
    idempotency_key_in_use: { kind: 'conflict', retryable: true, retryAfterMs: 1000 },
    idempotency_error: { kind: 'conflict', hint: 'The idempotency key was used with other parameters.' },
    card_declined: { kind: 'invalid_request', hint: 'Ask the customer for another way to pay; see `vendor.message`.' },
    expired_card: 'invalid_request',
    incorrect_cvc: 'invalid_request',
    insufficient_funds: 'invalid_request',
    processing_error: 'invalid_request',
    card_error: 'invalid_request',
  },
  // The vendor says itself what may be repeated: https://docs.stripe.com/error-low-level (2026-10).
  retryHeader: 'stripe-should-retry',
  classify({ status, headers }) {
    if (status < 500 || headers.get('stripe-should-retry') !== 'false') return undefined;
    return { kind: 'unavailable', code: 'server_error', hint: 'The outcome is unknown: look before you repeat.' };
  },
  examples: {
    invalidCredentials: {
      ...failed(401, { message: 'Invalid API Key provided: sk_test_***', type: 'invalid_request_error' }),
      is: { kind: 'auth', code: 'unauthorized' },
    },
    keyLacksPermission: {
      ...failed(403, {
        message: 'The provided key does not have the required permissions.',
        type: 'invalid_request_error',
      }),
      is: { kind: 'permission', code: 'forbidden' },
    },
    accountLost: {
      ...failed(403, { code: 'account_invalid', message: 'No access to the account.', type: 'invalid_request_error' }),
      is: { kind: 'permission', code: 'account_invalid' },
    },
    notFound: {
      ...failed(404, {
        code: 'resource_missing',
        message: 'No such customer.',
        param: 'id',
        type: 'invalid_request_error',
      }),
      is: { kind: 'not_found', code: 'resource_missing' },
    },
    declined: {
      ...failed(402, {
        code: 'card_declined',
        decline_code: 'generic_decline',
        message: 'Your card was declined.',
        type: 'card_error',
      }),
      is: { kind: 'invalid_request', code: 'card_declined', retryable: false },
    },
    keyReused: {
      ...failed(400, {
        message: 'Keys for idempotent requests can only be used with the same parameters.',
        type: 'idempotency_error',
      }),
      is: { kind: 'conflict', code: 'idempotency_error', retryable: false },
    },
    keyInUse: {
      ...failed(409, { code: 'idempotency_key_in_use', message: 'In use.', type: 'idempotency_error' }),
      is: { kind: 'conflict', code: 'idempotency_key_in_use', retryable: true },
    },
    mayBeRepeated: {
      ...failed(409, { message: 'Another request is changing the object.', type: 'invalid_request_error' }),
      headers: { 'stripe-should-retry': 'true' },
      is: { kind: 'conflict', code: 'conflict', retryable: true },
    },
    notConnected: {
      status: 401,
      body: { error: 'invalid_client', error_description: 'This application is not connected to the account.' },
      is: { kind: 'invalid_request', code: 'invalid_client' },
    },
    rateLimited: {
      ...failed(429, { code: 'rate_limit', type: 'invalid_request_error' }),
      is: { kind: 'rate_limited', code: 'rate_limit' },
    },
    limitedAs400: {
      ...failed(400, { code: 'rate_limit', type: 'invalid_request_error' }),
      is: { kind: 'rate_limited', code: 'rate_limit' },
    },
    outage: {
      ...failed(500, { type: 'api_error', message: 'An error occurred.' }),
      is: { kind: 'unavailable', code: 'server_error' },
    },
    unknownOutcome: {
      ...failed(500, { type: 'api_error', message: 'An error occurred.' }),
      headers: { 'stripe-should-retry': 'false' },
      is: { kind: 'unavailable', code: 'server_error', retryable: false },
    },
  },
});
