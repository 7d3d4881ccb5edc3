/** pnpm-lock.yaml, as far as the tools ask: who needs what, and with which hash. */
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';

import { parse } from 'yaml';

import { readText, type WorkspacePackage } from './workspace.ts';

export const lockfileName = 'pnpm-lock.yaml';

export interface Lockfile {
  readonly lockfileVersion?: string;
  /** By folder of the workspace. */
  readonly importers?: Readonly<Record<string, Importer>>;
  /** By `name@version`. */
  readonly packages?: Readonly<Record<string, LockedPackage>>;
  /** By `name@version`, with the peers behind it in parentheses. */
  readonly snapshots?: Readonly<Record<string, Snapshot>>;
}

interface Importer {
  readonly dependencies?: Readonly<Record<string, { readonly version: string }>>;
  readonly optionalDependencies?: Readonly<Record<string, { readonly version: string }>>;
}

export interface LockedPackage {
  readonly resolution?: Readonly<Record<string, unknown>>;
}

interface Snapshot {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** One package of a closure, with those that it needs itself. */
export interface Needed {
  /** `name@version`. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** Ids, sorted. */
  readonly needs: readonly string[];
}

export function readLockfile(root: string): Lockfile | undefined {
  if (!existsSync(join(root, lockfileName))) return undefined;
  return parse(readText(root, lockfileName)) as Lockfile;
}

/**
 * What an installation of the package brings along, our own packages included, sorted by id.
 * @param ours All published packages.
 */
export function closureOf(
  lockfile: Lockfile,
  { dir }: WorkspacePackage,
  ours: readonly WorkspacePackage[],
): readonly Needed[] {
  const own = new Map(ours.map((entry) => [entry.dir, entry]));
  const found = new Map<string, Needed>();

  const visit = (name: string, version: string, from: string): string => {
    const local = version.startsWith('link:') ? own.get(posix.join(from, version.slice('link:'.length))) : undefined;
    const key = local === undefined ? keyOf(name, version) : undefined;
    const id = local === undefined ? withoutPeers(key!) : idOf(local);
    if (found.has(id)) return id;
    const parts = { id, name: nameOf(id), version: id.slice(nameOf(id).length + 1) };
    // Before its own needs, which may lead back to it.
    found.set(id, { ...parts, needs: [] });
    const needed = local === undefined ? snapshotNeeds(lockfile, key!) : importerNeeds(lockfile, local.dir);
    const needs = needed.map(([needName, needVersion]) => visit(needName, needVersion, local?.dir ?? ''));
    found.set(id, { ...parts, needs: [...new Set(needs)].toSorted() });
    return id;
  };

  for (const [name, version] of importerNeeds(lockfile, dir)) visit(name, version, dir);
  return [...found.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Ids of what the package itself declares. */
export function directNeeds(
  lockfile: Lockfile,
  { dir }: WorkspacePackage,
  ours: readonly WorkspacePackage[],
): readonly string[] {
  const own = new Map(ours.map((entry) => [entry.dir, entry]));
  return importerNeeds(lockfile, dir).map(([name, version]) => {
    const local = version.startsWith('link:') ? own.get(posix.join(dir, version.slice('link:'.length))) : undefined;
    return local === undefined ? withoutPeers(keyOf(name, version)) : idOf(local);
  });
}

export function nameOf(id: string): string {
  return id.slice(0, id.indexOf('@', 1));
}

export function idOf({ manifest }: WorkspacePackage): string {
  return `${manifest.name}@${manifest.version ?? '0.0.0'}`;
}

export function withoutPeers(key: string): string {
  return key.replace(/\(.*$/, '');
}

function importerNeeds(lockfile: Lockfile, dir: string): (readonly [string, string])[] {
  const { dependencies = {}, optionalDependencies = {} } = lockfile.importers?.[dir] ?? {};
  return Object.entries({ ...dependencies, ...optionalDependencies }).map(([name, { version }]) => [name, version]);
}

function snapshotNeeds(lockfile: Lockfile, key: string): (readonly [string, string])[] {
  const { dependencies = {}, optionalDependencies = {} } = lockfile.snapshots?.[key] ?? {};
  return Object.entries({ ...dependencies, ...optionalDependencies });
}

/** An alias is locked under the name of what it stands for: `string-width-cjs` as `string-width@4.2.3`. */
function keyOf(name: string, version: string): string {
  return /^(?:@[^/]+\/)?[^@(]+@/.test(version) ? version : `${name}@${version}`;
}
