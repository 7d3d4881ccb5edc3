/** Where a command speaks: results to stdout, everything else to stderr. */
import type { Readable, Writable } from 'node:stream';
import { stripVTControlCharacters, styleText } from 'node:util';

export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

export interface Terminal {
  readonly stdin: Streams['stdin'];
  readonly stderr: Streams['stderr'];
  /** Somebody can be asked. */
  readonly interactive: boolean;
  /** Something of the result is out already. */
  hasPrinted(): boolean;
  /** A line of the result. */
  print(line: string): void;
  /** A line beside the result: what happens, and what failed. */
  note(line: string): void;
  /** Coloured for stdout where that is a terminal and nobody objects. */
  paint(style: Style, text: string): string;
  /** The same for stderr. */
  paintNote(style: Style, text: string): string;
}

/** @see https://no-color.org: any value that is not empty switches colours off. */
export function createTerminal(streams: Streams, env: Readonly<Record<string, string | undefined>>): Terminal {
  const { stdin, stdout, stderr } = streams;
  const plain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  const painter = (stream: { readonly isTTY?: boolean }) => (style: Style, text: string) =>
    plain || stream.isTTY !== true ? text : styleText(style, text, { validateStream: false });
  let printed = false;
  return {
    stdin,
    stderr,
    hasPrinted: () => printed,
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    print(line) {
      printed = true;
      stdout.write(`${line}\n`);
    },
    note: (line) => void stderr.write(`${line}\n`),
    paint: painter(stdout),
    paintNote: painter(stderr),
  };
}

/** A text that others chose, such as the name of an account: it must not steer the terminal. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  return stripVTControlCharacters(text).replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    '?',
  );
}

/** Columns of the width that they need, at most 40 characters each but the last. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const clean = rows.map((row) => row.map((cell) => shorten(printable(cell))));
  const count = Math.max(0, ...clean.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, at) => Math.max(...clean.map((row) => row[at]?.length ?? 0)));
  return clean.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function shorten(cell: string): string {
  return cell.length > 40 ? `${cell.slice(0, 39)}…` : cell;
}

/** `1 connection`, `1,204 connections`. */
export function count(number: number, noun: string, nouns = `${noun}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? noun : nouns}`;
}
