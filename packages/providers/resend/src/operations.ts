/** What the client offers: paths and fields of https://resend.com/docs/api-reference (OpenAPI 1.5.0, 2026-08). */
import { endpoint } from '@plugboard/core';
import { z } from 'zod';

const docs = (page: string) => `https://resend.com/docs/api-reference/${page}`;
const id = z.string().min(1);
/** `a@b.c` or `Name <a@b.c>`. */
const address = z
  .string()
  .regex(/^(?:[^<>\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/, { error: 'must be a@b.c or Name <a@b.c>' });
const addresses = z.union([address, z.array(address).min(1).max(50)]);
const tag = z.string().regex(/^[\w-]{1,256}$/);

const attachment = z
  .strictObject({
    filename: z.string().min(1),
    /** Base64. */
    content: z.base64().optional(),
    path: z.url({ protocol: /^https$/ }).optional(),
    contentType: z.string().optional(),
    contentId: z.string().max(127).optional(),
  })
  .refine(({ content, path }) => (content === undefined) !== (path === undefined), { error: 'give content or path' });

const fields = {
  from: address,
  to: addresses,
  subject: z.string().min(1),
  html: z.string().optional(),
  text: z.string().optional(),
  cc: addresses.optional(),
  bcc: addresses.optional(),
  replyTo: addresses.optional(),
  headers: z.record(z.string(), z.string().regex(/^[^\r\n]*$/)).optional(),
  tags: z
    .array(z.strictObject({ name: tag, value: tag }))
    .max(75)
    .optional(),
  scheduledAt: z.iso.datetime({ offset: true }).optional(),
  template: z
    .strictObject({ id, variables: z.record(z.string(), z.union([z.string(), z.number()])).optional() })
    .optional(),
  topicId: id.optional(),
};

interface Content {
  readonly html?: string | undefined;
  readonly text?: string | undefined;
  readonly template?: object | undefined;
}

const hasContent = ({ html, text, template }: Content) =>
  (template === undefined) !== (html === undefined && text === undefined);
const contentRule = { error: 'give html or text, or a template alone' };
const email = z
  .strictObject({ ...fields, attachments: z.array(attachment).optional() })
  .refine(hasContent, contentRule);

/** Names of one level, and of attachments: custom headers and template variables keep their spelling. */
function snake(value: object): Record<string, unknown> {
  const rename = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]: [string, unknown]) => [
      rename(name),
      name === 'attachments' && Array.isArray(item) ? item.map((each: object) => snake(each)) : item,
    ]),
  );
}

const wire = (input: object) => ({ json: snake(input) });
const withoutId = ({ id: _id, ...rest }: { id: string }) => wire(rest);

const pageInput = { limit: z.int().min(1).max(100).optional(), after: id.optional(), before: id.optional() };
const pageRule = { error: 'give after or before, not both' };
const oneWay = ({ after, before }: { after?: string | undefined; before?: string | undefined }) =>
  after === undefined || before === undefined;
const page = <Item extends z.ZodType>(item: Item) =>
  z.looseObject({ has_more: z.boolean().optional(), data: z.array(item) });

/** The vendor pages by the id of the last item. */
const paging = {
  items: <Item>(found: { readonly data: readonly Item[] }) => found.data,
  next: <Input extends object>(
    found: { readonly has_more?: boolean | undefined; readonly data: readonly { readonly id: string }[] },
    input: Input,
  ) => {
    const last = found.data.at(-1);
    return found.has_more === true && last !== undefined ? { ...input, after: last.id } : undefined;
  },
};

const idempotency = { header: 'Idempotency-Key' };
const sentId = '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794';
const shownEmail = {
  object: 'email',
  id: sentId,
  to: ['delivered@resend.dev'],
  from: 'Acme <onboarding@resend.dev>',
  created_at: '2026-04-03T22:13:42.674981+00:00',
  subject: 'Hello World',
  html: 'Congrats on sending your <strong>first email</strong>!',
  text: 'Congrats on sending your first email!',
  bcc: [],
  cc: [],
  reply_to: [],
  last_event: 'delivered',
};
const found = z.looseObject({
  id: z.string(),
  to: z.array(z.string()),
  from: z.string(),
  subject: z.string(),
  last_event: z.string().optional(),
});
const receipt = z.looseObject({ id: z.string() });
const mail = {
  from: 'Acme <onboarding@resend.dev>',
  to: 'delivered@resend.dev',
  subject: 'Hello World',
  text: 'It works.',
};

