/** What PayPal's refusals mean: `details[].issue` says more than `name`, and `name` more than the status. */
import { at, snakeCase, text, vendorErrors, type ErrorExample, type ErrorKind, type Meaning } from '@plugboard/core';

const dead: Meaning = { kind: 'auth', hint: 'Check client id, secret and environment.' };
const permission: Meaning = { kind: 'permission', hint: 'Switch the feature on for the app, or ask the merchant.' };
const approve: Meaning = { kind: 'invalid_request', hint: 'Send the buyer to the payer link of the order.' };
const done: Meaning = { kind: 'conflict', retryable: false, hint: 'It was done before: read it.' };

type Words = readonly [status: number, name: string, issue?: string];

/** As the documentation shows it; `code` where the status judges. */
function refused([status, name, issue]: Words, kind: ErrorKind, code = snakeCase(issue ?? name)): ErrorExample {
  const details = issue === undefined ? [] : [{ issue, description: 'The business rule in words.' }];
  const body = { name, message: 'The error in words.', debug_id: '90957fca61718', details, links: [] };
  return { status, body, is: { kind, code } };
}
const rule = (issue: string): Words => [422, 'UNPROCESSABLE_ENTITY', issue];

/** https://developer.paypal.com/api/rest/responses/ and the error pages of each API (2026-11-20). */
export const errors = vendorErrors({
  code: (answer) => {
    const body = answer.tryJson();
    return text(at(body, 'details', 0, 'issue')) ?? text(at(body, 'name')) ?? text(at(body, 'error'));
  },
  message: (answer) => text(at(answer.tryJson(), 'details', 0, 'description')) ?? text(at(answer.tryJson(), 'message')),
  codes: {
    AUTHENTICATION_FAILURE: dead,
    invalid_token: dead,
    NOT_AUTHORIZED: permission,
    PERMISSION_DENIED: permission,
    RATE_LIMIT_REACHED: 'rate_limited',
    ORDER_NOT_APPROVED: approve,
    PAYER_ACTION_REQUIRED: approve,
    INSTRUMENT_DECLINED: approve,
    ORDER_ALREADY_CAPTURED: done,
    ORDER_ALREADY_AUTHORIZED: done,
    CAPTURE_FULLY_REFUNDED: done,
    DUPLICATE_INVOICE_ID: done,
  },
  examples: {
    invalidCredentials: refused([401, 'AUTHENTICATION_FAILURE'], 'auth'),
    expiredToken: { status: 401, body: { error: 'invalid_token' }, is: { kind: 'auth', code: 'invalid_token' } },
    missingScope: refused([403, 'NOT_AUTHORIZED', 'PERMISSION_DENIED'], 'permission'),
    notFound: refused([404, 'RESOURCE_NOT_FOUND', 'INVALID_RESOURCE_ID'], 'not_found', 'not_found'),
    invalidInput: refused([400, 'INVALID_REQUEST', 'MISSING_REQUIRED_PARAMETER'], 'invalid_request', 'bad_request'),
    notApproved: refused(rule('ORDER_NOT_APPROVED'), 'invalid_request'),
    declined: refused(rule('INSTRUMENT_DECLINED'), 'invalid_request'),
    captured: refused(rule('ORDER_ALREADY_CAPTURED'), 'conflict'),
    otherRule: refused(rule('CURRENCY_NOT_SUPPORTED'), 'invalid_request', 'unprocessable'),
    rateLimited: refused([429, 'RATE_LIMIT_REACHED'], 'rate_limited'),
    outage: refused([500, 'INTERNAL_SERVER_ERROR'], 'unavailable', 'server_error'),
  },
});
