/** Mails on their way out: written here, or written already. */
import { encodeBase64url, encodeUtf8, endpoint, operation, text as textOf } from '@plugboard/core';
import type { Api, CallOptions } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';
import { texts } from '@plugboard/google';

import { writeMail, type Mail } from './mail.ts';
import { content, facts, hasContent, id, largest, mail, message, needs } from './schemas.ts';

const raw = z
  .string()
  .regex(/^[\w-]+$/)
  .meta({ examples: ['RnJvbTogYUBleGFtcGxlLmNvbQ0KVG86IGJAZXhhbXBsZS5jb20NClN1YmplY3Q6IEhpDQoNCkhlbGxv'] });
const threadId = z.string().min(1);
const sent = like({ id, threadId: id }, { labelIds: ['SENT'] });

/** As the vendor takes it in: at most 500 recipients, for consumers some 500 mails a day. */
const sendRaw = endpoint('POST /users/me/messages/send', {
  summary: 'Sends a mail that is written already (RFC 2822, base64url).',
  ...facts('.messages/send', 100, needs.send),
  input: given({ raw }, { threadId }),
  output: sent,
});
const sendLarge = endpoint('POST /users/me/messages/send', {
  summary: 'Sends a mail of up to 36,700,160 bytes that is written already.',
  ...facts('.messages/send', 100, needs.send),
  baseUrl: 'https://gmail.googleapis.com/upload/gmail/v1',
  input: given({ mail: 'From: a@example.com\r\nTo: b@example.com\r\nSubject: Hi\r\n\r\nHello' }, { threadId }),
  encode: ({ mail: written, ...metadata }) => related(metadata, written),
  output: sent,
});

/** Two parts (RFC 2387): what is said of the mail, and the mail, which is ASCII. */
function related(metadata: object, written: string) {
  let boundary = 'part';
  while (written.includes(boundary)) boundary += '_';
  const parts = [
    `--${boundary}`,
    'Content-Type: application/json; charset=UTF-8',
    '',
    JSON.stringify(metadata),
    `--${boundary}`,
    'Content-Type: message/rfc822',
    '',
    written,
    `--${boundary}--`,
  ];
  return {
    query: { uploadType: 'multipart' },
    body: parts.join('\r\n'),
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
  };
}

/** Above it, base64 in JSON would be a waste, and above some limit refused. */
const largeBytes = 2_000_000;

export async function send(api: Api, given: Mail & { readonly threadId?: string | undefined }, options: CallOptions) {
  const written = writeMail(given);
  const inThread = given.threadId !== undefined && { threadId: given.threadId };
  return written.length > largeBytes
    ? api.call(sendLarge, { mail: written, ...inThread }, options)
    : api.call(sendRaw, { raw: encodeBase64url(encodeUtf8(written)), ...inThread }, options);
}

/** Also what an answer is made of. */
export const getMessage = endpoint('GET /users/me/messages/{id}', {
  summary: 'Reads a mail: all of it, its headers, or as it came.',
  ...facts('.messages/get', 20, needs.see),
  input: given({ id }, { format: z.enum(['full', 'metadata', 'minimal', 'raw']), metadataHeaders: texts() }),
  output: message,
  maxBytes: largest,
});

const answered = ['Message-ID', 'References', 'Subject', 'From', 'Reply-To', 'To', 'Cc'];

/** Addresses of a header: commas inside quotes separate nothing. */
const addressesOf = (header = '') =>
  (header.match(/(?:"(?:\\.|[^"\\])*"|[^",])+/g) ?? []).map((one) => one.trim()).filter(Boolean);

/** An answer to a mail, in its thread. */
async function reply(api: Api, input: z.output<typeof replyInput>, options: CallOptions) {
  const { messageId, toAll = false, ...given } = input;
  const original = await api.call(
    getMessage,
    { id: messageId, format: 'metadata', metadataHeaders: answered },
    options,
  );
  const header = (name: string) =>
    original.payload?.headers
      ?.find((one) => one.name.toLowerCase() === name)
      ?.value.split(/[\r\n]+/)
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .join(' ');
  const subject = header('subject') ?? '';
  const parent = header('message-id');
  const references = (header('references') ?? '').match(/<[^<>\s]+>/g) ?? [];
  const to = addressesOf(header('reply-to') ?? header('from'));
  const own = textOf(api.metadata['email'])?.toLowerCase();
  const others = [...addressesOf(header('to')), ...addressesOf(header('cc'))].filter(
    (one) => own === undefined || !one.toLowerCase().includes(own),
  );
  return send(
    api,
    {
      to,
      ...(toAll && others.length > 0 && { cc: others }),
      subject: /^re:/i.test(subject) ? subject : `Re: ${subject}`,
      ...given,
      threadId: original.threadId,
      ...(parent !== undefined && { inReplyTo: parent, references: [...references, parent] }),
    },
    options,
  );
}
const { cc, bcc, from, text, html, attachments, headers } = content;
const replyInput = given(
  { messageId: id },
  { text, html, from, cc, bcc, attachments, headers, toAll: z.boolean() },
).refine(hasContent.test, hasContent.rule);

/** Joins what is read, in `messages`. */
export const outgoing = {
  send: operation({
    summary:
      'Sends a mail: text, html or both, with attachments; never twice, so that a lost answer is for you to judge.',
    docs: 'https://developers.google.com/workspace/gmail/api/guides/sending',
    scopes: [needs.send],
    input: mail.refine(hasContent.test, hasContent.rule),
    run: send,
  }),
  reply: operation({
    summary: 'Answers a mail in its thread, to whoever wrote it or to all.',
    docs: 'https://developers.google.com/workspace/gmail/api/guides/threads',
    scopes: [needs.send, needs.see],
    input: replyInput,
    run: reply,
  }),
  sendRaw,
  sendLarge,
};

const draft = like({ id: 'r-1234567890', message: sent });
const createRaw = endpoint('POST /users/me/drafts', {
  summary: 'Keeps a mail that is written already as a draft.',
  ...facts('.drafts/create', 10, needs.compose),
  input: given({ raw }, { threadId }),
  encode: (json) => ({ json: { message: json } }),
  output: draft,
});

export const drafts = {
  create: operation({
    summary: 'Writes a draft.',
    docs: 'https://developers.google.com/workspace/gmail/api/guides/drafts',
    scopes: [needs.compose],
    input: mail.refine(hasContent.test, hasContent.rule),
    run: (api, { threadId: thread, ...input }, options) =>
      api.call(
        createRaw,
        { raw: encodeBase64url(encodeUtf8(writeMail(input))), ...(thread && { threadId: thread }) },
        options,
      ),
  }),
  createRaw,
  send: endpoint('POST /users/me/drafts/send', {
    summary: 'Sends a draft.',
    ...facts('.drafts/send', 100, needs.compose),
    input: given({ id: 'r-1234567890' }),
    output: sent,
  }),
};
