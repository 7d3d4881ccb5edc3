/** What a check found, and how it is told. */
import { exitCodes } from './failure.ts';
import { count, printable, type Style, type Terminal } from './terminal.ts';

export interface Finding {
  /** What was looked at: `keys`, `database`. */
  readonly about: string;
  readonly status: 'ok' | 'warning' | 'problem';
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
}

const styles: Readonly<Record<Finding['status'], Style>> = { ok: 'green', warning: 'yellow', problem: 'red' };

/** @returns the exit code: 1 when there is a problem; warnings alone are none. */
export function tellFindings(terminal: Terminal, findings: readonly Finding[], json: boolean): number {
  const problems = findings.filter(({ status }) => status === 'problem').length;
  if (json) {
    terminal.print(JSON.stringify({ ok: problems === 0, findings }, null, 2));
    return problems === 0 ? exitCodes.ok : exitCodes.problems;
  }
  const width = Math.max(...findings.map(({ about }) => about.length));
  for (const { about, status, message, hint } of findings) {
    const state = terminal.paint(styles[status], status.padEnd(7));
    terminal.print(`${state}  ${about.padEnd(width)}  ${printable(message)}`);
    if (hint !== undefined) terminal.print(`${' '.repeat(7 + 2 + width + 2)}${terminal.paint('dim', printable(hint))}`);
  }
  const warnings = findings.filter(({ status }) => status === 'warning').length;
  terminal.print('');
  terminal.print(`${count(problems, 'problem')}, ${count(warnings, 'warning')}`);
  return problems === 0 ? exitCodes.ok : exitCodes.problems;
}
