/** A mail as bytes on the wire: RFC 5322 with MIME (RFC 2045), everything in ASCII. */
import { encodeBase64, encodeUtf8, invalidInput } from '@plugboard/core';

export interface Attachment {
  readonly filename: string;
  readonly content: Uint8Array;
  readonly contentType?: string | undefined;
}

type Several = string | readonly string[] | undefined;

export interface Mail {
  readonly from?: string | undefined;
  readonly to: Several;
  readonly cc?: Several;
  readonly bcc?: Several;
  readonly replyTo?: Several;
  readonly subject: string;
  readonly text?: string | undefined;
  readonly html?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly attachments?: readonly Attachment[] | undefined;
  /** Message-ID of the mail that this one answers: `<id@host>`. */
  readonly inReplyTo?: string | undefined;
  readonly references?: readonly string[] | undefined;
}

const mostRecipients = 500;
const lineEnd = '\r\n';
/** Longest line (RFC 5322 section 2.1.1), and the length at which lines are broken. */
const [longestLine, usualLine, foldedLine] = [998, 76, 70];
/** What a mail says by other members; a second one of them would be another mail to some readers. */
const own = /^(from|to|cc|bcc|reply-to|subject|in-reply-to|references|mime-version|content-.*)$/i;

/**
 * The whole mail. A header cannot end before its value does: line breaks are refused, not removed.
 * @throws PlugboardError code `invalid_input`.
 */
export function writeMail(mail: Mail): string {
  const { from, to, cc, bcc, replyTo, subject, inReplyTo, references = [], headers = {} } = mail;
  const recipients = [to, cc, bcc].flatMap(listOf);
  if (recipients.length > mostRecipients) throw refused('to', `has more than ${mostRecipients} recipients`);
  const custom = Object.entries(headers).map(([name, value]) => {
    if (!/^[!-9;-~]{1,76}$/.test(name) || own.test(name))
      throw refused('headers', `cannot hold \`${printable(name)}\``);
    return header(name, value);
  });
  const head = [
    addresses('From', from),
    addresses('To', to),
    addresses('Cc', cc),
    addresses('Bcc', bcc),
    addresses('Reply-To', replyTo),
    header('Subject', subject),
    ids('In-Reply-To', listOf(inReplyTo)),
    ids('References', references),
    ...custom,
  ].filter((line) => line !== '');
  return [...head, content(mail)].join(lineEnd);
}

function header(name: string, value: string): string {
  return `${name}: ${unstructured(single(value, name))}`;
}

function addresses(name: string, given: Several): string {
  const written = listOf(given).map((address) => writeAddress(single(address, name), name));
  return written.length === 0 ? '' : `${name}: ${written.join(`,${lineEnd} `)}`;
}

function ids(name: string, given: readonly string[]): string {
  const bad = given.find((id) => !/^<[!-;=?-~]{1,900}>$/.test(id));
  if (bad !== undefined) throw refused(name, 'holds no message id: <id@host>');
  return given.length === 0 ? '' : `${name}: ${given.join(`${lineEnd} `)}`;
}

