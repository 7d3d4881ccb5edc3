/** The command as users run it: a process of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../src/bin.ts', import.meta.url));
export const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Where the config is looked for. Default: the fixtures. */
  readonly folder?: string;
  /** More for Node, before the command. */
  readonly node?: readonly string[];
}

export interface Running extends Ran {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves once stderr and stdout hold the text. */
  said(text: string): Promise<void>;
  readonly ended: Promise<Ran>;
}

function start(program: string, args: readonly string[], { env = {}, folder = fixtures }: RunOptions): Running {
  const inherited = { PATH: process.env['PATH'], HOME: process.env['HOME'], TERM: 'xterm', ...env };
  const child = spawn(program, [...args], { env: inherited, cwd: folder });
  const state = { code: null as number | null, stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  const heard = (stream: 'stdout' | 'stderr') => (chunk: string) => {
    state[stream] += chunk;
    for (const look of waiting) look();
  };
  child.stdout.setEncoding('utf8').on('data', heard('stdout'));
  child.stderr.setEncoding('utf8').on('data', heard('stderr'));
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      state.code = code;
      resolve({ ...state });
    });
  });
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!(state.stdout + state.stderr).includes(text)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`It ended without «${text}»:\n${state.stdout}\n${state.stderr}`)));
    });
  return { child, said, ended, ...state };
}

const nodeArgs = (node: readonly string[]) => ['--conditions=@plugboard/source', ...node, bin];

export function startCli(args: readonly string[], options: RunOptions = {}): Running {
  return start(process.execPath, [...nodeArgs(options.node ?? []), ...args], options);
}

export async function runCli(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const running = startCli(args, options);
  running.child.stdin.end();
  return running.ended;
}

/** On a pseudo-terminal, where stdout and stderr are one. */
export function startOnTerminal(args: readonly string[], options: RunOptions = {}): Running {
  const words = [process.execPath, ...nodeArgs(options.node ?? []), ...args].map((word) => `'${word}'`);
  return start('script', ['--quiet', '--return', '--flush', '--command', words.join(' '), '/dev/null'], options);
}
