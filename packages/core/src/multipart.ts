import { concatBytes, decodeUtf8, encodeUtf8 } from './bytes.ts';
import { decodeLossy, maxFields, type FormField } from './form-field.ts';

/** One part of a `multipart/form-data` body. `value` is its text as UTF-8, empty for files. */
export interface MultipartField extends FormField {
  /** The part as sent: a view of the body, not a copy. */
  readonly bytes: Uint8Array;
  /** Present for files, as the sender named them: never a path to write to. */
  readonly filename?: string;
  readonly contentType?: string;
}

const maxHeaderBytes = 16_384;
const boundaryPattern = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i;
const headerPattern = /^([\w-]+):(.*)$/;
const emptyLine = encodeUtf8('\r\n\r\n');
const lineBreak = encodeUtf8('\r\n');
const codes = { tab: 0x09, lineFeed: 0x0a, carriageReturn: 0x0d, space: 0x20, dash: 0x2d };

/**
 * `multipart/form-data` (RFC 7578), in the order sent; undefined for a body that is cut short, a part without a name, more
 * than 1,000 parts or more than 16 KB of headers in one. Never throws.
 */
export function parseMultipart(body: Uint8Array, contentType: string): readonly MultipartField[] | undefined {
  const match = boundaryPattern.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) return undefined;
  const delimiter = encodeUtf8(`\r\n--${boundary}`);
  const fields: MultipartField[] = [];

  // The first delimiter may open the body, without the line break before it.
  let at = startsWith(body, 0, delimiter.subarray(2)) ? delimiter.length - 2 : endOf(body, delimiter, 0);
  while (at !== undefined) {
    if (body[at] === codes.dash && body[at + 1] === codes.dash) return fields;
    const start = skipLineEnd(body, at);
    const end = start === undefined ? undefined : endOf(body, delimiter, start);
    if (start === undefined || end === undefined || fields.length >= maxFields) return undefined;
    const field = readPart(body.subarray(start, end - delimiter.length));
    if (field === undefined) return undefined;
    fields.push(field);
    at = end;
  }
  return undefined;
}

/** One part of a `multipart/form-data` body to send. */
export interface FormPart {
  readonly name: string;
  readonly value: string | Uint8Array;
  /** Makes the part a file. */
  readonly filename?: string | undefined;
  /** Default for files: `application/octet-stream`. */
  readonly contentType?: string | undefined;
}

/**
 * Writes a form as browsers do (RFC 7578). The boundary is the first of a row that no part holds, so that the same parts
 * make the same body and no content can end its part.
 */
export function writeMultipart(parts: readonly FormPart[]): {
  readonly body: Uint8Array;
  readonly contentType: string;
} {
  const written = parts.map((part) => ({
    head: encodeUtf8(`${headersOf(part)}\r\n\r\n`),
    content: typeof part.value === 'string' ? encodeUtf8(part.value) : part.value,
  }));
  const all = written.flatMap(({ head, content }) => [head, content]);
  const isFree = (text: string) => all.every((bytes) => endOf(bytes, encodeUtf8(text), 0) === undefined);
  let number = 0;
  while (!isFree(boundaryName(number))) number++;
  const boundary = boundaryName(number);
  const open = encodeUtf8(`--${boundary}\r\n`);
  const body = written.flatMap(({ head, content }) => [open, head, content, lineBreak]);
  return {
    body: concatBytes(...body, encodeUtf8(`--${boundary}--\r\n`)),
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}

function boundaryName(number: number): string {
  return `plugboard-form-${number}`;
}

function headersOf({ name, value, filename, contentType }: FormPart): string {
  const file = filename === undefined && typeof value !== 'string' ? name : filename;
  const type = contentType ?? (file === undefined ? undefined : 'application/octet-stream');
  return [
    `content-disposition: form-data; name="${quoted(name)}"${file === undefined ? '' : `; filename="${quoted(file)}"`}`,
    // A line break would begin a header of the sender's choice.
    ...(type === undefined ? [] : [`content-type: ${type.replaceAll(/[^\x20-\x7e]/g, '')}`]),
  ].join('\r\n');
}

/** As HTML writes names and file names, which may be chosen by strangers. */
function quoted(text: string): string {
  return text.replaceAll(/["\r\n\0]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

function readPart(part: Uint8Array): MultipartField | undefined {
  const bodyStart = endOf(part.subarray(0, maxHeaderBytes), emptyLine, 0);
  const headers = bodyStart === undefined ? undefined : readHeaders(part.subarray(0, bodyStart - emptyLine.length));
  const disposition = readDisposition(headers?.get('content-disposition') ?? '');
  const name = disposition?.get('name');
  if (name === undefined) return undefined;
  const bytes = part.subarray(bodyStart);
  const filename = disposition?.get('filename');
  const contentType = headers?.get('content-type');
  return {
    name,
    value: filename === undefined ? decodeLossy(bytes) : '',
    bytes,
    ...(filename !== undefined && { filename }),
    ...(contentType !== undefined && { contentType }),
  };
}

/** Undefined when a line is no header, or a header comes twice. */
function readHeaders(bytes: Uint8Array): ReadonlyMap<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const line of decodeUtf8(bytes)?.split('\r\n') ?? ['']) {
    const [, name, value] = headerPattern.exec(line) ?? [];
    if (name === undefined || value === undefined || headers.has(name.toLowerCase())) return undefined;
    headers.set(name.toLowerCase(), value.trim());
  }
  return headers;
}

/**
 * The parameters of `form-data; name="..."; filename="..."`. Read one after the other, because a file's name is chosen by
 * strangers and may contain what looks like another parameter. Quotes inside come as `%22` or `\"`.
 */
function readDisposition(value: string): ReadonlyMap<string, string> | undefined {
  const type = /^form-data/i.exec(value)?.[0];
  if (type === undefined) return undefined;
  const parameters = new Map<string, string>();
  const pattern = /\s*;\s*([\w*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/y;
  for (pattern.lastIndex = type.length; pattern.lastIndex < value.length;) {
    const [, name, quoted, bare] = pattern.exec(value) ?? [];
    if (name === undefined || parameters.has(name.toLowerCase())) return undefined;
    const text = quoted?.replace(/\\(["\\])/g, '$1') ?? bare ?? '';
    parameters.set(name.toLowerCase(), text.replace(/%(?:22|0d|0a)/gi, decodeURIComponent));
  }
  return parameters;
}

/** The position after the line break that ends a delimiter; there may be blanks before it (RFC 2046 section 5.1.1). */
function skipLineEnd(bytes: Uint8Array, from: number): number | undefined {
  let at = from;
  while (bytes[at] === codes.space || bytes[at] === codes.tab) at++;
  return bytes[at] === codes.carriageReturn && bytes[at + 1] === codes.lineFeed ? at + 2 : undefined;
}

/** The position after the first `wanted` at or after `from`. */
function endOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number | undefined {
  for (let at = bytes.indexOf(wanted[0]!, from); at !== -1; at = bytes.indexOf(wanted[0]!, at + 1)) {
    if (startsWith(bytes, at, wanted)) return at + wanted.length;
  }
  return undefined;
}

function startsWith(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  return wanted.every((byte, index) => bytes[at + index] === byte);
}
