/** Takes known secrets out of text that others wrote. */
import { encodeBase64, encodeHex, encodeUtf8 } from './bytes.ts';

export const mask = '[secret]';
/** Shorter texts hide nothing worth hiding and would tear ordinary words apart. */
const shortestSecret = 4;
/** A beginning shorter than this says which kind of key it is, and no more. */
const shortestBeginning = 8;
/** Longer texts are cut before any pattern runs over them. */
const longestInput = 16_384;
const url = /\bhttps?:\/\/[^\s"'<>\\]+/gi;
// oxlint-disable-next-line no-control-regex -- control characters are what is replaced
const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

export interface RedactOptions {
  /** Longest result in characters. Default 500. */
  readonly maxLength?: number;
}

/**
 * A text fit for an error, a log line or a span: one line, no known secret in any of the forms in which software
 * repeats one (plain, percent-encoded, form-encoded, JSON-escaped, base64 at any offset, hexadecimal), none of which at
 * least half is left, URLs without user name, query and fragment, and bounded length.
 */
export function redact(text: string, secrets: readonly string[], options: RedactOptions = {}): string {
  return redactor(secrets)(text, options);
}

/** The same for many texts: the forms of the secrets are made once. */
export function redactor(secrets: readonly string[]): (text: string, options?: RedactOptions) => string {
  const forms = secretForms(secrets);
  return (text, { maxLength = 500 } = {}) => {
    let clean = text.slice(0, longestInput);
    for (const form of forms) clean = clean.replaceAll(form, mask);
    for (const form of forms) clean = maskBeginnings(clean, form, forms);
    clean = clean.replace(url, withoutQuery).replace(controlCharacters, ' ').trim();
    return clean.length > maxLength ? `${clean.slice(0, maxLength - 1)}…` : clean;
  };
}

/** Where a URL points without what it may carry: its origin, and the template its path was made from. */
export function describeUrl(target: URL, pathTemplate = ''): string {
  return `${target.protocol}//${target.host}${pathTemplate}`;
}

/** Every spelling to look for, longest first so that no form is broken up by a shorter one. */
function secretForms(secrets: readonly string[]): string[] {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < shortestSecret) continue;
    const bytes = encodeUtf8(secret);
    const encoded = [
      encodeURIComponent(secret.toWellFormed()),
      new URLSearchParams([['', secret]]).toString().slice(1),
    ];
    const json = JSON.stringify(secret).slice(1, -1);
    const hex = encodeHex(bytes);
    const spellings = [secret, ...encoded, ...encoded.map(lowerEscapes), json, json.replaceAll('/', '\\/')];
    for (const form of [...spellings, hex, hex.toUpperCase(), ...base64Forms(bytes)]) forms.add(form);
  }
  return [...forms].sort((a, b) => b.length - a.length);
}

/**
 * The characters that the secret gives in base64 when 0, 1 or 2 bytes stand before it in its group (a user name and a
 * colon, say). Characters that also depend on its neighbours are left off.
 */
function base64Forms(bytes: Uint8Array): string[] {
  const forms = [0, 1, 2].flatMap((offset) => {
    const shifted = new Uint8Array(offset + bytes.length);
    shifted.set(bytes, offset);
    const encoded = encodeBase64(shifted).replaceAll('=', '');
    const certain = encoded.slice(offset === 0 ? 0 : offset + 1, Math.floor((shifted.length * 8) / 6));
    return [certain, certain.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return forms.filter((form) => form.length >= shortestSecret);
}

function lowerEscapes(encoded: string): string {
  return encoded.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
}

/** Masks what begins like the form and goes on like any of them for at least half: messages quote keys cut short. */
function maskBeginnings(text: string, form: string, forms: readonly string[]): string {
  const head = form.slice(0, Math.max(shortestBeginning, Math.ceil(form.length / 2)));
  if (head.length === form.length) return text;
  let clean = '';
  let rest = 0;
  for (let at = text.indexOf(head); at !== -1; at = text.indexOf(head, rest)) {
    clean += text.slice(rest, at) + mask;
    rest = at + Math.max(...forms.map((other) => sharedLength(text, at, other)));
  }
  return clean + text.slice(rest);
}

/** How many characters from `at` on are those that the form begins with. */
function sharedLength(text: string, at: number, form: string): number {
  let length = 0;
  while (length < form.length && text[at + length] === form[length]) length++;
  return length;
}

function withoutQuery(found: string): string {
  if (!URL.canParse(found)) return mask;
  const { protocol, host, pathname } = new URL(found);
  return `${protocol}//${host}${pathname}`;
}
