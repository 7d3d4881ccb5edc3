/** The built packages, packed as for the registry and installed into an empty project of a temporary folder. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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
  const modules = join(dir, 'node_modules');
  const installed = readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((own) => `${name}/${own}`) : [name],
    )
    .filter((name) => !sdkOf.test(name))
    .map((name): [string, number] => [name, treeBytes(join(modules, name))]);
  return {
    bytes: installed.reduce((sum, [, bytes]) => sum + bytes, 0),
    packages: installed.length,
    largest: installed.toSorted((a, b) => b[1] - a[1]).slice(0, 6),
  };
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
