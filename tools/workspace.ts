/** What the tools know of the workspace: its packages, read from the folders. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const rootDir: string = join(import.meta.dirname, '..');

/** A file, or one by export condition, at any depth. */
export type Target = string | { readonly [condition: string]: Target };

export interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  /** Files of the package itself under names that begin with `#`. */
  readonly imports?: Readonly<Record<string, Target>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

export interface WorkspacePackage {
  /** From the root, with slashes: `packages/providers/acme`. */
  readonly dir: string;
  /** Last part of `dir`. */
  readonly id: string;
  readonly kind: 'package' | 'provider' | 'storage' | 'jobs' | 'other';
  readonly manifest: Manifest;
}

// Same kinds of folders as pnpm-workspace.yaml.
const kinds = [
  ['package', 'packages/*'],
  ['provider', 'packages/providers/*'],
  ['storage', 'packages/storages/*'],
  ['jobs', 'packages/jobs/*'],
  ['other', 'examples/*'],
  ['other', 'tools'],
  ['other', 'benchmarks'],
  ['other', 'runtimes'],
] as const;

export function workspacePackages(root = rootDir): WorkspacePackage[] {
  return kinds.flatMap(([kind, glob]) =>
    globSync(`${glob}/package.json`, { cwd: root })
      .map((file) => file.replaceAll('\\', '/').replace(/\/package\.json$/, ''))
      .toSorted()
      .map((dir) => ({ dir, id: dir.slice(dir.lastIndexOf('/') + 1), kind, manifest: readManifest(root, dir) })),
  );
}

/** The packages that go to the registry. */
export function publishedPackages(root = rootDir): WorkspacePackage[] {
  return workspacePackages(root).filter((entry) => entry.manifest.private !== true);
}

/** Folder names under packages/providers: a provider's id is its folder, with or without a manifest. */
export function providerIds(root = rootDir): string[] {
  return globSync('packages/providers/*', { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

/** TypeScript files below a folder, as paths from the root with slashes. */
export function sourceFiles(dir: string, root = rootDir): string[] {
  if (!existsSync(join(root, dir))) return [];
  return globSync(`${dir}/**/*.{ts,tsx}`, { cwd: root, exclude: (name) => name === 'node_modules' || name === 'dist' })
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted();
}

export function readText(root: string, file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function readManifest(root: string, dir: string): Manifest {
  return JSON.parse(readText(root, `${dir}/package.json`)) as Manifest;
}
