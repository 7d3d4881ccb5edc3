/** Habits of Google's JSON APIs. */
import { decodeBase64 } from '@plugboard/core';
import { z } from '@plugboard/core/fields';

/** Bytes of base64 in either alphabet, with its padding or without; undefined for what is none. */
export function readBase64(encoded: string): Uint8Array | undefined {
  const plain = encoded
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/(?<!=)=+$/, '');
  return decodeBase64(plain + '='.repeat(-plain.length & 3));
}

/** The page after this one; never with an example, because the example asks for the first. */
export const pageToken = z.string().min(1);

/** At least one text, none of them empty. @param example where the input must have one */
export function texts(most?: number, example?: readonly string[]) {
  const some = z.array(z.string().min(1)).min(1);
  const few = most === undefined ? some : some.max(most);
  return example === undefined ? few : few.meta({ examples: [[...example]] });
}

interface Page {
  readonly nextPageToken?: string | null | undefined;
}

/** What all pages hold, and the last page: it alone has the token for the next time. */
export async function readAll<Page, Item>(
  all: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly Item[] | null | undefined,
): Promise<{ readonly items: Item[]; readonly last: Page | undefined }> {
  const items: Item[] = [];
  let last: Page | undefined;
  for await (const page of all) {
    items.push(...(itemsOf(page) ?? []));
    last = page;
  }
  return { items, last };
}

/** Lists that go on at `nextPageToken`. @param items where a page holds them; absent where there are none */
export function pages<P extends Page, Item>(items: (page: P) => readonly Item[] | null | undefined) {
  return {
    items: (page: P): readonly Item[] => items(page) ?? [],
    next: <Input extends object>(page: P, input: Input): Input | undefined =>
      page.nextPageToken ? { ...input, pageToken: page.nextPageToken } : undefined,
  };
}
