/** Rows of the tables that `pnpm reliability` prints. */
import type { TestContext } from 'vitest';

/** Puts what was counted beside the test; nothing is judged here. */
export async function noteRow(
  { annotate }: Pick<TestContext, 'annotate'>,
  scenario: string,
  counts: Readonly<Record<string, string | number | Readonly<Record<string, number>>>>,
): Promise<void> {
  const cells = Object.entries(counts).map(
    ([name, value]) => `${name} ${typeof value === 'object' ? describe(value) : value}`,
  );
  await annotate(`${scenario} | ${cells.join(' | ')}`, 'reliability');
}

function describe(value: Readonly<Record<string, number>>): string {
  const entries = Object.entries(value);
  return entries.length === 0 ? 'none' : entries.map(([name, count]) => `${name} ${count}`).join(', ');
}
