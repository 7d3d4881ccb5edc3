/** What the client offers: the 2010 API as forms with PascalCase names, and Verify (https://www.twilio.com/docs, 2026). */
import { endpoint, type Answer, type Api } from '@plugboard/core';
import { z } from 'zod';

import { origin, sidOf } from './access.ts';

const account = { baseUrl: (api: Api) => `${origin(api, 'api')}/2010-04-01/Accounts/${sidOf(api)}` };
const verifyService = (api: Api) => `${origin(api, 'verify')}/v2`;

const phone = z.e164({ error: 'must be E.164: +15005550006' });
/** A number, or an address of a channel: `whatsapp:+15005550006`. */
const recipient = z
  .string()
  .regex(/^(?:[a-z]+:)?\+[1-9]\d{1,14}$/, { error: 'must be E.164, with an optional channel before it' });
const sender = z.string().regex(/^(?:(?:[a-z]+:)?\+[1-9]\d{1,14}|[A-Za-z0-9 ]{1,11}|\d{3,8})$/, {
  error: 'must be E.164, a short code or a sender id',
});
const sid = (prefix: string) =>
  z.string().regex(new RegExp(`^(?:${prefix})[0-9a-f]{32}$`), { error: `must be a SID: ${prefix}...` });
const callback = z.url({ protocol: /^https?$/ }).optional();

/** Names as the vendor spells them. */
function form(input: object) {
  const pascal = (name: string) => name[0]!.toUpperCase() + name.slice(1);
  const shown = (value: unknown) => (value instanceof Date ? value.toISOString() : value);
  return {
    form: Object.fromEntries(Object.entries(input).map(([name, value]) => [pascal(name), shown(value) as string])),
  };
}

const query = (input: object) => ({ query: form(input).form });
const zero = (length: number) => '0'.repeat(length);
const accountSid = `AC${zero(32)}`;
const messageSid = `SM${zero(32)}`;

const shownMessage = {
  account_sid: accountSid,
  api_version: '2010-04-01',
  body: 'Hello there',
  date_created: 'Thu, 24 Aug 2023 05:01:45 +0000',
  date_sent: null,
  date_updated: 'Thu, 24 Aug 2023 05:01:45 +0000',
  direction: 'outbound-api',
  error_code: null,
  error_message: null,
  from: '+15005550006',
  messaging_service_sid: null,
  num_media: '0',
  num_segments: '1',
  price: null,
  price_unit: 'USD',
  sid: messageSid,
  status: 'queued',
  subresource_uris: { media: `/2010-04-01/Accounts/${accountSid}/Messages/${messageSid}/Media.json` },
  to: '+15558675310',
  uri: `/2010-04-01/Accounts/${accountSid}/Messages/${messageSid}.json`,
};
const message = z.looseObject({
  sid: z.string(),
  status: z.string(),
  to: z.string().nullish(),
  from: z.string().nullish(),
  body: z.string().nullish(),
  error_code: z.number().nullish(),
  error_message: z.string().nullish(),
});

const pageInput = {
  pageSize: z.int().min(1).max(1000).optional(),
  page: z.int().min(0).optional(),
  pageToken: z.string().optional(),
};
const pageOutput = { next_page_uri: z.string().nullish() };
/** A page that is not the last one. */
const firstPage = {
  first_page_uri: '/2010-04-01/x.json?PageSize=50&Page=0',
  next_page_uri: '/2010-04-01/x.json?PageSize=50&Page=1&PageToken=PASM0123',
  previous_page_uri: null,
  page: 0,
  page_size: 50,
  start: 0,
  end: 0,
  uri: '/2010-04-01/x.json',
};

/** Only the position is taken from the vendor's link; its address is never followed. */
function nextPage<Input extends object>(found: { readonly next_page_uri?: string | null | undefined }, input: Input) {
  if (!found.next_page_uri) return undefined;
  const { searchParams } = new URL(found.next_page_uri, 'https://api.twilio.com');
  const token = searchParams.get('PageToken');
  return { ...input, page: Number(searchParams.get('Page') ?? 0), ...(token !== null && { pageToken: token }) };
}