export const emails = {
  send: endpoint('POST /emails', {
    summary: 'Sends an email, now or at a time. Repeated safely: every call carries an idempotency key.',
    docs: docs('emails/send-email'),
    idempotency,
    input: email,
    encode: wire,
    output: receipt,
    example: { input: mail, answer: { id: sentId } },
  }),
  sendBatch: endpoint('POST /emails/batch', {
    summary: 'Sends up to 100 emails without attachments. With `permissive`, good ones go out although others are bad.',
    docs: docs('emails/send-batch-emails'),
    idempotency,
    input: z.strictObject({
      emails: z.array(z.strictObject(fields).refine(hasContent, contentRule)).min(1).max(100),
      validation: z.enum(['strict', 'permissive']).optional(),
    }),
    encode: ({ emails: list, validation = 'strict' }) => ({
      json: list.map(snake),
      headers: { 'x-batch-validation': validation },
    }),
    output: z.looseObject({
      data: z.array(receipt),
      errors: z.array(z.looseObject({ index: z.number(), message: z.string() })).optional(),
    }),
    example: { input: { emails: [mail] }, answer: { data: [{ id: sentId }] } },
  }),
  get: endpoint('GET /emails/{id}', {
    summary: 'Reads one email and its last event.',
    docs: docs('emails/retrieve-email'),
    input: z.strictObject({ id }),
    output: found,
    example: { input: { id: sentId }, answer: shownEmail },
  }),
  list: endpoint('GET /emails', {
    summary: 'Lists sent emails, newest first.',
    docs: docs('emails/list-emails'),
    input: z.strictObject(pageInput).refine(oneWay, pageRule),
    output: page(found),
    paging,
    example: { input: { limit: 10 }, answer: { object: 'list', has_more: true, data: [shownEmail] } },
  }),
  reschedule: endpoint('PATCH /emails/{id}', {
    summary: 'Moves a scheduled email to another time.',
    docs: docs('emails/update-email'),
    repeat: 'safe',
    input: z.strictObject({ id, scheduledAt: z.iso.datetime({ offset: true }) }),
    encode: withoutId,
    output: receipt,
    example: { input: { id: sentId, scheduledAt: '2026-12-01T09:00:00Z' }, answer: { object: 'email', id: sentId } },
  }),
  cancel: endpoint('POST /emails/{id}/cancel', {
    summary: 'Cancels a scheduled email.',
    docs: docs('emails/cancel-email'),
    repeat: 'safe',
    input: z.strictObject({ id }),
    output: receipt,
    example: { input: { id: sentId }, answer: { object: 'email', id: sentId } },
  }),
};

const domainId = 'd91cd9bd-1176-453e-8fc1-35364d380206';
const record = {
  record: 'SPF',
  name: 'send',
  type: 'MX',
  ttl: 'Auto',
  status: 'not_started',
  value: 'feedback-smtp.us-east-1.amazonses.com',
  priority: 10,
};
const shownDomain = {
  object: 'domain',
  id: domainId,
  name: 'example.com',
  status: 'verified',
  created_at: '2026-04-26T20:21:26.347412+00:00',
  region: 'us-east-1',
  records: [record],
};
const domain = z.looseObject({ id: z.string(), name: z.string(), status: z.string(), region: z.string().optional() });
const tls = z.enum(['opportunistic', 'enforced']).optional();
const tracking = { openTracking: z.boolean().optional(), clickTracking: z.boolean().optional(), tls };

