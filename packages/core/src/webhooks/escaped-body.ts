import { decodeUtf8 } from '../bytes.ts';
import type { Part } from './scheme.ts';
import type { Delivery } from './webhook.ts';

/**
 * The body with each character beyond ASCII as a lower-case JSON escape (RFC 8259 section 7), everything else byte for
 * byte: an alternative for vendors that sign this form and may send the other. Nothing when the forms are the same.
 */
export function escapedBody({ body }: Delivery): readonly (readonly Part[])[] {
  const text = decodeUtf8(body);
  // Each ASCII byte is one UTF-16 unit, any other character has more bytes than units.
  if (text === undefined || text.length === body.length) return [];
  return [[text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)]];
}
