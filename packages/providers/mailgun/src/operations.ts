/** What the client offers: https://documentation.mailgun.com/docs/mailgun/api-reference and mailgun-go v5 (2026-07). */
import { decodeBase64, emailAddressPattern, endpoint, type Api, type FormPart } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

import { domainName, domainOf, type MaybeDomain } from './connection.ts';

const address = z.string().regex(emailAddressPattern, { error: 'must be a@b.c or Name <a@b.c>' });
const addresses = z.union([address, z.array(address).min(1)]);
const to = addresses.meta({ examples: ['alice@example.com'] });
const line = z.string().regex(/^[^\r\n]*$/);
export const some = z.string().min(1);
const json = z.record(z.string(), z.json());
const file = given({ filename: some, content: z.base64() }, { contentType: line });
/** Every call is about the connection's domain unless it names another. */
export const domain = domainName;
export const ofDomain = (input: MaybeDomain, api: Api) => ({ path: { domain: domainOf(input, api) } });

type Value = string | number | boolean | readonly string[] | undefined;

/** Forms, never JSON; with files a multipart one, which alone can hold them. */
function formOf(fields: Readonly<Record<string, Value>>, files: readonly FormPart[] = []) {
  if (files.length === 0) return { form: fields };
  const texts = Object.entries(fields).flatMap(([name, value = []]) =>
    [value].flat().map((one) => ({ name, value: String(one) })),
  );
  return { multipart: [...texts, ...files] };
}

/** Names on the wire, where they are others. */
const names: Readonly<Record<string, string>> = {
  ampHtml: 'amp-html',
  recipientVariables: 'recipient-variables',
  replyTo: 'h:Reply-To',
  tags: 'o:tag',
  templateVersion: 't:version',
  templateText: 't:text',
  templateVariables: 't:variables',
  testMode: 'o:testmode',
  dkim: 'o:dkim',
  tracking: 'o:tracking',
  trackingClicks: 'o:tracking-clicks',
  trackingOpens: 'o:tracking-opens',
  trackingPixelLocationTop: 'o:tracking-pixel-location-top',
  secondaryDkim: 'o:secondary-dkim',
  messageId: 'message-id',
};

/** Most switches are yes and no, objects are JSON. */
function wire(input: object): Record<string, Value> {
  const value = (given: unknown) => {
    if (typeof given === 'boolean') return given ? 'yes' : 'no';
    return typeof given === 'object' && !Array.isArray(given) ? JSON.stringify(given) : (given as Value);
  };
  return Object.fromEntries(Object.entries(input).map(([name, given]) => [names[name] ?? name, value(given)]));
}

