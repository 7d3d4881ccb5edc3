import type { Command, OptionHelp } from './command.ts';
import { commands, globalOptions } from './commands.ts';
import { exitCodes } from './failure.ts';
import { columns, type Terminal } from './terminal.ts';

/** @param prefix Lists only the commands that begin with this word. */
export function printHelp(terminal: Terminal, prefix?: string): void {
  const shown = prefix === undefined ? commands : commands.filter(({ name }) => name.split(' ')[0] === prefix);
  terminal.print('Usage: plugboard <command> [options]');
  terminal.print('');
  for (const line of indented(
    shown.map(({ name, takes, summary }) => [[name, takes].filter(Boolean).join(' '), summary]),
  ))
    terminal.print(line);
  printOptions(terminal, {});
  terminal.print('');
  terminal.print(
    `Exit codes: ${exitCodes.ok} all is well, ${exitCodes.problems} there are problems, ${exitCodes.usage} wrong usage, ${exitCodes.interrupted} interrupted.`,
  );
}

export function printCommandHelp(terminal: Terminal, { name, takes, summary, options }: Command): void {
  terminal.print(`Usage: plugboard ${[name, takes].filter(Boolean).join(' ')} [options]`);
  terminal.print('');
  terminal.print(`${summary}.`);
  printOptions(terminal, options);
}

function printOptions(terminal: Terminal, own: Readonly<Record<string, OptionHelp>>): void {
  terminal.print('');
  terminal.print('Options:');
  const rows = Object.entries({ ...own, ...globalOptions }).map(([name, { short, value, help }]) => [
    `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
    help,
  ]);
  for (const line of indented(rows)) terminal.print(line);
}

/** Two columns; the second is as long as it is. */
function indented(rows: readonly (readonly string[])[]): readonly string[] {
  const names = columns(rows.map(([name = '']) => [name, '']));
  const width = Math.max(...names.map((name) => name.length));
  return rows.map(([, what], at) => `  ${(names[at] ?? '').padEnd(width)}  ${what ?? ''}`);
}
