/**
 * Cursors of keyset paging. A store holds no key, so a cursor cannot be sealed; it carries a digest of whom it was given
 * to, for which filter and where it points. An altered cursor, or one of another organization or filter, is refused;
 * whoever forges one learns nothing, because every page is read for the organization that asks.
 */
import {
  concatBytes,
  decodeBase64url,
  decodeUtf8,
  encodeBase64url,
  encodeUtf8,
  equalBytes,
  lengthPrefixed,
} from './bytes.ts';
import { invalidInput } from './errors.ts';
import { hash } from './hash.ts';
import type { Page } from './store.ts';

const digestBytes = 16;

/**
 * The page of what was found: at most `limit` entries of `found`, which holds one more when there is a next page.
 */
export async function pageOf<T>(
  found: readonly T[],
  limit: number,
  cursorOf: (last: T) => Promise<string>,
): Promise<Page<T>> {
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  return { items, nextCursor: last === undefined ? null : await cursorOf(last) };
}

/** @param scope organization and filter: everything that must be the same on the next page. */
export async function writeCursor(scope: readonly string[], position: string): Promise<string> {
  return encodeBase64url(concatBytes(await digestOf(scope, position), encodeUtf8(position)));
}

/**
 * The position that `writeCursor` was given, as `parse` makes it out; undefined from there refuses the cursor too.
 * @throws PlugboardError kind `invalid_request`, code `invalid_input`, when the cursor was altered or is not of this scope.
 */
export async function readCursor<T>(
  scope: readonly string[],
  cursor: string,
  parse: (position: string) => T | undefined,
): Promise<T> {
  const bytes = typeof cursor === 'string' && cursor.length <= 1024 ? decodeBase64url(cursor) : undefined;
  const position = bytes === undefined ? undefined : decodeUtf8(bytes.subarray(digestBytes));
  if (bytes !== undefined && position !== undefined) {
    const digest = await digestOf(scope, position);
    const parsed = equalBytes(digest, bytes.subarray(0, digestBytes)) ? parse(position) : undefined;
    if (parsed !== undefined) return parsed;
  }
  const message = 'is altered, or was given for another organization or filter';
  throw invalidInput('The page', [{ path: 'cursor', message }], 'Ask for the first page again, without a cursor.');
}

async function digestOf(scope: readonly string[], position: string): Promise<Uint8Array> {
  return (await hash('sha256', lengthPrefixed(encodeUtf8('cursor'), ...scope, position))).subarray(0, digestBytes);
}