const prefixed = (prefix: string, values: Readonly<Record<string, string>> = {}) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}:${name}`, value]));
const parts = (name: string, files: readonly z.infer<typeof file>[] = []) =>
  files.map(({ content, ...rest }) => ({ name, ...rest, value: decodeBase64(content) ?? '' }));

const bodies = { html: z.string(), ampHtml: z.string(), template: some };
const message = given(
  { from: address.meta({ examples: ['Excited User <mailgun@mg.example.com>'] }), to },
  {
    domain,
    cc: addresses,
    bcc: addresses,
    replyTo: address,
    ...bodies,
    subject: line.meta({ examples: ['Hello'] }),
    text: z.string().meta({ examples: ['Testing some Mailgun awesomeness!'] }),
    templateVersion: some,
    templateText: z.boolean(),
    templateVariables: json,
    recipientVariables: z.record(z.string(), json),
    attachments: z.array(file),
    inline: z.array(file),
    tags: z.array(some).max(10),
    headers: z.record(z.string().regex(/^[\w-]+$/), line),
    variables: z.record(z.string().regex(/^[^\r\n]+$/), z.string()),
    deliverAt: z.iso.datetime({ offset: true }),
    testMode: z.literal(true),
    dkim: z.boolean(),
    secondaryDkim: z.string().regex(/^[^\s/]+\/[^\s/]+$/, { error: 'must be a domain and a selector: example.com/s1' }),
    optimizeHours: z.int().min(24).max(72),
    tracking: z.boolean(),
    trackingOpens: z.boolean(),
    trackingPixelLocationTop: z.boolean(),
    trackingClicks: z.enum(['yes', 'no', 'htmlonly']),
    requireTls: z.boolean(),
    skipVerification: z.boolean(),
  },
)
  .refine(({ text, html, ampHtml, template }) => [text, html, ampHtml, template].some((body) => body !== undefined), {
    error: 'give text, html, ampHtml or a template',
  })
  .refine((input) => [input.to, input.cc ?? [], input.bcc ?? []].flat().length <= 1000, {
    error: 'has more than 1,000 recipients',
  });

const stored = given({ storageKey: 'BAABAQcQSe_CqzXJ2_tP9JxkOh_fa1aQZA' }, { domain });
const receipt = like({ id: '<20111114174239.25659.5817@samples.mailgun.org>' }, { message: 'Queued. Thank you.' });

export const messages = {
  send: endpoint('POST /v3/{domain}/messages', {
    summary: 'Queues a message, with files if there are any. Never repeated: the vendor honours no idempotency key.',
    input: message,
    encode(input, api) {
      const { domain: own, attachments, inline, headers, variables, deliverAt, ...rest } = input;
      const { requireTls, skipVerification, optimizeHours, ...named } = rest;
      const fields = {
        ...wire(named),
        // RFC 2822 with the zone as a number.
        'o:deliverytime': deliverAt && new Date(deliverAt).toUTCString().replace('GMT', '+0000'),
        'o:deliverytime-optimize-period': optimizeHours && `${optimizeHours}h`,
        'o:require-tls': requireTls,
        'o:skip-verification': skipVerification,
        ...prefixed('h', headers),
        ...prefixed('v', variables),
      };
      const files = [...parts('attachment', attachments), ...parts('inline', inline)];
      return { ...ofDomain({ domain: own }, api), ...formOf(fields, files) };
    },
    output: receipt,
  }),
  sendMime: endpoint('POST /v3/{domain}/messages.mime', {
    summary: 'Queues a message that is MIME already.',
    input: given({ to, message: 'From: a@mg.example.com\r\nTo: b@example.com\r\n\r\nHi' }, { domain }),
    encode(input, api) {
      const mime = { filename: 'message.mime', contentType: 'message/rfc822' };
      const form = formOf({ to: input.to }, [{ name: 'message', value: input.message, ...mime }]);
      return { ...ofDomain(input, api), ...form };
    },
    output: receipt,
  }),
  get: endpoint('GET /v3/domains/{domain}/messages/{storageKey}', {
    summary: 'Reads a stored message, by the storage key of its event.',
    input: stored,
    encode: ({ storageKey, ...input }, api) => ({ path: { storageKey, domain: domainOf(input, api) } }),
    output: like({ sender: 'bob@mg.example.com' }, { recipients: 'alice@example.com', 'body-plain': 'Hi' }),
  }),
  resend: endpoint('POST /v3/domains/{domain}/messages/{storageKey}', {
    summary: 'Sends a stored message to these addresses.',
    input: stored.extend({ to }),
    encode: ({ storageKey, ...input }, api) => ({
      path: { storageKey, domain: domainOf(input, api) },
      ...formOf({ to: input.to }),
    }),
    output: receipt,
  }),
};

const entry = like({ name: 'mg.example.com', state: 'active' }, { id: '5f1f1ff0c1d2e3a4b5c6d7e8', type: 'custom' });
const record = like({ record_type: 'TXT', value: 'v=spf1 include:mailgun.org ~all' }, { name: 'mg.example.com' });
const details = like({ domain: entry }, { sending_dns_records: [record], receiving_dns_records: [record] });
const ofOne = { input: given({}, { domain }), encode: ofDomain };
export const skipping = given({}, { limit: z.int().min(1).max(100), skip: z.int().min(0) });
/** Lists with an offset tell how many there are in all. */
export const offset = {
  items: <Item>(page: { readonly items: readonly Item[] }) => page.items,
  next: <Input extends { readonly skip?: number | undefined }>(
    page: { readonly total_count: number; readonly items: readonly unknown[] },
    input: Input,
  ) => {
    const skip = (input.skip ?? 0) + page.items.length;
    return page.items.length > 0 && skip < page.total_count ? { ...input, skip } : undefined;
  },
};

export const domains = {
  list: endpoint('GET /v4/domains', {
    summary: 'Lists the domains of the account in its region.',
    input: skipping,
    output: like({ total_count: 2, items: [entry] }),
    paging: offset,
  }),
  get: endpoint('GET /v4/domains/{domain}', { summary: 'Reads a domain with its records.', ...ofOne, output: details }),
  create: endpoint('POST /v4/domains', {
    summary: 'Adds a domain; its records have to be set at the name server.',
    input: given({ name: domainName.meta({ examples: ['mg.example.com'] }) }),
    encode: ({ name }) => ({ form: { name } }),
    output: details,
  }),
  verify: endpoint('PUT /v4/domains/{domain}/verify', {
    summary: 'Checks the records of a domain again.',
    repeat: 'safe',
    ...ofOne,
    output: details,
  }),
};

const event = like({ id: 'CPgfbmQMTCKtHW6uIWtuVe', event: 'delivered', timestamp: 1521472262.908181 });
const next = 'https://api.mailgun.net/v3/mg.example.com/events/W3siYSI6IGZhbHNlfV0';

export const events = {
  list: endpoint('GET /v3/{domain}/{+page}', {
    summary: 'Lists what became of messages; a page without events is the last one.',
    input: given(
      {},
      {
        domain,
        begin: z.number(),
        end: z.number(),
        ascending: z.boolean(),
        limit: z.int().min(1).max(300),
        event: some,
        recipient: some,
        tags: some,
        severity: z.enum(['temporary', 'permanent']),
        messageId: some,
        page: some,
      },
    ),
    encode({ domain: own, page, ...filter }, api) {
      const path = ofDomain({ domain: own }, api).path;
      // The page's name holds the question.
      if (page !== undefined) return { path: { ...path, page: `events/${page}` }, query: {} };
      return { path: { ...path, page: 'events' }, query: wire(filter) };
    },
    output: like({ items: [event] }, { paging: like({}, { next }) }),
    paging: {
      items: (page) => page.items,
      // The vendor's link is read and never followed: the credential must not go where an answer says.
      next(page, input) {
        const link = page.paging?.next?.split('/events/')[1];
        return page.items.length === 0 || link === undefined ? undefined : { ...input, page: link };
      },
    },
  }),
};

// The vendor's SDKs disagree on the spelling of one of them.
const engagement = ['opened', 'clicked', 'unsubscribed', 'unsubscribe', 'complained'] as const;
const kind = z.enum(['delivered', 'accepted', 'permanent_fail', 'temporary_fail', ...engagement]);
const target = 'https://app.example.com/integrations/webhooks/mailgun';
const url = z.url({ protocol: /^https$/ }).meta({ examples: [target] });
const urls = z.array(url).min(1).max(3);
const hook = like({ message: 'Webhook has been created' });
const pathOf = ({ id, ...input }: MaybeDomain & { id: string }, api: Api) => ({
  path: { id, domain: domainOf(input, api) },
});
const ofKind = { input: given({ id: kind }, { domain }), encode: pathOf, output: hook };

export const webhookEndpoints = {
  list: endpoint('GET /v3/domains/{domain}/webhooks', {
    summary: 'Lists the addresses that events of the domain are posted to, by kind of event.',
    ...ofOne,
    output: like({ webhooks: like({}, { delivered: like({}, { urls }) }) }),
  }),
  create: endpoint('POST /v3/domains/{domain}/webhooks', {
    summary: 'Has events of a kind posted to up to three addresses.',
    input: given({ id: kind, urls }, { domain }),
    encode: (input, api) => ({ ...ofDomain(input, api), form: { id: input.id, url: input.urls } }),
    output: hook,
  }),
  update: endpoint('PUT /v3/domains/{domain}/webhooks/{id}', {
    summary: 'Replaces the addresses of a kind of event.',
    repeat: 'safe',
    input: given({ id: kind, urls }, { domain }),
    encode: (input, api) => ({ ...pathOf(input, api), form: { url: input.urls } }),
    output: hook,
  }),
  delete: endpoint('DELETE /v3/domains/{domain}/webhooks/{id}', { summary: 'Ends the posts of a kind.', ...ofKind }),
  test: endpoint('PUT /v3/domains/{domain}/webhooks/{id}/test', { summary: 'Posts a sample of a kind.', ...ofKind }),
};

const key = { input: given({}), output: like({ http_signing_key: 'key-0123456789abcdef' }, { message: 'success' }) };

export const signingKey = {
  get: endpoint('GET /v5/accounts/http_signing_key', { summary: 'Reads the webhook signing key.', ...key }),
  regenerate: endpoint('POST /v5/accounts/http_signing_key', {
    summary: 'Makes a new webhook signing key; the old one signs nothing from then on.',
    ...key,
  }),
};
