/** What a tarball may hold, and whether two builds make the same. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import type { Packed } from './packed.ts';

/** Run by whoever installs the package (npm-scripts, life cycle). */
const installScripts = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];
const wanted = /^(package\.json|README\.md|LICENSE|dist\/.+\.(js|d\.ts))$/;

/** @param machine The folder of the build, which no file may name. */
export function contentProblems({ root, manifest, files }: Packed, machine: string): string[] {
  const problems: string[] = [];
  const add = (problem: string) => problems.push(`${manifest.name}: ${problem}`);
  for (const file of ['package.json', 'README.md', 'LICENSE'])
    if (!files.includes(file)) add(`the tarball lacks ${file}`);
  for (const file of files) {
    if (!wanted.test(file)) add(`the tarball holds ${file}`);
    const text = readFileSync(join(root, file), 'utf8');
    if (text.includes(machine) || /\bsourceMappingURL=/.test(text))
      add(`${file} points to a file of the building machine`);
  }
  const text = JSON.stringify(manifest);
  if (/"(workspace|catalog):/.test(text)) add('the manifest still holds a workspace: or catalog: range');
  if (text.includes('@plugboard/source')) add('the manifest still holds the source condition');
  const scripts = Object.keys(manifest['scripts'] ?? {});
  for (const name of scripts.filter((script) => installScripts.includes(script)))
    add(`the manifest has the script ${name}`);
  if (manifest['gypfile'] === true || files.includes('binding.gyp')) add('npm would compile it when it is installed');
  if (manifest.name !== '@plugboard/core' && manifest.dependencies?.['@plugboard/core'] !== undefined) {
    add('core is a dependency; as a peer there is one copy of it in an app');
  }
  return problems;
}

/** By file name of the tarball: the hash that the registry would publish as its integrity. */
export function hashesOf(tarballs: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    tarballs.map((file) => [basename(file), createHash('sha512').update(readFileSync(file)).digest('hex')]),
  );
}

/** Two builds of the same sources make the same tarballs, so that anybody can tell what a release was made from. */
export function differences(first: ReadonlyMap<string, string>, second: ReadonlyMap<string, string>): string[] {
  const names = [...new Set([...first.keys(), ...second.keys()])].toSorted();
  return names
    .filter((name) => first.get(name) !== second.get(name))
    .map((name) => `${name}: a second build makes other bytes`);
}
