import { decodeUtf8 } from './bytes.ts';

/** One field of a form, in the order sent; a name may come several times. */
export interface FormField {
  readonly name: string;
  readonly value: string;
}

/** More fields than any vendor sends, few enough to sort and search at no cost. */
export const maxFields = 1000;

/** UTF-8 where bytes that are none become U+FFFD, as every form parser reads them. */
export function decodeLossy(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
