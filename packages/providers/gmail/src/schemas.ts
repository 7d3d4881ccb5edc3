/** Scopes, settings, quota and shapes: https://developers.google.com/workspace/gmail/api/reference/rest (2026-11-20). */
import { emailAddressPattern, type Api, type RateLimit } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';
import { googleScope, pages, texts } from '@plugboard/google';

export const scopes = {
  send: googleScope('gmail.send'),
  compose: googleScope('gmail.compose'),
  read: googleScope('gmail.readonly'),
  metadata: googleScope('gmail.metadata'),
  modify: googleScope('gmail.modify'),
  labels: googleScope('gmail.labels'),
  settings: googleScope('gmail.settings.basic'),
  all: 'https://mail.google.com/',
} as const;

const { all, modify, read, metadata, compose } = scopes;
const reading = [read, modify, all];
/** Any one of them is enough, by the vendor's description of revision 20260727; the first allows the least. */
export const needs = {
  send: [scopes.send, compose, modify, all],
  compose: [compose, modify, all],
  read: reading,
  see: [metadata, ...reading],
  profile: [metadata, compose, ...reading],
  change: [modify, all],
  label: [scopes.labels, modify, all],
  seeLabels: [scopes.labels, metadata, ...reading],
  seeSettings: [scopes.settings, ...reading],
} as const;

/**
 * Quota units since 1 May 2026.
 * @see https://developers.google.com/workspace/gmail/api/reference/quota (2026-11-20)
 */
export const limits = [
  { requests: 6000, perMs: 60_000, counts: 'units' },
  { requests: 1_200_000, perMs: 60_000, counts: 'units', per: 'app' },
] as const satisfies readonly RateLimit[];

/** What the reference says of an operation: its page, its price in units, and the scopes of which any will do. */
export const facts = (page: string, cost: number, need: readonly string[]) => ({
  docs: `https://developers.google.com/workspace/gmail/api/reference/rest/v1/users${page}`,
  cost,
  scopes: [need],
});

const label = z.string().min(1).meta({
  title: 'Label',
  description: 'What is listed and watched when a call names no label: `INBOX`, or one of your own.',
});
export const settings = z.strictObject({ labelId: label.optional() });
/** Those that a call names, else that of the settings. */
export function labelsOf(api: Api, given?: string[]): string[] | undefined {
  const { labelId } = api.settings(settings);
  return given ?? (labelId === undefined ? undefined : [labelId]);
}

const address = z.string().regex(emailAddressPattern, { error: 'must be a@b.c or Name <a@b.c>' });
const addresses = z.union([address, z.array(address).min(1).max(500)]);
const attachment = given(
  { filename: z.string().min(1), content: z.instanceof(Uint8Array) },
  { contentType: z.string() },
);
const messageId = z.string().regex(/^<[^<>\s]+>$/, { error: 'must be a message id: <id@host>' });

/** What a mail says; `writeMail` refuses what a schema cannot see. */
export const content = {
  from: address,
  cc: addresses,
  bcc: addresses,
  replyTo: addresses,
  text: 'Hello',
  html: z.string().min(1),
  headers: z.record(z.string(), z.string()),
  attachments: z.array(attachment),
};
export const mail = given(
  { to: addresses.meta({ examples: ['ada@example.com'] }), subject: 'Hello' },
  {
    ...content,
    /** With `inReplyTo`, `references` and the same subject it becomes an answer in this thread. */
    threadId: z.string().min(1),
    inReplyTo: messageId,
    references: z.array(messageId).min(1),
  },
);
export const hasContent = {
  test: ({ text, html }: { readonly text?: string | undefined; readonly html?: string | undefined }) =>
    text !== undefined || html !== undefined,
  rule: { error: 'give text or html', path: ['text'] },
};

/** A mail with 25 MB of attachments, in base64. */
export const largest = 50_000_000;

export const id = '18c1f0a2b3d4e5f6';
const header = like({ name: 'Subject', value: 'Hello' });
/** Parts have parts, to any depth. */
const payload = like(
  {},
  {
    mimeType: 'text/plain',
    filename: z.string(),
    headers: [header],
    body: z.looseObject({}),
    parts: z.array(z.looseObject({})),
  },
);
/** Which members there are depends on the format; ids and times are digits of 64 bits. */
export const message = like(
  { id, threadId: id },
  {
    labelIds: ['INBOX', 'UNREAD'],
    snippet: 'Hello',
    historyId: '987654',
    internalDate: '1795514400000',
    payload,
    sizeEstimate: 612,
    raw: z.string(),
  },
);
const nextPageToken = '09876543210987654321';
const reference = like({ id, threadId: id });
/** Without any message, the list is left out. */
export const messagePage = like({}, { messages: [reference], nextPageToken, resultSizeEstimate: 201 });
export const messagePages = pages((page: z.output<typeof messagePage>) => page.messages);

export const thread = like({ id }, { historyId: '987654', snippet: 'Hello', messages: [message] });
export const threadPage = like(
  {},
  { threads: [like({ id }, { snippet: 'Hello', historyId: '987654' })], nextPageToken },
);
export const threadPages = pages((page: z.output<typeof threadPage>) => page.threads);

const touched = z.array(z.looseObject({ message: reference }));
const history = like(
  { id: '987655' },
  {
    messagesAdded: [like({ message: reference })],
    messagesDeleted: touched,
    labelsAdded: touched,
    labelsRemoved: touched,
  },
);
export const historyPage = like({ historyId: '987656' }, { history: [history], nextPageToken });
export const historyPages = pages((page: z.output<typeof historyPage>) => page.history);

export const listed = {
  labelIds: texts(),
  maxResults: z.int().min(1).max(500),
  q: z.string().min(1),
  includeSpamTrash: z.boolean(),
};
/** What becomes of labels: `UNREAD` away is «read», `INBOX` away is «archived». */
export const relabelled = { addLabelIds: ['STARRED'], removeLabelIds: z.array(z.string().min(1)).max(100) };
