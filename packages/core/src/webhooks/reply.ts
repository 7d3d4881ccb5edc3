/** What the vendor gets back: the default answers, the refusals, and what a handler of the host asks for. */
import { configurationError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { RejectReason, Refusals, WebhookReply } from './webhook.ts';

const statusOfReason: Readonly<Record<RejectReason, number>> = {
  signature_missing: 401,
  signature_invalid: 401,
  timestamp_invalid: 401,
  timestamp_outside_tolerance: 401,
  malformed: 400,
  replayed: 401,
  key_unavailable: 503,
};

/** They frame the message or change whose page it is: a handler has no business with them. */
const reservedHeaders = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'set-cookie',
  'transfer-encoding',
]);
const members = new Set(['status', 'headers', 'body']);
const withoutBody = new Set([204, 205]);

/** A reply whose body is JSON: for handlers whose answer the vendor shows, as of slash commands. Default status 200. */
export function jsonReply(value: Json, status = 200): WebhookReply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** The type of a problem of RFC 9457 and its title, which names the type and is the same whenever it occurs. */
export function problemType(code: string): { readonly type: string; readonly title: string } {
  const words = code.replaceAll('_', ' ');
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  return { type: `urn:plugboard:problem:${encodeURIComponent(code.toWellFormed())}`, title };
}

export function problem(status: number, code: string): WebhookReply {
  const headers = { 'content-type': 'application/problem+json' };
  return { status, headers, body: JSON.stringify({ ...problemType(code), status, code }) };
}

export function refusal(reason: RejectReason, refusals: Refusals = {}): WebhookReply {
  return problem(refusals[reason] ?? statusOfReason[reason], reason);
}

/**
 * What a handler returned; undefined when it returned nothing.
 * @throws PlugboardError kind `configuration`, code `invalid_reply`, for what is no answer of status 200 to 299.
 */
export function checkReply(value: unknown): WebhookReply | undefined {
  if (value === undefined || value === null) return undefined;
  const fault = faultOf(value);
  if (fault === undefined) return value as WebhookReply;
  throw configurationError(
    'invalid_reply',
    `A webhook handler returned something that is no reply: ${fault}.`,
    'Return nothing, or { status: 200 to 299, headers?, body? } with a text as body, as `jsonReply` makes it.',
  );
}

function faultOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it is no object';
  const { status, headers = {}, body } = value as Partial<Record<keyof WebhookReply, unknown>>;
  const unknown = Object.keys(value).find((name) => !members.has(name));
  if (unknown !== undefined) return 'it has other members than `status`, `headers` and `body`';
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 299)
    return '`status` is not 200 to 299';
  if (body !== undefined && typeof body !== 'string') return '`body` is no text';
  if (typeof headers !== 'object' || headers === null) return '`headers` is no object';
  const entries = Object.entries(headers as object);
  if (entries.some(([, text]) => typeof text !== 'string' || /[\r\n\0]/.test(text)))
    return 'a header is no single line';
  if (entries.some(([name]) => reservedHeaders.has(name.toLowerCase()))) return "a header is not the handler's to set";
  try {
    void new Headers(entries as [string, string][]);
    return undefined;
  } catch {
    // Not the error's own message: it quotes the value.
    return 'a header cannot be sent';
  }
}

export function responseOf({ status, headers = {}, body = '' }: WebhookReply): Response {
  const sent = new Headers(headers);
  sent.set('x-content-type-options', 'nosniff');
  sent.set('cache-control', 'no-store');
  return new Response(withoutBody.has(status) ? null : body, { status, headers: sent });
}
