/** Habits of Google's JSON APIs. */
import { z } from 'zod';

/** An answer without a body; one that gets a body some day is no failure. */
export const nothing = z.unknown().transform(() => undefined);

/** The page after this one; never with an example, because the example asks for the first. */
export const pageToken = z.string().min(1);

interface Page {
  readonly nextPageToken?: string | null | undefined;
}

/** Lists that go on at `nextPageToken`. @param items where a page holds them; absent where there are none */
export function pages<P extends Page, Item>(items: (page: P) => readonly Item[] | null | undefined) {
  return {
    items: (page: P): readonly Item[] => items(page) ?? [],
    next: <Input extends object>(page: P, input: Input): Input | undefined =>
      page.nextPageToken ? { ...input, pageToken: page.nextPageToken } : undefined,
  };
}