const content = z
  .strictObject({
    to: recipient,
    from: sender.optional(),
    messagingServiceSid: sid('MG').optional(),
    body: z.string().min(1).max(1600).optional(),
    mediaUrl: z
      .array(z.url({ protocol: /^https?$/ }))
      .max(10)
      .optional(),
    contentSid: sid('HX').optional(),
    contentVariables: z.record(z.string(), z.string()).optional(),
    statusCallback: callback,
    validityPeriod: z.int().min(1).max(36_000).optional(),
    sendAt: z.date().optional(),
    smartEncoded: z.boolean().optional(),
    shortenUrls: z.boolean().optional(),
  })
  .refine(({ from, messagingServiceSid }) => from !== undefined || messagingServiceSid !== undefined, {
    error: 'give from or messagingServiceSid',
  })
  .refine(
    ({ body, mediaUrl, contentSid }) => body !== undefined || mediaUrl !== undefined || contentSid !== undefined,
    {
      error: 'give body, mediaUrl or contentSid',
    },
  )
  .refine(({ sendAt, messagingServiceSid }) => sendAt === undefined || messagingServiceSid !== undefined, {
    error: 'sendAt needs messagingServiceSid',
    path: ['sendAt'],
  });

export const messages = {
  send: endpoint('POST /Messages.json', {
    summary: 'Sends an SMS, MMS or WhatsApp message. Not repeated after a time-out: it could arrive twice.',
    docs: 'https://www.twilio.com/docs/messaging/api/message-resource',
    ...account,
    input: content,
    encode: ({ contentVariables, sendAt, ...rest }) =>
      form({
        ...rest,
        ...(contentVariables && { contentVariables: JSON.stringify(contentVariables) }),
        ...(sendAt && { sendAt, scheduleType: 'fixed' }),
      }),
    output: message,
    example: {
      input: { to: '+15558675310', from: '+15005550006', body: 'Hello there' },
      status: 201,
      answer: shownMessage,
    },
  }),
  get: endpoint('GET /Messages/{messageSid}.json', {
    summary: 'Reads a message and its status.',
    docs: 'https://www.twilio.com/docs/messaging/api/message-resource',
    ...account,
    input: z.strictObject({ messageSid: sid('SM|MM') }),
    output: message,
    example: { input: { messageSid }, answer: { ...shownMessage, status: 'delivered' } },
  }),
  list: endpoint('GET /Messages.json', {
    summary: 'Lists messages, newest first.',
    docs: 'https://www.twilio.com/docs/messaging/api/message-resource',
    ...account,
    input: z.strictObject({
      to: recipient.optional(),
      from: sender.optional(),
      sentAfter: z.date().optional(),
      sentBefore: z.date().optional(),
      ...pageInput,
    }),
    encode: ({ sentAfter, sentBefore, ...rest }) => ({
      query: { ...query(rest).query, 'DateSent>': sentAfter?.toISOString(), 'DateSent<': sentBefore?.toISOString() },
    }),
    output: z.looseObject({ messages: z.array(message), ...pageOutput }),
    paging: { items: (page) => page.messages, next: nextPage },
    example: { input: { to: '+15558675310' }, answer: { ...firstPage, messages: [shownMessage] } },
  }),
  cancel: endpoint('POST /Messages/{messageSid}.json', {
    summary: 'Cancels a scheduled message.',
    docs: 'https://www.twilio.com/docs/messaging/features/message-scheduling',
    ...account,
    repeat: 'safe',
    input: z.strictObject({ messageSid: sid('SM|MM') }),
    encode: () => form({ status: 'canceled' }),
    output: message,
    example: { input: { messageSid }, answer: { ...shownMessage, status: 'canceled' } },
  }),
  delete: endpoint('DELETE /Messages/{messageSid}.json', {
    summary: 'Deletes a message from the log of the vendor.',
    docs: 'https://www.twilio.com/docs/messaging/api/message-resource',
    ...account,
    input: z.strictObject({ messageSid: sid('SM|MM') }),
    output: z.unknown().transform(() => undefined),
    example: { input: { messageSid }, status: 204 },
  }),
};

const callSid = `CA${zero(32)}`;

export const calls = {
  create: endpoint('POST /Calls.json', {
    summary: 'Calls a number. Not repeated after a time-out: it could ring twice.',
    docs: 'https://www.twilio.com/docs/voice/api/call-resource',
    ...account,
    input: z
      .strictObject({
        to: recipient,
        from: phone,
        url: z.url({ protocol: /^https?$/ }).optional(),
        twiml: z.string().max(4000).optional(),
        applicationSid: sid('AP').optional(),
        statusCallback: callback,
        statusCallbackEvent: z.array(z.enum(['initiated', 'ringing', 'answered', 'completed'])).optional(),
        record: z.boolean().optional(),
        machineDetection: z.enum(['Enable', 'DetectMessageEnd']).optional(),
        timeout: z.int().min(1).max(600).optional(),
      })
      .refine(
        ({ url, twiml, applicationSid }) =>
          [url, twiml, applicationSid].filter((way) => way !== undefined).length === 1,
        {
          error: 'give one of url, twiml, applicationSid',
        },
      ),
    encode: form,
    output: z.looseObject({ sid: z.string(), status: z.string() }),
    example: {
      input: { to: '+15558675310', from: '+15005550006', twiml: '<Response><Say>Hello</Say></Response>' },
      status: 201,
      answer: {
        account_sid: accountSid,
        api_version: '2010-04-01',
        sid: callSid,
        status: 'queued',
        to: '+15558675310',
        from: '+15005550006',
      },
    },
  }),
};