export const domains = {
  list: endpoint('GET /domains', {
    summary: 'Lists sending domains.',
    docs: docs('domains/list-domains'),
    input: z.strictObject(pageInput).refine(oneWay, pageRule),
    output: page(domain),
    paging,
    example: { input: { limit: 1 }, answer: { object: 'list', has_more: true, data: [shownDomain] } },
  }),
  create: endpoint('POST /domains', {
    summary: 'Adds a sending domain; its records have to be set at the name server.',
    docs: docs('domains/create-domain'),
    input: z.strictObject({
      name: z.hostname(),
      region: z.enum(['us-east-1', 'eu-west-1', 'sa-east-1', 'ap-northeast-1']).optional(),
      customReturnPath: z.string().optional(),
      ...tracking,
    }),
    encode: wire,
    output: domain.extend({
      records: z.array(z.looseObject({ type: z.string(), name: z.string(), value: z.string() })),
    }),
    example: { input: { name: 'example.com' }, status: 201, answer: { ...shownDomain, status: 'not_started' } },
  }),
  get: endpoint('GET /domains/{id}', {
    summary: 'Reads one domain with its records.',
    docs: docs('domains/get-domain'),
    input: z.strictObject({ id }),
    output: domain,
    example: { input: { id: domainId }, answer: shownDomain },
  }),
  update: endpoint('PATCH /domains/{id}', {
    summary: 'Changes tracking and TLS of a domain.',
    docs: docs('domains/update-domain'),
    repeat: 'safe',
    input: z.strictObject({ id, ...tracking }),
    encode: withoutId,
    output: receipt,
    example: { input: { id: domainId, openTracking: false }, answer: { object: 'domain', id: domainId } },
  }),
  delete: endpoint('DELETE /domains/{id}', {
    summary: 'Removes a domain.',
    docs: docs('domains/delete-domain'),
    input: z.strictObject({ id }),
    output: z.looseObject({ deleted: z.boolean() }),
    example: { input: { id: domainId }, answer: { object: 'domain', id: domainId, deleted: true } },
  }),
  verify: endpoint('POST /domains/{id}/verify', {
    summary: 'Starts checking the records of a domain.',
    docs: docs('domains/verify-domain'),
    repeat: 'safe',
    input: z.strictObject({ id }),
    output: receipt,
    example: { input: { id: domainId }, answer: { object: 'domain', id: domainId } },
  }),
};

const receivedId = '4ef9a417-02e9-4d39-ad75-9611e0fcc33c';

export const inbound = {
  get: endpoint('GET /emails/receiving/{id}', {
    summary: 'Reads a received email: its webhook carries no body.',
    docs: docs('emails/retrieve-received-email'),
    input: z.strictObject({ id }),
    output: z.looseObject({
      id: z.string(),
      from: z.string(),
      to: z.array(z.string()),
      subject: z.string().nullish(),
      html: z.string().nullish(),
      text: z.string().nullish(),
    }),
    example: {
      input: { id: receivedId },
      answer: {
        ...shownEmail,
        id: receivedId,
        headers: { 'return-path': 'a@example.com' },
        message_id: '<a@example.com>',
        attachments: [],
      },
    },
  }),
  attachments: endpoint('GET /emails/receiving/{emailId}/attachments', {
    summary: 'Lists the attachments of a received email with links that expire.',
    docs: docs('emails/list-received-email-attachments'),
    input: z.strictObject({ emailId: id, ...pageInput }).refine(oneWay, pageRule),
    output: page(
      z.looseObject({ id: z.string(), filename: z.string().nullish(), download_url: z.url(), expires_at: z.string() }),
    ),
    paging,
    example: {
      input: { emailId: receivedId },
      answer: {
        object: 'list',
        has_more: true,
        data: [
          {
            id: '2a0c9ce0-3112-4728-976e-47ddcd16a318',
            filename: 'avatar.png',
            size: 4096,
            content_type: 'image/png',
            content_disposition: 'inline',
            content_id: 'img001',
            download_url: 'https://inbound-cdn.resend.com/4ef9a417/attachments/2a0c9ce0',
            expires_at: '2026-10-17T14:29:41.521Z',
          },
        ],
      },
    },
  }),
};

