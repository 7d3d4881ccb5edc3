/** From the words of a command line to an exit code. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import type { Command, Context, Values } from './command.ts';
import { commands, globalOptions } from './commands.ts';
import { asPlugboardError, exitCodeOf, exitCodes, interruptedError, printFailure, usageError } from './failure.ts';
import { printCommandHelp, printHelp } from './help.ts';
import type { Board, Config } from './load-config.ts';
import { nearest } from './suggest.ts';
import type { Terminal } from './terminal.ts';

export interface RunOptions {
  readonly terminal: Terminal;
  /** Ends the command after what is in hand. */
  readonly signal: AbortSignal;
  /** Where the config is looked for. Default: the working folder. */
  readonly folder?: string;
}

/** Runs one command. Never throws: what fails is told on stderr. */
export async function run(words: readonly string[], options: RunOptions): Promise<number> {
  const { terminal } = options;
  const style = { json: words.includes('--json'), verbose: words.includes('--verbose') };
  try {
    return await dispatch(words, options);
  } catch (error) {
    // What a signal cut off fails in the words of whoever was cut off.
    const failure = options.signal.aborted ? interruptedError() : asPlugboardError(error);
    printFailure(terminal, failure, style);
    return exitCodeOf(failure);
  }
}

async function dispatch(words: readonly string[], options: RunOptions): Promise<number> {
  const { terminal } = options;
  const named = positionalsOf(words);
  if (words.includes('--version')) {
    terminal.print(readVersion());
    return exitCodes.ok;
  }
  const helps = words.includes('--help') || words.includes('-h');
  const command = commandOf(named);
  if (command === undefined) {
    const [first] = named;
    const group = commands.some(({ name }) => name.split(' ')[0] === first) ? first : undefined;
    if (helps || named.length === 0) {
      printHelp(terminal, group);
      return helps ? exitCodes.ok : exitCodes.usage;
    }
    throw unknownCommand(named, group);
  }
  if (helps) {
    printCommandHelp(terminal, command);
    return exitCodes.ok;
  }
  return runCommand(command, words, options);
}

async function runCommand(command: Command, words: readonly string[], options: RunOptions): Promise<number> {
  const { values, positionals } = parse(command, words);
  const rest = positionals.slice(command.name.split(' ').length);
  checkArguments(command, rest);
  for (const file of (values['env-file'] ?? []) as readonly string[]) loadEnvFile(file);
  const loaded: { config?: Promise<Config>; board?: Promise<Board> } = {};
  const context: Context = {
    terminal: options.terminal,
    signal: options.signal,
    values: readValues(values),
    arguments: rest,
    json: values['json'] === true,
    async config() {
      const { loadConfig } = await import('./load-config.ts');
      loaded.config ??= loadConfig(values['config'] as string | undefined, options.folder ?? process.cwd());
      return loaded.config;
    },
    async board() {
      const config = await context.config();
      loaded.board ??= config.board();
      return loaded.board;
    },
  };
  const execute = await command.load();
  try {
    return await execute(context);
  } finally {
    const board = await loaded.board?.catch(() => undefined);
    await board?.stop();
  }
}

/** The words that are no options and no values of options, however the options are spelled. */
function positionalsOf(words: readonly string[]): readonly string[] {
  const known = Object.assign({}, globalOptions, ...commands.map(({ options }) => options)) as typeof globalOptions;
  return parseArgs({ args: [...words], options: plain(known), strict: false, allowPositionals: true }).positionals;
}

function commandOf(named: readonly string[]): Command | undefined {
  const two = named.slice(0, 2).join(' ');
  return commands.find(({ name }) => name === two) ?? commands.find(({ name }) => name === named[0]);
}

type Parsed = { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] };

function parse(command: Command, words: readonly string[]): Parsed {
  const options = { ...globalOptions, ...command.options };
  try {
    return parseArgs({ args: [...words], options: plain(options), allowPositionals: true });
  } catch (error) {
    // Messages of parseArgs quote the name of an option, never its value.
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (typeof code !== 'string' || !code.startsWith('ERR_PARSE_ARGS')) throw error;
    const option = /'(--?[\w-]+)/.exec(String(message))?.[1] ?? '';
    const near = nearest(
      option,
      Object.keys(options).map((name) => `--${name}`),
    );
    const hint = near === undefined ? `See plugboard ${command.name} --help.` : `Did you mean ${near}?`;
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
      throw usageError(`\`${command.name}\` has no option ${option}.`, hint);
    throw usageError(
      `Option ${option} of \`${command.name}\` is not used as it must be.`,
      `See plugboard ${command.name} --help.`,
    );
  }
}

function plain(options: typeof globalOptions) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple = false }]) => [
      name,
      { type, multiple, ...(short !== undefined && { short }) },
    ]),
  );
}

function checkArguments({ name, takes }: Command, rest: readonly string[]): void {
  const required = takes?.startsWith('<') === true;
  const many = takes?.includes('...') === true;
  if (required && rest.length === 0) throw usageError(`\`${name}\` needs ${takes}.`, `See plugboard ${name} --help.`);
  if (many || rest.length <= (takes === undefined ? 0 : 1)) return;
  throw usageError(`\`${name}\` takes ${takes ?? 'no arguments'}.`, `See plugboard ${name} --help.`);
}

function unknownCommand(named: readonly string[], group: string | undefined): Error {
  const words = named.slice(0, group === undefined ? 1 : 2).join(' ');
  const known = commands.map(({ name }) => name);
  const within = `\`${group}\` is: ${known.filter((name) => name.split(' ')[0] === group).join(', ')}.`;
  if (group !== undefined && named.length === 1) return usageError(`\`${group}\` needs one more word.`, within);
  const firsts = known.map((name) => name.split(' ')[0] ?? '');
  const near =
    nearest(named.slice(0, 2).join(' '), known) ?? (group === undefined ? nearest(words, firsts) : undefined);
  const hint = near !== undefined ? `Did you mean ${near}?` : group === undefined ? undefined : within;
  return usageError(`There is no command \`${words}\`.`, hint);
}

function readValues(values: Parsed['values']): Values {
  const text = (name: string) => values[name] as string | undefined;
  return {
    text,
    flag: (name) => values[name] === true,
    number(name) {
      const given = text(name);
      if (given === undefined) return undefined;
      if (/^[1-9]\d{0,8}$/.test(given)) return Number(given);
      throw usageError(`--${name} is not a whole number above zero.`);
    },
  };
}

function loadEnvFile(file: string): void {
  try {
    process.loadEnvFile(file);
  } catch {
    throw usageError(`The file ${file} of --env-file cannot be read.`, 'plugboard env prints one to begin with.');
  }
}

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}
