/**
 * Events and inbound mail. The signature stands in the body, JSON or form, and covers a time and a token, not the body:
 * https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks (2026-11).
 */
import {
  at,
  checkInput,
  encodeBase64,
  encodeHex,
  encodeUtf8,
  fieldValue,
  hash,
  hmac,
  hmacMatch,
} from '@plugboard/core';
import { parseForm, parseJson, signatureScheme, text, type Delivery, type Json } from '@plugboard/core';
import type { FormField, MultipartField, WebhookDefinition, WebhookEvent, WebhookVector } from '@plugboard/core';
import { like, z } from '@plugboard/core/fields';

const megabyte = 1_048_576;
/** Files beyond it come without their content; their names and sizes stay. */
const mostContent = 20 * megabyte;
const signed = ['timestamp', 'token', 'signature'];

const formOf = ({ body, headers }: Delivery) => parseForm(body, headers.get('content-type'));
const bodyOf = ({ body }: Delivery) => jsonOf(new TextDecoder().decode(body));

function jsonOf(given: string | undefined): Json | undefined {
  try {
    return given === undefined ? undefined : parseJson(given);
  } catch {
    return undefined;
  }
}

/** A text, also where it was sent as a number. */
const scalar = (given: Json | undefined) => (typeof given === 'number' ? String(given) : text(given));

/** A value of the signature: of the form, or of the member that JSON has for it. Twice is as good as none. */
function signatureOf(delivery: Delivery): ((name: string) => string | undefined) | undefined {
  const fields = formOf(delivery);
  const once = (name: string) => fields?.filter((field) => field.name === name).length === 1;
  if (fields !== undefined) return (name) => (once(name) ? text(fieldValue(fields, name)) : undefined);
  const body = bodyOf(delivery);
  return body === undefined ? undefined : (name) => scalar(at(body, 'signature', name));
}

const event = like({ id: 'CPgfbmQMTCKtHW6uIWtuVe', event: 'delivered', timestamp: 1521472262.908181 });
const post = like({ 'event-data': event.extend({ domain: like({ name: 'mg.example.com' }).nullish() }) });
const mail = like({ recipient: 'alice@mg.example.com' }, { domain: 'mg.example.com' });

function parse(delivery: Delivery): readonly WebhookEvent[] {
  const fields = formOf(delivery);
  if (fields !== undefined) return [inboundEvent(fields)];
  const { 'event-data': data } = checkInput(post, bodyOf(delivery) ?? null, 'The webhook body');
  const { id, event: type, timestamp, domain } = data;
  return [{ type, id, data: data as Json, occurredAt: new Date(timestamp * 1000), ...accountOf(domain?.name) }];
}

/** Mail for a route: the vendor's fields, and the files. Its id is the signed token, since senders choose theirs. */
function inboundEvent(fields: readonly FormField[]): WebhookEvent {
  const texts = fields.filter((field) => !signed.includes(field.name) && !('filename' in field));
  const values = texts.map(({ name, value }) => [name, value] as const);
  const given = checkInput(mail, Object.fromEntries(values), 'The webhook body') as Readonly<Record<string, string>>;
  const listed = (name: string) => ((list) => (Array.isArray(list) ? (list as Json[]) : []))(jsonOf(given[name]));
  // A notification of stored mail lists its files with their addresses instead of holding them.
  const attachments = [...filesOf(fields as readonly MultipartField[]), ...listed('attachments')];
  const data = { ...given, 'message-headers': listed('message-headers'), attachments };
  return { type: 'email.received', data, ...accountOf(given['domain'] ?? given['recipient']?.split('@').at(-1)) };
}

function filesOf(fields: readonly MultipartField[]): Json[] {
  let left = mostContent;
  return fields.flatMap(({ name: field, filename, contentType = null, bytes }) => {
    if (filename === undefined) return [];
    const fits = bytes.length <= left;
    if (fits) left -= bytes.length;
    const content = fits ? encodeBase64(bytes) : null;
    return [{ field, name: filename, 'content-type': contentType, size: bytes.length, content }];
  });
}

const accountOf = (domain: string | undefined) => (domain === undefined ? {} : { accountId: domain.toLowerCase() });