/** `Jane Doe <jane@example.com>` with a name that may be anything. */
function writeAddress(address: string, field: string): string {
  const [, given, bracketed] = /^([^<>]*)<([^<>]*)>$/.exec(address.trim()) ?? [];
  const email = bracketed ?? address.trim();
  if (!/^[!-;=?A-~]+@[!-;=?A-~]+$/.test(email) || email.includes(','))
    throw refused(field, 'holds no address in ASCII');
  // The quotes of a name that came quoted are not part of it.
  const name = (given ?? '').trim().replace(/^"(.*)"$/, (_, inside: string) => inside.replaceAll(/\\(.)/g, '$1'));
  if (name === '') return email;
  const isAtoms = /^[\w!#$%&'*+\-/=?^`{|}~ ]+$/.test(name) && !name.includes('=?');
  const isAscii = /^[ -~]+$/.test(name) && !name.includes('=?');
  const phrase = isAtoms ? name : isAscii ? `"${name.replaceAll(/["\\]/g, '\\$&')}"` : encodedWords(name);
  return `${phrase} <${email}>`;
}

/** A text where anything may stand, with lines broken at spaces; as encoded words where ASCII cannot say it. */
function unstructured(value: string): string {
  const isPlain =
    /^[ -~]*$/.test(value) && !value.includes('=?') && value.split(' ').every((word) => word.length < 900);
  if (!isPlain) return encodedWords(value);
  return value.length <= usualLine ? value : folded(value);
}

/** RFC 5322, section 2.2.3: broken before words that would not fit, never so that a line has nothing but spaces. */
function folded(value: string): string {
  const lines = [''];
  for (const [index, word] of value.split(' ').entries()) {
    const line = lines.at(-1)!;
    const fits = word === '' || line.trim() === '' || line.length + 1 + word.length <= foldedLine;
    if (index === 0) lines[0] = word;
    else if (fits) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join(`${lineEnd} `);
}

/** RFC 2047: words of at most 75 characters, each of whole code points. */
function encodedWords(value: string): string {
  const words: string[] = [];
  let held = '';
  for (const character of value) {
    if (encodeUtf8(held + character).length > 45) {
      words.push(held);
      held = '';
    }
    held += character;
  }
  return [...words, held].map((word) => `=?UTF-8?B?${encodeBase64(encodeUtf8(word))}?=`).join(`${lineEnd} `);
}

/** The headers of the content, an empty line, and the content. */
function content({ text, html, attachments = [] }: Mail): string {
  if (attachments.length === 0 && html === undefined && isSevenBit(text ?? '')) return lineEnd + lines(text ?? '');
  const bodies = [
    ...(text === undefined ? [] : [part('text/plain; charset=utf-8', encodeUtf8(lines(text)))]),
    ...(html === undefined ? [] : [part('text/html; charset=utf-8', encodeUtf8(lines(html)))]),
  ];
  const body = bodies.length === 1 ? bodies[0]! : multipart('alternative', bodies);
  const whole = attachments.length === 0 ? body : multipart('mixed', [body, ...attachments.map(attached)]);
  return `MIME-Version: 1.0${lineEnd}${whole}`;
}

function attached({ filename, content: bytes, contentType = 'application/octet-stream' }: Attachment): string {
  if (!/^[\w.+-]+\/[\w.+-]+$/.test(contentType)) throw refused('attachments', 'has a content type that is none');
  const name = single(filename, 'attachments');
  const fallback = name.replaceAll(/[^ !#-[\]-~]/g, '_');
  // RFC 2231 says what the name is; older readers take the fallback.
  const exact = fallback === name ? '' : `;${lineEnd} filename*=UTF-8''${percent(name)}`;
  return part(contentType, bytes, `Content-Disposition: attachment; filename="${fallback}"${exact}${lineEnd}`);
}

function percent(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replaceAll(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
}

function part(contentType: string, bytes: Uint8Array, more = ''): string {
  const encoded = encodeBase64(bytes).replaceAll(/.{76}(?=.)/g, `$&${lineEnd}`);
  return `Content-Type: ${contentType}${lineEnd}${more}Content-Transfer-Encoding: base64${lineEnd}${lineEnd}${encoded}`;
}

/** Every leaf is base64, in which no boundary of these can stand; an inner one must not begin like the outer one. */
function multipart(kind: 'alternative' | 'mixed', parts: readonly string[]): string {
  const boundary = `=_${kind}_=`;
  const body = parts.map((one) => `--${boundary}${lineEnd}${one}${lineEnd}`).join('');
  return `Content-Type: multipart/${kind}; boundary="${boundary}"${lineEnd}${lineEnd}${body}--${boundary}--`;
}

function isSevenBit(text: string): boolean {
  return /^[\t\r\n -~]*$/.test(text) && text.split(/\r\n|\r|\n/).every((line) => line.length <= longestLine);
}

function lines(text: string): string {
  return text.replaceAll(/\r\n|\r|\n/g, lineEnd);
}

function single(value: string, field: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f\u2028\u2029]/.test(value))
    throw refused(field, 'holds a line break or another control character');
  return value.toWellFormed();
}

function listOf(given: Several): readonly string[] {
  return given === undefined ? [] : typeof given === 'string' ? [given] : given;
}

function printable(name: string): string {
  return name.slice(0, 40).replaceAll(/[^ -~]/g, '?');
}

function refused(field: string, message: string) {
  const path = field.toLowerCase().replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return invalidInput('The mail', [{ path, message }]);
}
