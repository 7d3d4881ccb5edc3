/** A PostgreSQL server of the test's own, to crash and to start again: the one of the machine is others' as well. */
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { freePort } from './free-port.ts';

export interface OwnPostgres {
  readonly url: string;
  /** `immediate` is a crash: the server recovers from its log. `fast` breaks all connections and shuts down in order. */
  restart(mode: 'immediate' | 'fast'): Promise<void>;
  /** Stops it, and deletes its data. */
  close(): Promise<void>;
}

/** Where initdb and pg_ctl are; null where they are not, which is a failure in CI. */
export function postgresPrograms(): string | null {
  const debian = globSync('/usr/lib/postgresql/*/bin').toSorted(byVersion);
  const folders = [...debian, ...(process.env['PATH'] ?? '').split(delimiter)];
  const found = folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'pg_ctl')));
  if (found === undefined && process.env['CI'] === 'true')
    throw new Error('There is no initdb. In CI that is a failure.');
  return found ?? null;
}

export async function startOwnPostgres(programs: string): Promise<OwnPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'plugboard-postgres-'));
  const data = join(folder, 'data');
  const port = await freePort();
  // The server refuses to run as root; the user that Debian makes for it exists wherever its packages do.
  const user = process.getuid?.() === 0 ? idsOf('postgres') : undefined;
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o700);
  // The event loop goes on meanwhile, so that pools see their connections end.
  const run = async (program: string, ...args: string[]) =>
    void (await promisify(execFile)(join(programs, program), args, { ...user, cwd: folder }));
  const control = (...args: string[]) => run('pg_ctl', '-D', data, '-l', join(folder, 'log'), '-w', ...args);

  await run('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C');
  const settings = [`-p ${port}`, '-h 127.0.0.1', `-k ${folder}`, '-c max_connections=200'];
  await control('-o', settings.join(' '), 'start');
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    restart: (mode) => control('-m', mode, 'restart'),
    async close() {
      await control('-m', 'immediate', 'stop');
      rmSync(folder, { recursive: true });
    },
  };
}

function idsOf(user: string): { readonly uid: number; readonly gid: number } {
  const idOf = (kind: '-u' | '-g') => Number(spawnSync('id', [kind, user], { encoding: 'utf8' }).stdout);
  return { uid: idOf('-u'), gid: idOf('-g') };
}

function byVersion(a: string, b: string): number {
  const versionOf = (folder: string) => Number(dirname(folder).split('/').at(-1));
  return versionOf(b) - versionOf(a);
}
