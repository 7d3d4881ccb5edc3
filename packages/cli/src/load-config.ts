/** Finds the host's board: the default export of its `plugboard.config`. */
import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { configurationError, isPlugboardError, PlugboardError } from '@plugboard/core/store-kit';
import type { AnyProvider, Plugboard } from '@plugboard/core';

import { framesOf, usageError } from './failure.ts';

export type Board = Plugboard<readonly AnyProvider[]>;

export interface Config {
  readonly file: string;
  /** The named export `providers`, which can be read before anything is configured. */
  readonly providers: readonly AnyProvider[] | undefined;
  /** Runs the default export, once. */
  board(): Promise<Board>;
}

const names = ['plugboard.config.ts', 'plugboard.config.mts', 'plugboard.config.js', 'plugboard.config.mjs'] as const;

/**
 * @param asked `--config`. Default: the first of the names in the working folder.
 * @throws PlugboardError codes `usage` (no such file), `no_typescript`, `config_failed`, `no_board`, what the file throws.
 */
export async function loadConfig(asked: string | undefined, folder: string): Promise<Config> {
  const file = findFile(asked, folder);
  refuseTypeScript(file, process.features);
  const module = await attempt(file, async () => (await import(pathToFileURL(file).href)) as Record<string, unknown>);
  let made: Promise<Board> | undefined;
  const { providers } = module;
  return {
    file,
    providers: Array.isArray(providers) ? (providers as readonly AnyProvider[]) : undefined,
    board: () => (made ??= makeBoard(file, module['default'])),
  };
}

function findFile(asked: string | undefined, folder: string): string {
  const candidates = asked === undefined ? names : [asked];
  const file = candidates.map((name) => resolve(folder, name)).find((path) => existsSync(path));
  if (file !== undefined) return file;
  throw usageError(
    asked === undefined
      ? 'There is no plugboard.config.ts (or .mts, .js, .mjs) in this folder.'
      : `There is no file ${asked}.`,
    "Write one that exports your board: export { board as default } from './src/board.ts'. Or name it with --config.",
  );
}

/** @param features What this Node can do: `process.features`. */
export function refuseTypeScript(file: string, features: object): void {
  const { typescript: runs } = features as { readonly typescript?: unknown };
  if (!/\.m?ts$/.test(file) || (runs !== undefined && runs !== false)) return;
  throw configurationError(
    'no_typescript',
    `Node ${process.versions.node} does not run TypeScript by itself.`,
    'Use Node 22.18 or newer. Or: start with NODE_OPTIONS=--experimental-strip-types, with NODE_OPTIONS="--import tsx", or give a JavaScript file with --config.',
  );
}

async function makeBoard(file: string, exported: unknown): Promise<Board> {
  const board = await attempt(file, async () =>
    typeof exported === 'function' ? ((await (exported as () => unknown)()) as unknown) : exported,
  );
  if (isBoard(board)) return board;
  throw configurationError(
    'no_board',
    `The default export of ${shown(file)} is no board, and no function that returns one.`,
    'Export what createPlugboard() returns, of the same release of @plugboard/core as this command.',
  );
}

function isBoard(value: unknown): value is Board {
  const board = Object(value) as Partial<Board>;
  return typeof board.ready === 'function' && board.operator !== undefined && board.vault !== undefined;
}

/** Errors of ours pass; of others only what cannot hold a secret. */
async function attempt<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isPlugboardError(error)) throw error;
    throw failed(file, error);
  }
}

function failed(file: string, error: unknown): PlugboardError {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  const what = code === 'ERR_MODULE_NOT_FOUND' ? missingModule(String(message)) : undefined;
  const { cause } = new PlugboardError({ kind: 'configuration', code: 'config_failed', message: '', cause: error });
  const name = cause instanceof Error ? cause.message : 'an error';
  const failure = new PlugboardError({
    kind: 'configuration',
    code: 'config_failed',
    message: `${shown(file)} stopped with ${name}${placeOf(error)}.${what ?? ' Its message is not shown, because it may hold a secret.'}`,
    hint: hintOf(code, what),
    cause: error,
  });
  Object.defineProperty(failure, 'stack', { value: framesOf(error).join('\n') });
  return failure;
}

/** Names of packages and files are no secrets. */
function missingModule(message: string): string | undefined {
  const name = /^Cannot find (?:package|module) '([^']+)'/.exec(message)?.[1];
  if (name === undefined) return undefined;
  return ` It cannot find ${name.startsWith('/') || name.startsWith('file:') ? shown(name) : name}.`;
}

function hintOf(code: unknown, missing: string | undefined): string {
  switch (code) {
    case 'ERR_MODULE_NOT_FOUND':
      return missing?.endsWith('.js.') === true
        ? 'Node runs TypeScript as it is written: import files of your own with their ending .ts, or start with NODE_OPTIONS="--import tsx".'
        : 'Install it, or correct the import.';
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
    case 'ERR_INVALID_TYPESCRIPT_SYNTAX':
      return 'Node only strips types: enums, namespaces and parameter properties need NODE_OPTIONS="--import tsx".';
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return 'Node runs no TypeScript inside node_modules: import the built JavaScript of that package.';
    default:
      return 'Look at that place; --verbose shows the calls that led there. Errors made by configurationError() of @plugboard/core are shown in full.';
  }
}

/** The first frame outside of Node and node_modules, or the place of a syntax error. */
function placeOf(error: unknown): string {
  const frame = framesOf(error).find((line) => !line.includes('node_modules') && !line.includes('node:'));
  const position = /:(\d+):\d+\)?$/.exec(frame ?? '');
  const file = /(?<=^|[\s(])(?:file:|\/|[A-Z]:\\)[^()\s]*$/.exec(frame?.slice(0, position?.index) ?? '');
  const place = file !== null && position !== null ? [frame, file[0], position[1]] : null;
  const syntax = error instanceof SyntaxError ? /^(file:\S+):(\d+)$/m.exec(String(error.stack)) : null;
  const [, path, line] = place ?? syntax ?? [];
  return path === undefined ? '' : ` at ${shown(path)}:${line}`;
}

function shown(path: string): string {
  const plain = path.startsWith('file:') ? fileURLToPath(path) : path;
  const near = relative(process.cwd(), plain);
  return near.startsWith('..') ? plain : near;
}