const suppressed = {
  id: 'e169aa45-1ecf-4183-9955-b1499d5701d3',
  email: 'user@example.com',
  created_at: '2026-10-06T23:47:56.678Z',
};

export const suppressions = {
  add: endpoint('POST /suppressions', {
    summary: 'Keeps an address from being mailed.',
    docs: docs('suppressions/create-suppression'),
    repeat: 'safe',
    input: z.strictObject({ email: z.email() }),
    output: receipt,
    example: {
      input: { email: 'user@example.com' },
      status: 201,
      answer: { object: 'suppression', id: suppressed.id },
    },
  }),
  get: endpoint('GET /suppressions/{suppression}', {
    summary: 'Says whether and why an address is suppressed.',
    docs: docs('suppressions/get-suppression'),
    // An id or an address.
    input: z.strictObject({ suppression: id }),
    output: z.looseObject({ id: z.string(), email: z.string() }),
    example: {
      input: { suppression: 'user@example.com' },
      answer: { object: 'suppression', ...suppressed, origin: 'manual', source_id: null },
    },
  }),
  remove: endpoint('DELETE /suppressions/{suppression}', {
    summary: 'Lets an address be mailed again.',
    docs: docs('suppressions/delete-suppression'),
    input: z.strictObject({ suppression: id }),
    output: z.looseObject({ deleted: z.boolean() }),
    example: {
      input: { suppression: 'user@example.com' },
      answer: { object: 'suppression', id: suppressed.id, deleted: true },
    },
  }),
};

const webhookId = '4dd369bc-aa82-4ff3-97de-514ae3000ee0';
const target = { endpoint: z.url({ protocol: /^https$/ }), events: z.array(z.string().min(1)).min(1) };

export const webhookEndpoints = {
  create: endpoint('POST /webhooks', {
    summary: 'Has events posted to an address; the answer holds the signing secret.',
    docs: docs('webhooks/create-webhook'),
    input: z.strictObject(target),
    output: z.looseObject({ id: z.string(), signing_secret: z.string() }),
    example: {
      input: { endpoint: 'https://app.example.com/integrations/webhooks/resend', events: ['email.sent'] },
      status: 201,
      answer: { object: 'webhook', id: webhookId, signing_secret: 'whsec_ZXhhbXBsZS1zZWNyZXQtb2YtMjQtYnl0ZXM=' },
    },
  }),
  get: endpoint('GET /webhooks/{id}', {
    summary: 'Reads a webhook endpoint, its signing secret included.',
    docs: docs('webhooks/get-webhook'),
    input: z.strictObject({ id }),
    output: z.looseObject({ id: z.string(), endpoint: z.string(), status: z.string().optional() }),
    example: {
      input: { id: webhookId },
      answer: {
        object: 'webhook',
        id: webhookId,
        created_at: '2026-08-22T15:28:00.000Z',
        status: 'enabled',
        endpoint: 'https://app.example.com/integrations/webhooks/resend',
        events: ['email.sent'],
        signing_secret: 'whsec_ZXhhbXBsZS1zZWNyZXQtb2YtMjQtYnl0ZXM=',
      },
    },
  }),
  update: endpoint('PATCH /webhooks/{id}', {
    summary: 'Changes a webhook endpoint; `enabled` revives one that the vendor turned off.',
    docs: docs('webhooks/update-webhook'),
    repeat: 'safe',
    input: z.strictObject({
      id,
      ...z.strictObject(target).partial().shape,
      status: z.enum(['enabled', 'disabled']).optional(),
    }),
    encode: withoutId,
    output: receipt,
    example: { input: { id: webhookId, status: 'enabled' }, answer: { object: 'webhook', id: webhookId } },
  }),
  delete: endpoint('DELETE /webhooks/{id}', {
    summary: 'Ends a webhook endpoint.',
    docs: docs('webhooks/delete-webhook'),
    input: z.strictObject({ id }),
    output: z.looseObject({ deleted: z.boolean() }),
    example: { input: { id: webhookId }, answer: { object: 'webhook', id: webhookId, deleted: true } },
  }),
};
