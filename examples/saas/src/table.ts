/** Runs steps one after another and prints a row for each. */
import { isPlugboardError } from '@plugboard/core';

export interface Step {
  readonly title: string;
  /** Throws when it did not work; says in a few words what it found when it did. */
  run(): Promise<string>;
}

export type Print = (line: string) => void;

const columns: readonly [number, number, number, number] = [2, 40, 62, 9];

/**
 * @param signal Ends the table: what is under way is not told any more.
 * @returns whether every step worked.
 */
export async function runTable(steps: readonly Step[], print: Print, signal: AbortSignal): Promise<boolean> {
  let failed = 0;
  const started = performance.now();
  print(rule());
  for (const step of steps) {
    const began = performance.now();
    const { mark, result } = await outcomeOf(step);
    if (signal.aborted) return false;
    if (mark !== '✓') failed += 1;
    print(row(mark, step.title, result, `${Math.round(performance.now() - began)} ms`));
  }
  print(rule());
  const summary = failed === 0 ? `${steps.length} steps, all good` : `${failed} of ${steps.length} steps failed`;
  print(row(failed === 0 ? '✓' : '✗', summary, '', `${Math.round(performance.now() - started)} ms`));
  return failed === 0;
}

async function outcomeOf(step: Step): Promise<{ readonly mark: '✓' | '✗'; readonly result: string }> {
  try {
    return { mark: '✓', result: await step.run() };
  } catch (error) {
    return { mark: '✗', result: explain(error) };
  }
}

export function explain(error: unknown): string {
  if (isPlugboardError(error)) return `${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}`;
  return error instanceof Error ? error.message : String(error);
}

/** A failure is told in full, even where that pushes the time aside. */
function row(mark: string, title: string, result: string, time: string): string {
  const [first, second, third, fourth] = columns;
  return `${mark.padEnd(first)}${title.padEnd(second)}${result.padEnd(third)}${time.padStart(fourth)}`;
}

function rule(): string {
  return '─'.repeat(columns.reduce((sum, width) => sum + width));
}
