/** The built packages, packed as for the registry and installed into an empty project of a temporary folder. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { publishedPackages, rootDir, type WorkspacePackage } from '../../tools/workspace.ts';

/** Vendor SDKs that providers load when they are asked for one. */
const sdkOf = /^(openai|posthog-node|resend|@sentry\/.*|stripe|twilio|@types\/.*)$/;

export interface Project {
  readonly dir: string;
  readonly providers: readonly WorkspacePackage[];
}

/** @throws Error when `pnpm build` has not run. */
export function installPacked(): Project {
  const packages = publishedPackages().filter(({ kind, id }) => kind === 'provider' || ['core', 'google'].includes(id));
  const unbuilt = packages.filter(({ dir }) => !existsSync(join(rootDir, dir, 'dist/index.js')));
  if (unbuilt.length > 0) throw new Error('the packages are not built; run `pnpm build` first');
  const dir = mkdtempSync(join(tmpdir(), 'plugboard-bench-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  const tarballs = join(dir, 'tarballs');
  mkdirSync(tarballs);
  const filters = packages.flatMap(({ manifest }) => ['--filter', manifest.name]);
  run('npx', ['--yes', 'pnpm@12', '-r', ...filters, 'pack', '--pack-destination', tarballs], rootDir);
  const files = globSync('*.tgz', { cwd: tarballs });
  const local = Object.fromEntries(
    packages.map(({ manifest }) => [manifest.name, `file:tarballs/${tarballOf(manifest.name, files)}`]),
  );
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies: local }));
  const settings = { overrides: local, packages: ['.'], strictDepBuilds: false, nodeLinker: 'hoisted' };
  writeFileSync(join(dir, 'pnpm-workspace.yaml'), JSON.stringify(settings));
  run('npx', ['--yes', 'pnpm@12', 'install', '--ignore-scripts', '--prefer-offline', '--no-frozen-lockfile'], dir);
  return { dir, providers: packages.filter(({ kind }) => kind === 'provider') };
}

/** Installs these packages alone, as an application would, and tells what lies on the disk without vendor SDKs. */
export function installedSize(
  project: Project,
  names: readonly string[],
): { readonly bytes: number; readonly packages: number; readonly largest: readonly (readonly [string, number])[] } {
  const dir = join(project.dir, `only-${names.length}`);
  mkdirSync(dir);
  const files = globSync('*.tgz', { cwd: join(project.dir, 'tarballs') });
  const local = Object.fromEntries(names.map((name) => [name, `file:../tarballs/${tarballOf(name, files)}`]));
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies: local }));
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--loglevel=error'], dir);
  const installed = reachable(dir, names).map((path): [string, number] => [
    path.replace(/^.*node_modules\//, ''),
    treeBytes(join(dir, path)),
  ]);
  return {
    bytes: installed.reduce((sum, [, bytes]) => sum + bytes, 0),
    packages: installed.length,
    largest: installed.toSorted((a, b) => b[1] - a[1]).slice(0, 6),
  };
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dependencies?: Readonly<Record<string, string>> }>>;
}

/** Folders of these packages and of all that they depend on, vendor SDKs and what only those need left out. */
function reachable(dir: string, names: readonly string[]): string[] {
  const { packages } = JSON.parse(readFileSync(join(dir, 'node_modules/.package-lock.json'), 'utf8')) as Lock;
  const found = new Set<string>();
  const visit = (name: string, from: string): void => {
    if (sdkOf.test(name)) return;
    // As Node does: beside the one that asks, then further up.
    for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
      const path = `${base === '' ? '' : `${base}/`}node_modules/${name}`;
      if (packages[path] !== undefined) {
        if (found.has(path)) return;
        found.add(path);
        for (const next of Object.keys(packages[path].dependencies ?? {})) visit(next, path);
        return;
      }
      if (base === '') return;
    }
  };
  for (const name of names) visit(name, '');
  return [...found];
}

function tarballOf(name: string, files: readonly string[]): string {
  const start = `${name.replace('@', '').replace('/', '-')}-`;
  const file = files.find((candidate) => candidate.startsWith(start) && /^\d/.test(candidate.slice(start.length)));
  if (file === undefined) throw new Error(`${name} was not packed`);
  return file;
}

function treeBytes(dir: string): number {
  return readdirSync(dir, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(dir, entry.name);
    if (entry.isSymbolicLink()) return sum;
    return sum + (entry.isDirectory() ? treeBytes(path) : lstatSync(path).size);
  }, 0);
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args[0] ?? ''} failed: ${stdout.slice(-400)}${stderr.slice(-400)}`);
}
