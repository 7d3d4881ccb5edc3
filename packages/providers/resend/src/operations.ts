/** What the client offers: paths and fields of https://resend.com/docs/api-reference (OpenAPI 1.5.0, 2026-08). */
import { emailAddressPattern, endpoint, snakeNames } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

const id = z.string().min(1);
const address = z.string().regex(emailAddressPattern, { error: 'must be a@b.c or Name <a@b.c>' });
const addresses = z.union([address, z.array(address).min(1).max(50)]);
const tag = z.string().regex(/^[\w-]{1,256}$/);
const time = z.iso.datetime({ offset: true });
const https = z.url({ protocol: /^https$/ });

const attachment = given(
  { filename: id },
  { content: z.base64(), path: https, contentType: z.string(), contentId: z.string().max(127) },
).refine(({ content, path }) => (content === undefined) !== (path === undefined), { error: 'give content or path' });

const fields = given(
  {
    from: address.meta({ examples: ['Acme <onboarding@resend.dev>'] }),
    to: addresses.meta({ examples: ['delivered@resend.dev'] }),
    subject: 'Hello World',
  },
  {
    html: z.string(),
    text: z.string().meta({ examples: ['It works.'] }),
    cc: addresses,
    bcc: addresses,
    replyTo: addresses,
    headers: z.record(z.string(), z.string().regex(/^[^\r\n]*$/)),
    tags: z.array(z.strictObject({ name: tag, value: tag })).max(75),
    scheduledAt: time,
    template: given({ id }, { variables: z.record(z.string(), z.union([z.string(), z.number()])) }),
    topicId: id,
  },
);
const hasContent = ({ html, text, template }: { html?: unknown; text?: unknown; template?: unknown }) =>
  (template === undefined) !== (html === undefined && text === undefined);
const contentRule = { error: 'give html or text, or a template alone' };
const email = fields.extend({ attachments: z.array(attachment).optional() }).refine(hasContent, contentRule);

/** Names of one level: custom headers and template variables keep their spelling. */
const wire = (input: object) => ({ json: snakeNames(input) });
const withFiles = ({ attachments, ...input }: { readonly attachments?: readonly object[] | undefined }) =>
  wire({ ...input, attachments: attachments?.map(snakeNames) });
const withoutId = ({ id: _id, ...rest }: { id: string }) => wire(rest);

/** The vendor pages by the id of the last item. */
const pageInput = { limit: z.int().min(1).max(100), after: id, before: id };
const oneWay = ({ after, before }: { after?: string | undefined; before?: string | undefined }) =>
  after === undefined || before === undefined;
const oneWayRule = { error: 'give after or before, not both' };
const pages = given({}, pageInput).refine(oneWay, oneWayRule);
const page = <Item extends z.ZodType>(item: Item) => like({ object: 'list', data: z.array(item) }, { has_more: true });
const paging = {
  items: <Item>(found: { readonly data: readonly Item[] }) => found.data,
  next: <Input extends object>(
    found: { readonly has_more?: boolean | null | undefined; readonly data: readonly { readonly id: string }[] },
    input: Input,
  ) => {
    const last = found.data.at(-1);
    return found.has_more === true && last !== undefined ? { ...input, after: last.id } : undefined;
  },
};

const idempotency = { header: 'Idempotency-Key' };
const emailId = '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794';
const shown = {
  id: emailId,
  to: ['delivered@resend.dev'],
  from: 'Acme <onboarding@resend.dev>',
  created_at: '2026-04-03T22:13:42.674981+00:00',
  subject: 'Hello World',
};
const bodies = { html: '<p>It works.</p>', text: 'It works.', bcc: z.array(z.string()), cc: z.array(z.string()) };
const mail = like(shown, { object: 'email', last_event: 'delivered', ...bodies });
const receipt = like({ id: emailId });
const byId = given({ id: emailId });

export const emails = {
  send: endpoint('POST /emails', {
    summary: 'Sends an email, now or at a time. Repeated safely: every call carries an idempotency key.',
    idempotency,
    input: email,
    encode: withFiles,
    output: receipt,
  }),
  sendBatch: endpoint('POST /emails/batch', {
    summary: 'Sends up to 100 emails without attachments. With `permissive`, good ones go out although others are bad.',
    idempotency,
    input: given(
      { emails: z.array(fields.refine(hasContent, contentRule)).min(1).max(100) },
      { validation: z.enum(['strict', 'permissive']) },
    ),
    encode: ({ emails: list, validation = 'strict' }) => ({
      json: list.map(snakeNames),
      headers: { 'x-batch-validation': validation },
    }),
    output: like({ data: [receipt] }, { errors: z.array(like({ index: 0, message: 'The `to` field is invalid.' })) }),
    example: { answer: { data: [{ id: emailId }] } },
  }),
  get: endpoint('GET /emails/{id}', { summary: 'Reads one email and its last event.', input: byId, output: mail }),
  list: endpoint('GET /emails', {
    summary: 'Lists sent emails, newest first.',
    input: pages,
    output: page(mail),
    paging,
  }),
  reschedule: endpoint('PATCH /emails/{id}', {
    summary: 'Moves a scheduled email to another time.',
    repeat: 'safe',
    input: given({ id: emailId, scheduledAt: time }),
    encode: withoutId,
    output: receipt,
  }),
  cancel: endpoint('POST /emails/{id}/cancel', {
    summary: 'Cancels a scheduled email.',
    repeat: 'safe',
    input: byId,
    output: receipt,
  }),
};

