/** What Twilio's answers mean: the vendor's own number says more than the status. */
import { at, text, vendorErrors, type Answer, type ErrorExample, type ErrorKind, type Meaning } from '@plugboard/core';

/** https://www.twilio.com/docs/api/errors (2026). */
const codes: Readonly<Record<number, Meaning>> = {
  20003: {
    kind: 'auth',
    code: 'authentication_failed',
    hint: 'Check the SID and the token or key; a key works in its own region only.',
  },
  20404: { kind: 'not_found', code: 'not_found' },
  20429: { kind: 'rate_limited', code: 'too_many_requests' },
  21211: { kind: 'invalid_request', code: 'invalid_to' },
  21212: { kind: 'invalid_request', code: 'invalid_from' },
  21408: {
    kind: 'permission',
    code: 'region_not_enabled',
    hint: 'Allow the country under Messaging > Settings > Geo permissions.',
  },
  21606: {
    kind: 'invalid_request',
    code: 'from_not_capable',
    hint: 'The sender cannot send messages to this recipient.',
  },
  21608: { kind: 'permission', code: 'unverified_number', hint: 'A trial account may only write to verified numbers.' },
  21610: {
    kind: 'permission',
    code: 'recipient_opted_out',
    hint: 'The recipient answered STOP; only they can lift it.',
  },
  21614: { kind: 'invalid_request', code: 'not_a_mobile_number' },
};

const failed = ([status, code, message]: readonly [number, number, string], kind: ErrorKind, meaning: string) =>
  ({
    status,
    body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status },
    is: { kind, code: meaning },
  }) satisfies ErrorExample;
const throttled = failed([429, 20429, 'Too Many Requests'], 'rate_limited', 'too_many_requests');

export const errors = vendorErrors({
  code: ['code'],
  // Older routes answer `message`, newer ones the `detail` of RFC 9457.
  message: (answer: Answer) => text(at(answer.tryJson(), 'message')) ?? text(at(answer.tryJson(), 'detail')),
  codes,
  examples: {
    invalidCredentials: failed([401, 20003, 'Authenticate'], 'auth', 'authentication_failed'),
    forbidden: failed([403, 20008, 'Resource not accessible with Test Account Credentials'], 'permission', 'forbidden'),
    notFound: failed([404, 20404, 'The requested resource was not found'], 'not_found', 'not_found'),
    invalidTo: failed([400, 21211, "The 'To' number is not a valid phone number."], 'invalid_request', 'invalid_to'),
    invalidFrom: failed(
      [400, 21212, "The 'From' number is not a valid phone number."],
      'invalid_request',
      'invalid_from',
    ),
    optedOut: failed([400, 21610, 'Attempt to send to unsubscribed recipient'], 'permission', 'recipient_opted_out'),
    trial: failed([400, 21608, 'The number is unverified.'], 'permission', 'unverified_number'),
    region: failed(
      [400, 21408, 'Permission to send an SMS has not been enabled for the region.'],
      'permission',
      'region_not_enabled',
    ),
    rateLimited: { ...throttled, is: { ...throttled.is, retryable: true } },
    problemJson: {
      status: 404,
      body: {
        type: 'https://www.twilio.com/docs/api/errors/20404',
        title: 'Not found',
        status: 404,
        code: 20404,
        detail: 'No such service.',
      },
      is: { kind: 'not_found', code: 'not_found' },
    },
    outage: { status: 503, is: { kind: 'unavailable', code: 'unavailable', retryable: true } },
  },
});
