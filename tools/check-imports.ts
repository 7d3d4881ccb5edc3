/** Inside core imports only go down, there are no cycles, types included, and nothing imports index. */
import { posix } from 'node:path';

import type { CheckResult } from './check-result.ts';
import { levels as coreLevels } from './levels.ts';
import { importsOf } from './source.ts';
import { readText, sourceFiles, workspacePackages, type Target } from './workspace.ts';

const src = 'packages/core/src';
const core = '@plugboard/core';
/** A late import whose failure is told, or does without the package. */
const told = /\bloaded\(import\(|\bimport\([^()]*\)\.catch\(/;

export function checkImports(root: string, levels = coreLevels): CheckResult {
  const files = sourceFiles(src, root).map((file) => file.slice(src.length + 1));
  const entries = coreEntries(root);
  const graph = new Map<string, string[]>();
  const problems: string[] = [];
  let checked = 0;

  for (const file of files) {
    const level = levelOf(file, levels);
    if (level === undefined) problems.push(`${src}/${file}: has no level in tools/levels.ts`);
    const read = new Set<string>();
    const text = readText(root, `${src}/${file}`);
    const lines = text.split('\n');
    for (const { specifier, line, lazy } of importsOf(file, text)) {
      const complain = (problem: string) => problems.push(`${src}/${file}:${line}: ${problem}`);
      if (specifier === '(computed)') complain('imports a computed name');
      if (lazy && specifier.startsWith('.'))
        complain(`loads ${specifier} late, but one file holds both: name it in \`imports\``);
      const own = specifier === core || specifier.startsWith(`${core}/`) || specifier.startsWith('#');
      if (specifier.startsWith('@plugboard/') && !own) complain(`imports ${specifier}; core imports none of its users`);
      if (!own && !specifier.startsWith('.')) {
        if (lazy && !told.test(lines[line - 1] ?? ''))
          complain(`loads ${specifier} late and unguarded: \`loaded(import(...))\` tells who lacks it what to install`);
        continue;
      }

      checked++;
      const targets = own ? (entries.get(specifier) ?? []) : [posix.join(posix.dirname(file), specifier)];
      if (targets.length === 0 || targets.some((target) => !files.includes(target)))
        complain(`imports ${specifier}, which is no file of core`);
      for (const target of targets.filter((name) => files.includes(name))) {
        const below = levelOf(target, levels);
        if (target === 'index.ts' || (!own && posix.basename(target) === 'index.ts')) complain('imports an index');
        else if (level !== undefined && below !== undefined && below > level) {
          complain(`level ${level} imports ${target} of level ${below}`);
        }
      }
      // Types vanish, but files that describe each other can only be read together. Another entry is a file of its own.
      if (!own) for (const target of targets) read.add(target);
    }
    graph.set(file, [...read]);
  }
  for (const cycle of cyclesOf(graph)) problems.push(`${src}: cycle ${cycle.join(' -> ')}`);
  return { checked, what: 'imports', problems };
}

/**
 * Core's entries by the name that its own sources may load them under when they are first needed: `#name`s are its own.
 * One name may stand for several files, by export condition.
 */
function coreEntries(root: string): ReadonlyMap<string, readonly string[]> {
  const manifest = workspacePackages(root).find((entry) => entry.dir === 'packages/core')?.manifest;
  const entries = Object.entries({ ...manifest?.exports, ...manifest?.imports });
  return new Map(entries.map(([name, target]) => [name.replace(/^\./, core), sourcesOf(target)]));
}

function sourcesOf(target: Target): string[] {
  if (typeof target === 'string') return [];
  return Object.entries(target).flatMap(([condition, inner]) =>
    condition === '@plugboard/source' && typeof inner === 'string' ? [inner.replace('./src/', '')] : sourcesOf(inner),
  );
}

function levelOf(file: string, levels: Readonly<Record<string, number>>): number | undefined {
  const keys = Object.keys(levels).filter((key) => key === file || (key.endsWith('/') && file.startsWith(key)));
  const longest = keys.toSorted((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : levels[longest];
}

/** One cycle for each edge that closes one, found depth first. */
function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start !== -1) cycles.push([...path.slice(start), file]);
    if (start !== -1 || done.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}