const domainId = 'd91cd9bd-1176-453e-8fc1-35364d380206';
const domain = like(
  { id: domainId, name: 'example.com', status: 'verified' },
  { object: 'domain', created_at: '2026-04-26T20:21:26.347412+00:00', region: 'us-east-1' },
);
const record = like({
  type: 'MX',
  name: 'send',
  value: 'feedback-smtp.us-east-1.amazonses.com',
  status: 'not_started',
});
const tls = z.enum(['opportunistic', 'enforced']);
const tracking = { openTracking: false, clickTracking: z.boolean(), tls };
const oneDomain = given({ id: domainId });
const domainReceipt = like({ id: domainId });
const deleted = (gone: string) => like({ id: gone, deleted: true });

export const domains = {
  list: endpoint('GET /domains', {
    summary: 'Lists sending domains.',
    input: pages,
    output: page(domain),
    paging,
  }),
  create: endpoint('POST /domains', {
    summary: 'Adds a sending domain; its records have to be set at the name server.',
    input: given(
      { name: z.hostname().meta({ examples: ['example.com'] }) },
      {
        region: z.enum(['us-east-1', 'eu-west-1', 'sa-east-1', 'ap-northeast-1']),
        customReturnPath: z.string(),
        ...tracking,
      },
    ),
    encode: wire,
    output: domain.extend({ records: z.array(record) }),
    example: { status: 201 },
  }),
  get: endpoint('GET /domains/{id}', { summary: 'Reads a domain with its records.', input: oneDomain, output: domain }),
  update: endpoint('PATCH /domains/{id}', {
    summary: 'Changes tracking and TLS of a domain.',
    repeat: 'safe',
    input: given({ id: domainId }, tracking),
    encode: withoutId,
    output: domainReceipt,
  }),
  delete: endpoint('DELETE /domains/{id}', {
    summary: 'Removes a domain.',
    input: oneDomain,
    output: deleted(domainId),
  }),
  verify: endpoint('POST /domains/{id}/verify', {
    summary: 'Starts checking the records of a domain.',
    repeat: 'safe',
    input: oneDomain,
    output: domainReceipt,
  }),
};

const received = '4ef9a417-02e9-4d39-ad75-9611e0fcc33c';
const file = like(
  {
    id: '2a0c9ce0-3112-4728-976e-47ddcd16a318',
    download_url: 'https://inbound-cdn.resend.com/4ef9a417/attachments/2a0c9ce0',
    expires_at: '2026-10-17T14:29:41.521Z',
  },
  {
    filename: 'avatar.png',
    size: 4096,
    content_type: 'image/png',
    content_disposition: 'inline',
    content_id: 'img001',
  },
);

export const inbound = {
  get: endpoint('GET /emails/receiving/{id}', {
    summary: 'Reads a received email: its webhook carries no body.',
    input: given({ id: received }),
    output: like({ ...shown, id: received }, { ...bodies, message_id: '<a@example.com>' }),
  }),
  attachments: endpoint('GET /emails/receiving/{emailId}/attachments', {
    summary: 'Lists the attachments of a received email with links that expire.',
    input: given({ emailId: received }, pageInput).refine(oneWay, oneWayRule),
    output: page(file),
    paging,
  }),
};

const suppressionId = 'e169aa45-1ecf-4183-9955-b1499d5701d3';
const one = given({ suppression: 'user@example.com' });

export const suppressions = {
  add: endpoint('POST /suppressions', {
    summary: 'Keeps an address from being mailed.',
    repeat: 'safe',
    input: given({ email: z.email() }),
    output: like({ id: suppressionId }),
    example: { status: 201 },
  }),
  get: endpoint('GET /suppressions/{suppression}', {
    summary: 'Says whether and why an id or address is suppressed.',
    input: one,
    output: like({ id: suppressionId, email: 'user@example.com' }, { origin: 'manual' }),
  }),
  remove: endpoint('DELETE /suppressions/{suppression}', {
    summary: 'Lets an address be mailed again.',
    input: one,
    output: deleted(suppressionId),
  }),
};

const webhookId = '4dd369bc-aa82-4ff3-97de-514ae3000ee0';
const oneWebhook = given({ id: webhookId });
const target = {
  endpoint: https.meta({ examples: ['https://app.example.com/integrations/webhooks/resend'] }),
  events: z
    .array(z.string().min(1))
    .min(1)
    .meta({ examples: [['email.sent']] }),
};
const signingSecret = { signing_secret: 'whsec_ZXhhbXBsZS1zZWNyZXQtb2YtMjQtYnl0ZXM=' };

export const webhookEndpoints = {
  create: endpoint('POST /webhooks', {
    summary: 'Has events posted to an address; the answer holds the signing secret.',
    input: given(target),
    output: like({ id: webhookId, ...signingSecret }),
    example: { status: 201 },
  }),
  get: endpoint('GET /webhooks/{id}', {
    summary: 'Reads a webhook endpoint, its signing secret included.',
    input: oneWebhook,
    output: like({ id: webhookId, ...target }, { status: 'enabled', ...signingSecret }),
  }),
  update: endpoint('PATCH /webhooks/{id}', {
    summary: 'Changes a webhook endpoint; `enabled` revives one that the vendor turned off.',
    repeat: 'safe',
    input: given({ id: webhookId }, { ...target, status: z.enum(['enabled', 'disabled']) }),
    encode: withoutId,
    output: like({ id: webhookId }),
  }),
  delete: endpoint('DELETE /webhooks/{id}', {
    summary: 'Ends an endpoint.',
    input: oneWebhook,
    output: deleted(webhookId),
  }),
};