const number = z.looseObject({ sid: z.string(), phone_number: z.string(), friendly_name: z.string().nullish() });

export const numbers = {
  list: endpoint('GET /IncomingPhoneNumbers.json', {
    summary: 'Lists the phone numbers of the account.',
    docs: 'https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource',
    ...account,
    input: z.strictObject(pageInput),
    encode: query,
    output: z.looseObject({ incoming_phone_numbers: z.array(number), ...pageOutput }),
    paging: { items: (page) => page.incoming_phone_numbers, next: nextPage },
    example: {
      input: {},
      answer: {
        ...firstPage,
        incoming_phone_numbers: [
          { account_sid: accountSid, sid: `PN${zero(32)}`, phone_number: '+15005550006', friendly_name: 'Main line' },
        ],
      },
    },
  }),
};

const serviceSid = `VA${zero(32)}`;
const verification = z.looseObject({
  sid: z.string(),
  status: z.string(),
  to: z.string().optional(),
  channel: z.string().optional(),
});
const shownVerification = {
  sid: `VE${zero(32)}`,
  service_sid: serviceSid,
  account_sid: accountSid,
  to: '+15558675310',
  channel: 'sms',
  status: 'pending',
  valid: false,
  send_code_attempts: [{ time: '2015-07-30T20:00:00Z', channel: 'SMS', attempt_sid: `VL${zero(32)}` }],
};

/** One-time codes. */
export const codes = {
  start: endpoint('POST /Services/{serviceSid}/Verifications', {
    summary: 'Sends a one-time code.',
    docs: 'https://www.twilio.com/docs/verify/api/verification',
    baseUrl: verifyService,
    input: z.strictObject({
      serviceSid: sid('VA'),
      to: z.string().min(3).max(254),
      channel: z.enum(['sms', 'call', 'email', 'whatsapp', 'sna', 'auto']),
      locale: z.string().optional(),
      customCode: z.string().min(4).max(10).optional(),
      templateSid: sid('HJ').optional(),
    }),
    encode: ({ serviceSid: _service, ...rest }) => form(rest),
    output: verification,
    example: { input: { serviceSid, to: '+15558675310', channel: 'sms' }, status: 201, answer: shownVerification },
  }),
  check: endpoint('POST /Services/{serviceSid}/VerificationCheck', {
    summary: 'Checks a one-time code. A code that is used up or too old is not found.',
    docs: 'https://www.twilio.com/docs/verify/api/verification-check',
    baseUrl: verifyService,
    input: z.strictObject({ serviceSid: sid('VA'), code: z.string().min(4).max(10), to: z.string().min(3).max(254) }),
    encode: ({ serviceSid: _service, ...rest }) => form(rest),
    output: verification.extend({ valid: z.boolean() }),
    example: {
      input: { serviceSid, code: '123456', to: '+15558675310' },
      answer: { ...shownVerification, status: 'approved', valid: true },
    },
  }),
};

const shownAccount = {
  sid: accountSid,
  friendly_name: 'Demo account',
  status: 'active',
  type: 'Full',
  owner_account_sid: accountSid,
  date_created: 'Thu, 30 Jul 2015 20:00:00 +0000',
  date_updated: 'Thu, 30 Jul 2015 20:00:00 +0000',
  subresource_uris: {},
  uri: `/2010-04-01/Accounts/${accountSid}.json`,
};

/** The answer holds the account's token, which is dropped before anything else sees it. */
function withoutToken(answer: Answer): unknown {
  const body = answer.json();
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'auth_token'));
}

export const accounts = {
  get: endpoint('GET /{accountSid}.json', {
    summary: 'Reads the account. API keys of the standard kind may not.',
    docs: 'https://www.twilio.com/docs/iam/api/account',
    baseUrl: (api) => `${origin(api, 'api')}/2010-04-01/Accounts`,
    input: z.strictObject({ accountSid: sid('AC') }),
    decode: withoutToken,
    output: z.looseObject({ sid: z.string(), friendly_name: z.string(), status: z.string() }),
    example: { input: { accountSid }, answer: { ...shownAccount, auth_token: zero(32) } },
  }),
};
