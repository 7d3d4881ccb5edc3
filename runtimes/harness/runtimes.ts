/** The runtimes, and where they are: packages of the workspace bring them, nothing is looked for on the machine. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import type { Platform } from './bundle.ts';

export interface Runtime {
  readonly name: string;
  readonly platform: Platform;
  /** Of the process; null for workerd, which is none with a file to run, and where no package brings it. */
  readonly executable: string | null;
  /** Before the file to run. */
  readonly args: readonly string[];
}

const rootManifest = join(import.meta.dirname, '../../package.json');

export const nodes: readonly Runtime[] = [
  { name: 'Node 22.12', platform: 'node', executable: nodeOf('node-22'), args: [] },
  { name: 'Node 24', platform: 'node', executable: fileIn('node', 'bin/node', rootManifest), args: [] },
  { name: 'Node 26', platform: 'node', executable: nodeOf('node-26'), args: [] },
];

export const others: readonly Runtime[] = [
  { name: 'Bun', platform: 'bun', executable: binaryOf('bun', 'bin/bun'), args: [] },
  {
    name: 'Deno',
    platform: 'deno',
    executable: binaryOf('deno', 'deno'),
    // It may talk to loopback and read its environment; it may read, write and start nothing.
    args: ['run', '--no-remote', '--no-npm', '--no-prompt', '--allow-net=127.0.0.1', '--allow-env'],
  },
  { name: 'workerd with nodejs_compat', platform: 'workerd-node', executable: null, args: [] },
];

export const workerd: Runtime = { name: 'workerd', platform: 'workerd', executable: null, args: [] };

/** Whether a runtime is there. */
export function isHere({ platform, executable }: Runtime): boolean {
  return executable !== null || platform.startsWith('workerd');
}

/** Skips a test whose runtime is not there, with the reason. In CI that is a failure. */
export function needs(context: { skip(condition: boolean, note: string): void }, runtime: Runtime): void {
  const reason = `no package brings ${runtime.name} for ${process.platform} on ${process.arch}`;
  if (!isHere(runtime) && process.env['CI'] === 'true') throw new Error(reason);
  context.skip(!isHere(runtime), reason);
}

function nodeOf(alias: string): string | null {
  return fileIn(`${alias}-${process.platform}-${process.arch}`, 'bin/node', import.meta.url);
}

/** The binary stands in an optional package, one for each platform: the one that is installed is the right one. */
function binaryOf(name: string, file: string): string | null {
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  const { optionalDependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  const files = Object.keys(optionalDependencies).map((dependency) => fileIn(dependency, file, manifest));
  return files.find((found) => found !== null) ?? null;
}

function fileIn(name: string, file: string, from: string): string | null {
  const folders = createRequire(from).resolve.paths(name) ?? [];
  return folders.map((folder) => join(folder, name, file)).find((path) => existsSync(path)) ?? null;
}
