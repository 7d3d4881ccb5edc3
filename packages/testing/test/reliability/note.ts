/** Rows of the tables that `pnpm reliability` prints. */
import type { TestContext } from 'vitest';

/** Puts what was counted beside the test; nothing is judged here. */
export async function noteRow(
  { annotate }: Pick<TestContext, 'annotate'>,
  scenario: string,
  counts: Readonly<Record<string, unknown>>,
): Promise<void> {
  const cells = Object.entries(counts).map(
    ([name, value]) => `${name} ${typeof value === 'object' ? describe(value) : String(value)}`,
  );
  await annotate(`${scenario} | ${cells.join(' | ')}`, 'reliability');
}

function describe(value: object | null): string {
  const entries = Object.entries(value ?? {});
  return entries.length === 0 ? 'none' : entries.map(([name, count]) => `${name} ${String(count)}`).join(', ');
}