/** Puts a signature into a body as the vendor does; into a multipart one where there is one already. */
async function signBody({ body, at: moment }: { body: string; at: Date }, secret: string): Promise<string> {
  const timestamp = String(Math.floor(moment.getTime() / 1000));
  const token = encodeHex(await hash('sha256', `${timestamp} ${body}`)).slice(0, 50);
  const signature = encodeHex(await hmac('sha256', encodeUtf8(secret), `${timestamp}${token}`));
  const values = { timestamp, token, signature };
  if (body.startsWith('{')) return JSON.stringify({ ...(parseJson(body) as object), signature: values });
  const put = (form: string, [name, value]: [string, string]) =>
    form.replace(new RegExp(`(name="${name}"\r\n\r\n)[^\r]*`), `$1${value}`);
  if (body.startsWith('--')) return Object.entries(values).reduce(put, body);
  return new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(body)), ...values }).toString();
}

// Made with node:crypto; the vendor publishes none.
const vector = { source: 'computed', secret: 'key-0123456789abcdef', at: '2023-11-14T22:13:30Z', ok: true } as const;
const signature = 'e267364a905adfdea86a44c0694486c6dab043e081db5143f6c24c1b08ee1aff';
const proof = { timestamp: '1700000000', token: 'a'.repeat(50), signature };
const letter = { recipient: 'alice@mg.example.com', sender: 'bob@example.org', subject: 'Hi', 'body-plain': 'Hello' };
const inJson = (given: object): Pick<WebhookVector, 'headers' | 'body'> => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    signature: { ...proof, ...given },
    'event-data': {
      id: 'CPgfbmQMTCKtHW6uIWtuVe',
      event: 'delivered',
      timestamp: 1521472262.908181,
      recipient: 'alice@example.com',
      domain: { name: 'mg.example.com' },
    },
  }),
});
const part = (disposition: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
const letterParts = Object.entries({ ...letter, ...proof }).map(([name, value]) => part(`name="${name}"`, value));
const letterWithFile = [...letterParts, part('name="attachment-1"; filename="a.txt"', 'file'), '--b--\r\n'].join('');

export const webhooks = {
  docs: 'https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks',
  secrets: ({ app, credentials }) => [
    credentials['webhookSigningKey'],
    credentials['parentSigningKey'],
    app['webhookSigningKey'],
  ],
  verify: signatureScheme({
    ...hmacMatch({ algorithm: 'sha256', encoding: 'hex' }),
    // The vendor tries again for eight hours, and does not say whether it signs anew.
    timestamp: { unit: 'seconds', toleranceSeconds: 43_200 },
    read(delivery) {
      const value = signatureOf(delivery);
      if (value === undefined) return 'malformed';
      const [timestamp, token, own] = signed.map(value);
      if (timestamp === undefined || token === undefined || own === undefined) return 'signature_missing';
      // Of a subaccount's events there is one by the parent's key, too.
      const signatures = [own, value('parent-signature') ?? own];
      const content = timestamp + token;
      const id = { deliveryId: content, deliveryIdSigned: true, bodySigned: false } as const;
      return { signatures, contents: [[content]], timestamp, ...id };
    },
  }),
  parse,
  // 406 ends the vendor's tries; everything else is tried again for hours.
  refusals: {
    signature_missing: 406,
    signature_invalid: 406,
    malformed: 406,
    replayed: 406,
    timestamp_invalid: 406,
    timestamp_outside_tolerance: 406,
  },
  maxBytes: 32 * megabyte,
  events: {
    accepted: event,
    delivered: event,
    opened: event,
    clicked: event,
    unsubscribed: event,
    complained: event,
    stored: event,
    rejected: event,
    failed: event,
    'email.received': mail.extend({ attachments: z.array(z.json()) }),
  },
  vectors: [
    { ...vector, name: 'an event as JSON', ...inJson({}), events: ['delivered'] },
    {
      ...vector,
      name: 'inbound mail as a form',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ ...letter, ...proof }).toString(),
      events: ['email.received'],
    },
    {
      ...vector,
      name: 'inbound mail with a file',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
      body: letterWithFile,
      events: ['email.received'],
    },
    { ...vector, name: 'the signature of another token', ...inJson({ token: 'b'.repeat(50) }), ok: false },
  ],
  sign: () => Promise.resolve({}),
  signBody,
} satisfies WebhookDefinition;
