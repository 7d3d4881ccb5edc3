/** Steps that cannot be taken back are confirmed by typing what they do. */
import { PlugboardError } from '@plugboard/core/store-kit';

import { interruptedError, usageError } from './failure.ts';
import type { Terminal } from './terminal.ts';

export interface Confirmation {
  /** What will happen. */
  readonly what: string;
  /** What must be typed. */
  readonly expected: string;
  /** The caller has confirmed already: `--yes`. */
  readonly yes: boolean;
  readonly signal: AbortSignal;
}

/** @throws PlugboardError code `usage` where nobody can be asked, `not_confirmed`, `interrupted`. */
export async function confirm(terminal: Terminal, { what, expected, yes, signal }: Confirmation): Promise<void> {
  if (yes) return;
  if (!terminal.interactive) {
    throw usageError(`${what} This is no terminal, so nobody can confirm it.`, 'Pass --yes if that is meant.');
  }
  const { createInterface } = await import('node:readline/promises');
  const questions = createInterface({ input: terminal.stdin, output: terminal.stderr });
  // While it reads, Ctrl-C comes here and not to the process.
  questions.on('SIGINT', () => process.emit('SIGINT'));
  try {
    terminal.note(what);
    const typed = await questions.question(`Type ${terminal.paintNote('bold', expected)} to go on: `, { signal });
    if (typed.trim() === expected) return;
  } catch (error) {
    if (signal.aborted) throw interruptedError();
    throw error;
  } finally {
    questions.close();
  }
  throw new PlugboardError({
    kind: 'aborted',
    code: 'not_confirmed',
    message: 'Something else was typed; nothing was changed.',
    hint: `Type exactly: ${expected}`,
  });
}
