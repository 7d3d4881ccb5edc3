import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a module in a process of its own and returns what it prints. Sources run as they are: Node strips the types. */
export async function runNode(code: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const inherited = { PATH: process.env['PATH'], ...env };
  const args = [
    '--conditions=@plugboard/source',
    '--input-type=module',
    '--disable-warning=ExperimentalWarning',
    '--eval',
    code,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: inherited, timeout: 20_000 });
  return stdout.trim();
}
