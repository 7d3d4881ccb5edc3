/** Fresh Node processes: for what only happens once in each. */
import { spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';

/** Runs a module and gives what it wrote as JSON, with the wall time of the whole process. */
export function runModule<T>(file: string, cwd: string): { readonly result: T; readonly wallMs: number } {
  const start = performance.now();
  const { PATH, HOME } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    cwd,
    encoding: 'utf8',
    env: { PATH, HOME },
  });
  const wallMs = performance.now() - start;
  if (status !== 0) throw new Error(`a measured process failed: ${stderr.slice(0, 400)}`);
  return { result: JSON.parse(stdout) as T, wallMs };
}
