/**
 * Reads credentials out of a request, at the places where a `Sign` puts them. How they are written there is learned by
 * signing two requests with an example and looking where its values appear, and what differs: a date, a signature.
 */
import type { Credentials, OutgoingRequest, Sign } from '../auth/auth.ts';
import { decodeBase64, decodeUtf8 } from '../bytes.ts';
import { member, parseJson, text, type Json } from '../json.ts';
import { reveal } from '../secret.ts';
import { escapePattern } from './pattern.ts';
import { anyValues, placeholder } from './placeholders.ts';

export interface CredentialReader {
  /** True when no place of a request to this origin holds credentials: if there is one, the address itself is it. */
  readonly inAddress: boolean;
  /**
   * Values by credential field. Empty when something is there that no value can be read from, a signature for example;
   * undefined when nothing is there.
   */
  read(request: SignedRequest): Readonly<Record<string, string>> | undefined;
}

export interface SignedRequest extends Pick<Request, 'headers' | 'url'> {
  /** The body, where it is JSON. */
  readonly json?: Json | undefined;
}

/** One place and how credentials are written in it; without a template no value can be read from it. */
interface Place {
  find(headers: Headers, url: URL, json: Json | undefined): string | undefined;
  readonly template: Template | undefined;
}

interface Template {
  readonly pattern: RegExp;
  readonly fields: readonly string[];
  /** RFC 7617: the template is of the text inside the base64. */
  readonly basic: boolean;
}

/**
 * @param example Values that the sign accepts.
 * @param origin Where requests go: a sign may treat the hosts of its vendor differently.
 */
export async function learnCredentialReader(
  sign: Sign,
  example: Credentials,
  origin: string,
): Promise<CredentialReader> {
  const signed: OutgoingRequest = { method: 'POST', url: new URL(origin), headers: new Headers(), body: '{}' };
  const other: OutgoingRequest = { method: 'POST', url: new URL(origin), headers: new Headers(), body: '{"a":1}' };
  try {
    await sign.apply(signed, { credentials: example, app: anyValues(), now: 0 });
    await sign.apply(other, { credentials: example, app: anyValues(), now: Date.UTC(2001, 8, 9, 1, 46, 40) });
  } catch {
    // These credentials are for other hosts.
    return { inAddress: false, read: () => undefined };
  }
  const places = sign.places.flatMap((place) => learnPlace(place, [signed, other], example) ?? []);
  return {
    inAddress: places.length === 0,
    read({ headers, url, json }) {
      const found: Record<string, string> = {};
      for (const { find, template } of places) {
        const written = find(headers, new URL(url), json);
        if (written === undefined) return undefined;
        const values = template === undefined ? {} : readTemplate(template, written);
        if (values === undefined) return undefined;
        Object.assign(found, values);
      }
      return found;
    },
  };
}

/** Undefined when the sign puts nothing there. */
function learnPlace(
  place: string,
  [signed, other]: readonly [OutgoingRequest, OutgoingRequest],
  example: Credentials,
): Place | undefined {
  const [where = '', name = ''] = place.split(/:(.*)/s);
  const find: Place['find'] = (headers, url, json) => {
    if (where === 'header') return headers.get(name) ?? undefined;
    if (where === 'query') return url.searchParams.get(name) ?? undefined;
    return where === 'body' ? text(member(json, name)) : url.pathname;
  };
  const textOf = ({ headers, url, body }: OutgoingRequest) =>
    find(headers, url, typeof body === 'string' ? parseJson(body) : undefined);
  const written = textOf(signed);
  if (written === undefined) return undefined;
  const template = learnTemplate([written, textOf(other) ?? written], example, where === 'path');
  // A value of the app, which a host may have or not, is no credential of the connection.
  if (template === undefined && written.includes(placeholder)) return undefined;
  // A path from which nothing can be read is the whole credential: that of a webhook URL.
  return where === 'path' && template === undefined ? undefined : { find, template };
}

type Texts = readonly [string, string];

function learnTemplate(texts: Texts, example: Credentials, prefixOnly: boolean): Template | undefined {
  const basic = texts.every((text) => decodeBasic(text) !== undefined);
  const inner = texts.map((text) => (basic ? decodeBasic(text)! : text)) as [string, string];
  const template = templateOf(inner, example, prefixOnly);
  return template && { ...template, basic };
}

function templateOf(texts: Texts, example: Credentials, prefixOnly: boolean): Omit<Template, 'basic'> | undefined {
  const [parts, others] = texts.map((text) => partsOf(text, example)) as [Parts, Parts];
  const fields = parts.filter((part) => typeof part !== 'string').map((part) => part.field);
  if (fields.length === 0) return undefined;
  const source = parts.map((part, index) => (typeof part === 'string' ? common(part, others[index]) : '(.+?)'));
  return { fields, pattern: new RegExp(`^${source.join('')}${prefixOnly ? '' : '$'}`, 'is') };
}

/** What two texts begin and end with, in whole words; anything may stand between where they differ. */
function common(text: string, other: Parts[number] | undefined): string {
  if (typeof other !== 'string' || text === other) return escapePattern(text);
  const least = Math.min(text.length, other.length);
  let start = 0;
  while (start < least && text[start] === other[start]) start++;
  let end = 0;
  while (end < least - start && text.at(-1 - end) === other.at(-1 - end)) end++;
  // Two signatures may begin alike by chance.
  const head = text.slice(0, start).replace(/(?<![A-Za-z0-9])[A-Za-z0-9]+$/, '');
  const tail = text.slice(text.length - end).replace(/^[A-Za-z0-9]+/, '');
  return `${escapePattern(head)}.*?${escapePattern(tail)}`;
}

type Parts = readonly (string | { readonly field: string })[];

/** The text, taken apart where values of the example stand. */
function partsOf(text: string, example: Credentials): Parts {
  const values = Object.entries(example).filter((entry): entry is [string, NonNullable<(typeof entry)[1]>] =>
    Boolean(entry[1]),
  );
  // Longer values first: a short one may be a part of them.
  const candidates = values
    .map(([field, value]) => ({ field, value: reveal(value) }))
    .toSorted((a, b) => b.value.length - a.value.length);
  let parts: Parts = [text];
  for (const { field, value } of candidates) {
    parts = parts.flatMap((part) => {
      if (typeof part !== 'string' || value === '') return [part];
      return part.split(value).flatMap((piece, index) => (index === 0 ? [piece] : [{ field }, piece]));
    });
  }
  return parts;
}

function readTemplate({ pattern, fields, basic }: Template, text: string): Record<string, string> | undefined {
  const inner = basic ? decodeBasic(text) : text;
  const match = inner === undefined ? null : pattern.exec(inner);
  return match === null ? undefined : Object.fromEntries(fields.map((field, index) => [field, match[index + 1]!]));
}

function decodeBasic(text: string): string | undefined {
  const bytes = decodeBase64(/^Basic +(\S+)$/i.exec(text)?.[1] ?? '');
  return bytes === undefined || bytes.length === 0 ? undefined : decodeUtf8(bytes);
}
