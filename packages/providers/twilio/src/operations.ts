/** What the client offers: the 2010 API as forms with PascalCase names, and Verify (https://www.twilio.com/docs, 2026). */
import { endpoint, type Api } from '@plugboard/core';
import { given, like, nothing, z } from '@plugboard/core/fields';

import { origin, sidOf } from './access.ts';

const docs = (page: string) => `https://www.twilio.com/docs/${page}`;
const inAccount = (page: string) => ({
  docs: docs(page),
  baseUrl: (api: Api) => `${origin(api, 'api')}/2010-04-01/Accounts/${sidOf(api)}`,
});
const inVerify = (page: string) => ({ docs: docs(page), baseUrl: (api: Api) => `${origin(api, 'verify')}/v2` });

const shownRecipient = '+15558675310';
const shownSender = '+15005550006';
const phone = z.e164({ error: 'must be E.164: +15005550006' }).meta({ examples: [shownSender] });
/** A number, or an address of a channel: `whatsapp:+15005550006`. */
const recipient = z
  .string()
  .regex(/^(?:[a-z]+:)?\+[1-9]\d{1,14}$/, { error: 'must be E.164, with an optional channel before it' })
  .meta({ examples: [shownRecipient] });
const sender = z.string().regex(/^(?:(?:[a-z]+:)?\+[1-9]\d{1,14}|[A-Za-z0-9 ]{1,11}|\d{3,8})$/, {
  error: 'must be E.164, a short code or a sender id',
});
const sid = (prefix: string) =>
  z.string().regex(new RegExp(`^(?:${prefix})[0-9a-f]{32}$`), { error: `must be a SID: ${prefix}...` });
const shownSid = (prefix: string) => prefix + '0'.repeat(32);
const oneSid = (prefix: string) => sid(prefix).meta({ examples: [shownSid(prefix.slice(0, 2))] });
const address = z.url({ protocol: /^https?$/ });

/** Names as the vendor spells them. */
function form(input: object) {
  const pascal = (name: string) => name[0]!.toUpperCase() + name.slice(1);
  const shown = (value: unknown) => (value instanceof Date ? value.toISOString() : value);
  return {
    form: Object.fromEntries(Object.entries(input).map(([name, value]) => [pascal(name), shown(value) as string])),
  };
}
const query = (input: object) => ({ query: form(input).form });

const pageInput = { pageSize: z.int().min(1).max(1000), page: z.int().min(0), pageToken: z.string() };
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

const owner = { account_sid: shownSid('AC'), api_version: '2010-04-01' };
const messageUri = `/2010-04-01/Accounts/${shownSid('AC')}/Messages/${shownSid('SM')}`;
const messageIn = (status: string) =>
  like(
    { sid: shownSid('SM'), status },
    {
      ...owner,
      to: shownRecipient,
      from: shownSender,
      body: 'Hello there',
      error_code: z.number(),
      error_message: z.string(),
      direction: 'outbound-api',
      date_created: 'Thu, 24 Aug 2023 05:01:45 +0000',
      date_sent: null,
      date_updated: 'Thu, 24 Aug 2023 05:01:45 +0000',
      messaging_service_sid: z.string(),
      num_media: '0',
      num_segments: '1',
      price: null,
      price_unit: 'USD',
      subresource_uris: like({}, { media: `${messageUri}/Media.json` }),
      uri: `${messageUri}.json`,
    },
  );

const content = given(
  { to: recipient },
  {
    from: sender.meta({ examples: [shownSender] }),
    messagingServiceSid: sid('MG'),
    body: z
      .string()
      .max(1600)
      .meta({ examples: ['Hello there'] }),
    mediaUrl: z.array(address).max(10),
    contentSid: sid('HX'),
    contentVariables: z.record(z.string(), z.string()),
    statusCallback: address,
    validityPeriod: z.int().min(1).max(36_000),
    sendAt: z.date(),
    smartEncoded: z.boolean(),
    shortenUrls: z.boolean(),
  },
)
  .refine(({ from, messagingServiceSid }) => from !== undefined || messagingServiceSid !== undefined, {
    error: 'give from or messagingServiceSid',
  })
  .refine((input) => [input.body, input.mediaUrl, input.contentSid].some((part) => part !== undefined), {
    error: 'give body, mediaUrl or contentSid',
  })
  .refine(({ sendAt, messagingServiceSid }) => sendAt === undefined || messagingServiceSid !== undefined, {
    error: 'sendAt needs messagingServiceSid',
    path: ['sendAt'],
  });
const aMessage = given({ messageSid: oneSid('SM|MM') });
const messagePage = 'messaging/api/message-resource';

