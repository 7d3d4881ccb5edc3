/** Runs commands of the workspace, and installs it. */
import { spawnSync } from 'node:child_process';

export interface Outcome {
  readonly ok: boolean;
  /** What it said, on both streams. */
  readonly output: string;
}

export function run(command: string, args: readonly string[], cwd: string): Outcome {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  return { ok: status === 0, output: error === undefined ? `${stdout}${stderr}` : error.message };
}

/** Links a new package. What it needs is on this machine already, so the network is asked only if that is not so. */
export function install(cwd: string): Outcome {
  const options = ['install', '--no-frozen-lockfile'];
  const offline = pnpm([...options, '--offline'], cwd);
  return offline.ok ? offline : pnpm(options, cwd);
}

/** The pnpm that runs this script, whichever it is; started by hand, the one that the project names. */
function pnpm(args: readonly string[], cwd: string): Outcome {
  const { npm_execpath: own = '' } = process.env;
  if (!/pnpm[^/\\]*$/.test(own)) return run('npx', ['--yes', 'pnpm@12', ...args], cwd);
  return /\.[cm]?js$/.test(own) ? run(process.execPath, [own, ...args], cwd) : run(own, args, cwd);
}
