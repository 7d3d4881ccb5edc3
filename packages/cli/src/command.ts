/** What a command is, and what it gets. */
import type { Board, Config } from './load-config.ts';
import type { Terminal } from './terminal.ts';

export interface OptionHelp {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands for the value in the help: `<file>`. */
  readonly value?: string;
  readonly help: string;
}

export interface Command {
  /** `vault reseal`. */
  readonly name: string;
  readonly summary: string;
  /** Arguments after the name, as the help shows them; those in brackets may be left out. */
  readonly takes?: string;
  readonly options: Readonly<Record<string, OptionHelp>>;
  /** Loads the code of the command, and nothing of any other. */
  readonly load: () => Promise<Run>;
}

/** @returns the exit code. */
export type Run = (context: Context) => Promise<number>;

export interface Context {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly values: Values;
  readonly arguments: readonly string[];
  readonly json: boolean;
  config(): Promise<Config>;
  /** The board of the config. It is stopped when the command has ended. */
  board(): Promise<Board>;
}

export interface Values {
  text(name: string): string | undefined;
  flag(name: string): boolean;
  /** @throws PlugboardError code `usage` for what is no whole number above zero. */
  number(name: string): number | undefined;
}
