/** Takes known secrets out of text that others wrote. */
import { encodeBase64, encodeHex, encodeUtf8 } from './bytes.ts';

const mask = '[secret]';
/** Shorter texts hide nothing worth hiding and would tear ordinary words apart. */
const shortestSecret = 4;
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
  const maxLength = options.maxLength ?? 500;
  let clean = text.slice(0, longestInput);
  for (const form of secretForms(secrets)) clean = maskForm(clean, form);
  clean = clean.replace(url, withoutQuery).replace(controlCharacters, ' ').trim();
  return clean.length > maxLength ? `${clean.slice(0, maxLength - 1)}…` : clean;
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
    const percent = encodeURIComponent(secret.toWellFormed());
    const form = new URLSearchParams([['', secret]]).toString().slice(1);
    const json = JSON.stringify(secret).slice(1, -1);
    const hex = encodeHex(bytes);
    const plain = [secret, percent, percent.toLowerCase(), form, json, json.replaceAll('/', '\\/'), hex, hex.toUpperCase()];
    for (const spelling of [...plain, ...base64Forms(bytes)]) forms.add(spelling);
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

/** Masks the form, and any beginning of it that holds at least half: messages quote keys cut short. */
function maskForm(text: string, form: string): string {
  const head = form.slice(0, Math.max(Math.min(form.length, 8), Math.ceil(form.length / 2)));
  let at = text.indexOf(head);
  if (at === -1) return text;
  let clean = '';
  let rest = 0;
  while (at !== -1) {
    let length = head.length;
    while (length < form.length && text[at + length] === form[length]) length++;
    clean += text.slice(rest, at) + mask;
    rest = at + length;
    at = text.indexOf(head, rest);
  }
  return clean + text.slice(rest);
}

function withoutQuery(found: string): string {
  if (!URL.canParse(found)) return mask;
  const { protocol, host, pathname } = new URL(found);
  return `${protocol}//${host}${pathname}`;
}
