/** What all pages of a list hold, for callers that need it whole: choices of a setting, accounts to choose from. */
export async function collect<Page, T>(
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly T[],
): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...itemsOf(page));
  return all;
}