export const messages = {
  send: endpoint('POST /Messages.json', {
    summary: 'Sends an SMS, MMS or WhatsApp message. Not repeated after a time-out: it could arrive twice.',
    ...inAccount(messagePage),
    input: content,
    encode: ({ contentVariables, sendAt, ...rest }) =>
      form({
        ...rest,
        ...(contentVariables && { contentVariables: JSON.stringify(contentVariables) }),
        ...(sendAt && { sendAt, scheduleType: 'fixed' }),
      }),
    output: messageIn('queued'),
    example: { status: 201 },
  }),
  get: endpoint('GET /Messages/{messageSid}.json', {
    summary: 'Reads a message and its status.',
    ...inAccount(messagePage),
    input: aMessage,
    output: messageIn('delivered'),
  }),
  list: endpoint('GET /Messages.json', {
    summary: 'Lists messages, newest first.',
    ...inAccount(messagePage),
    input: given({}, { to: recipient, from: sender, sentAfter: z.date(), sentBefore: z.date(), ...pageInput }),
    encode: ({ sentAfter, sentBefore, ...rest }) => ({
      query: { ...query(rest).query, 'DateSent>': sentAfter?.toISOString(), 'DateSent<': sentBefore?.toISOString() },
    }),
    output: like({ messages: [messageIn('queued')] }, firstPage),
    paging: { items: (page) => page.messages, next: nextPage },
  }),
  cancel: endpoint('POST /Messages/{messageSid}.json', {
    summary: 'Cancels a scheduled message.',
    ...inAccount('messaging/features/message-scheduling'),
    repeat: 'safe',
    input: aMessage,
    encode: () => form({ status: 'canceled' }),
    output: messageIn('canceled'),
  }),
  delete: endpoint('DELETE /Messages/{messageSid}.json', {
    summary: 'Deletes a message from the log of the vendor.',
    ...inAccount(messagePage),
    input: aMessage,
    output: nothing,
    example: { status: 204 },
  }),
};

export const calls = {
  create: endpoint('POST /Calls.json', {
    summary: 'Calls a number. Not repeated after a time-out: it could ring twice.',
    ...inAccount('voice/api/call-resource'),
    input: given(
      { to: recipient, from: phone },
      {
        url: address,
        twiml: z
          .string()
          .max(4000)
          .meta({ examples: ['<Response><Say>Hello</Say></Response>'] }),
        applicationSid: sid('AP'),
        statusCallback: address,
        statusCallbackEvent: z.array(z.enum(['initiated', 'ringing', 'answered', 'completed'])),
        record: z.boolean(),
        machineDetection: z.enum(['Enable', 'DetectMessageEnd']),
        timeout: z.int().min(1).max(600),
      },
    ).refine(
      ({ url, twiml, applicationSid }) => [url, twiml, applicationSid].filter((way) => way !== undefined).length === 1,
      { error: 'give one of url, twiml, applicationSid' },
    ),
    encode: form,
    output: like({ sid: shownSid('CA'), status: 'queued' }, { ...owner, to: shownRecipient, from: shownSender }),
    example: { status: 201 },
  }),
};

const number = like(
  { sid: shownSid('PN'), phone_number: shownSender },
  { friendly_name: 'Main line', account_sid: shownSid('AC') },
);

export const numbers = {
  list: endpoint('GET /IncomingPhoneNumbers.json', {
    summary: 'Lists the phone numbers of the account.',
    ...inAccount('phone-numbers/api/incomingphonenumber-resource'),
    input: given({}, pageInput),
    encode: query,
    output: like({ incoming_phone_numbers: [number] }, firstPage),
    paging: { items: (page) => page.incoming_phone_numbers, next: nextPage },
  }),
};

const serviceSid = oneSid('VA');
const to = z
  .string()
  .min(3)
  .max(254)
  .meta({ examples: [shownRecipient] });
const code = z.string().min(4).max(10);
const attempt = { time: '2015-07-30T20:00:00Z', channel: 'SMS', attempt_sid: shownSid('VL') };
const verification = {
  service_sid: shownSid('VA'),
  account_sid: shownSid('AC'),
  to: shownRecipient,
  channel: 'sms',
  send_code_attempts: [like({}, attempt)],
};
const withoutService = ({ serviceSid: _service, ...rest }: { readonly serviceSid: string }) => form(rest);

/** One-time codes. */
export const codes = {
  start: endpoint('POST /Services/{serviceSid}/Verifications', {
    summary: 'Sends a one-time code.',
    ...inVerify('verify/api/verification'),
    input: given(
      { serviceSid, to, channel: z.enum(['sms', 'call', 'email', 'whatsapp', 'sna', 'auto']) },
      { locale: z.string(), customCode: code, templateSid: sid('HJ') },
    ),
    encode: withoutService,
    output: like({ sid: shownSid('VE'), status: 'pending' }, { ...verification, valid: false }),
    example: { status: 201 },
  }),
  check: endpoint('POST /Services/{serviceSid}/VerificationCheck', {
    summary: 'Checks a one-time code. A code that is used up or too old is not found.',
    ...inVerify('verify/api/verification-check'),
    input: given({ serviceSid, code: code.meta({ examples: ['123456'] }), to }),
    encode: withoutService,
    output: like({ sid: shownSid('VE'), status: 'approved', valid: true }, verification),
  }),
};

const account = like(
  { sid: shownSid('AC'), friendly_name: 'Demo account', status: 'active' },
  {
    type: 'Full',
    owner_account_sid: shownSid('AC'),
    auth_token: '0'.repeat(32),
    date_created: 'Thu, 30 Jul 2015 20:00:00 +0000',
    date_updated: 'Thu, 30 Jul 2015 20:00:00 +0000',
    subresource_uris: like({}),
    uri: `/2010-04-01/Accounts/${shownSid('AC')}.json`,
  },
);

export const accounts = {
  get: endpoint('GET /{accountSid}.json', {
    summary: 'Reads the account. API keys of the standard kind may not.',
    docs: docs('iam/api/account'),
    baseUrl: (api) => `${origin(api, 'api')}/2010-04-01/Accounts`,
    input: given({ accountSid: oneSid('AC') }),
    // The answer holds the account's token, which callers must not be able to log.
    output: account.transform(({ auth_token: _token, ...rest }) => rest),
  }),
};
