import { decodeLossy, maxFields, type FormField } from './form-field.ts';
import { parseMultipart } from './multipart.ts';

export interface UrlEncodedField extends FormField {
  /** The pair as it was sent, before decoding. */
  readonly raw: string;
}

/**
 * The fields of a form body by its content type; undefined when it is no form, is cut short or has more than 1,000
 * fields. Never throws: some vendors put their signature into the form, so it is read before it is trusted.
 */
export function parseForm(body: Uint8Array, contentType: string | null): readonly FormField[] | undefined {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded') return parseUrlEncoded(body);
  if (type === 'multipart/form-data') return parseMultipart(body, contentType!);
  return undefined;
}

/**
 * `application/x-www-form-urlencoded` as the URL Standard reads it, with the raw text of each pair; undefined for more
 * than 1,000 pairs.
 * @see https://url.spec.whatwg.org/#urlencoded-parsing
 */
export function parseUrlEncoded(body: Uint8Array | string): readonly UrlEncodedField[] | undefined {
  const text = typeof body === 'string' ? body : decodeLossy(body);
  const pairs = text.split('&', maxFields + 1);
  if (pairs.length > maxFields) return undefined;
  return pairs
    .filter((raw) => raw !== '')
    .map((raw) => {
      const equals = raw.indexOf('=');
      const name = equals === -1 ? raw : raw.slice(0, equals);
      return { name: decodeComponent(name), value: equals === -1 ? '' : decodeComponent(raw.slice(equals + 1)), raw };
    });
}

/** The first value of a name. */
export function fieldValue(fields: readonly FormField[], name: string): string | undefined {
  return fields.find((field) => field.name === name)?.value;
}

/** Sorted by name, then by value, both by UTF-16 code unit, each pair once: the order in which vendors sign forms. */
export function sortFields(fields: readonly FormField[]): readonly FormField[] {
  const sorted = fields.toSorted((a, b) => compareUnits(a.name, b.name) || compareUnits(a.value, b.value));
  return sorted.filter(({ name, value }, index) => {
    const previous = sorted[index - 1];
    return previous === undefined || previous.name !== name || previous.value !== value;
  });
}

function decodeComponent(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    // A stray percent sign, or bytes that are no UTF-8: the standard keeps the one and replaces the others.
    return new URLSearchParams(`=${text}`).get('') ?? '';
  }
}

function compareUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
