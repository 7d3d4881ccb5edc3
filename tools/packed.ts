/** What would be published: every package packed and unpacked again. */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { rootDir, type Manifest } from './workspace.ts';

export interface Packed {
  readonly tarball: string;
  /** Where it is unpacked. */
  readonly root: string;
  readonly manifest: Manifest;
  readonly files: readonly string[];
  /** Names to import: `@plugboard/core`, `@plugboard/core/fields`. */
  readonly entries: readonly string[];
}

export function pnpm(args: readonly string[], cwd: string): { status: number | null; output: string } {
  const run = spawnSync('npx', ['--yes', 'pnpm@12', ...args], { cwd, encoding: 'utf8' });
  return { status: run.status, output: `${run.stdout}${run.stderr}` };
}

/** Paths of a tarball for each package below `packages`, after `pnpm build`. */
export function packTarballs(into: string): string[] {
  const { status, output } = pnpm(['-r', '--filter', './packages/**', 'pack', '--pack-destination', into], rootDir);
  if (status !== 0) throw new Error(`pnpm pack failed\n${output}`);
  return globSync('*.tgz', { cwd: into })
    .toSorted()
    .map((file) => join(into, file));
}

export function unpack(tarball: string, into: string): Packed {
  const target = join(into, basename(tarball, '.tgz'));
  mkdirSync(target, { recursive: true });
  const untar = spawnSync('tar', ['-xzf', tarball, '-C', target], { encoding: 'utf8' });
  if (untar.status !== 0) throw new Error(`${tarball}: ${untar.stderr}`);
  const root = join(target, 'package');
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const files = globSync('**/*', { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted();
  const names = Object.keys(manifest.exports ?? {}).filter((name) => name !== './package.json');
  return { tarball, root, manifest, files, entries: names.map((name) => manifest.name + name.slice(1)) };
}
