/** What Twilio's answers mean: the vendor's own number says more than the status. */
import { at, number, text, type Classify, type ErrorRules, type Failure } from '@plugboard/core';

/** https://www.twilio.com/docs/api/errors (2026). */
const meanings: Readonly<Record<number, Failure>> = {
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

export const classify: Classify = (answer) => {
  if (answer.status < 400) return undefined;
  const body = answer.tryJson();
  const code = number(at(body, 'code'));
  const meaning = code === undefined || !Object.hasOwn(meanings, code) ? undefined : meanings[code];
  if (meaning === undefined) return undefined;
  // Older routes answer `message`, newer ones the `detail` of RFC 9457.
  const message = text(at(body, 'message')) ?? text(at(body, 'detail'));
  return { ...meaning, vendor: { code: String(code), ...(message !== undefined && { message }) } };
};

const body = (status: number, code: number, message: string) => ({
  status,
  body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status },
});

export const errorExamples = {
  invalidCredentials: { ...body(401, 20003, 'Authenticate'), is: { kind: 'auth', code: 'authentication_failed' } },
  forbidden: {
    ...body(403, 20008, 'Resource not accessible with Test Account Credentials'),
    is: { kind: 'permission', code: 'forbidden' },
  },
  notFound: {
    ...body(404, 20404, 'The requested resource was not found'),
    is: { kind: 'not_found', code: 'not_found' },
  },
  invalidTo: {
    ...body(400, 21211, "The 'To' number is not a valid phone number."),
    is: { kind: 'invalid_request', code: 'invalid_to' },
  },
  invalidFrom: {
    ...body(400, 21212, "The 'From' number is not a valid phone number."),
    is: { kind: 'invalid_request', code: 'invalid_from' },
  },
  optedOut: {
    ...body(400, 21610, 'Attempt to send to unsubscribed recipient'),
    is: { kind: 'permission', code: 'recipient_opted_out' },
  },
  trial: { ...body(400, 21608, 'The number is unverified.'), is: { kind: 'permission', code: 'unverified_number' } },
  region: {
    ...body(400, 21408, 'Permission to send an SMS has not been enabled for the region.'),
    is: { kind: 'permission', code: 'region_not_enabled' },
  },
  rateLimited: {
    ...body(429, 20429, 'Too Many Requests'),
    is: { kind: 'rate_limited', code: 'too_many_requests', retryable: true },
  },
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
} as const satisfies ErrorRules['examples'];
