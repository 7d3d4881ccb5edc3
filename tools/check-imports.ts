/** Inside core imports only go down, there are no cycles, types included, and nothing imports index. */
import { posix } from 'node:path';

import type { CheckResult } from './check-result.ts';
import { levels as coreLevels } from './levels.ts';
import { importsOf } from './source.ts';
import { readText, sourceFiles, workspacePackages } from './workspace.ts';

const src = 'packages/core/src';
const core = '@plugboard/core';

export function checkImports(root: string, levels = coreLevels): CheckResult {
  const files = sourceFiles(src, root).map((file) => file.slice(src.length + 1));
  const entries = coreEntries(root);
  const graph = new Map<string, string[]>();
  const problems: string[] = [];
  let checked = 0;

  for (const file of files) {
    const level = levelOf(file, levels);
    if (level === undefined) problems.push(`${src}/${file}: has no level in tools/levels.ts`);
    const targets: string[] = [];
    for (const { specifier, line, lazy } of importsOf(file, readText(root, `${src}/${file}`))) {
      const complain = (problem: string) => problems.push(`${src}/${file}:${line}: ${problem}`);
      if (specifier === '(computed)') complain('imports a computed name');
      if (lazy && specifier.startsWith('.'))
        complain(`loads ${specifier} late, but one file holds both: name it in \`imports\``);
      const own = specifier === core || specifier.startsWith(`${core}/`) || specifier.startsWith('#');
      if (specifier.startsWith('@plugboard/') && !own) complain(`imports ${specifier}; core imports none of its users`);
      if (!own && !specifier.startsWith('.')) continue;

      checked++;
      const target = own ? entries.get(specifier) : posix.join(posix.dirname(file), specifier);
      const below = target === undefined ? undefined : levelOf(target, levels);
      if (target === undefined || !files.includes(target)) complain(`imports ${specifier}, which is no file of core`);
      else if (target === 'index.ts' || (!own && posix.basename(target) === 'index.ts')) complain('imports an index');
      else if (level !== undefined && below !== undefined && below > level) {
        complain(`level ${level} imports ${target} of level ${below}`);
      }
      // Types vanish, but files that describe each other can only be read together. Another entry is a file of its own.
      if (target !== undefined && !own && !targets.includes(target)) targets.push(target);
    }
    graph.set(file, targets);
  }
  for (const cycle of cyclesOf(graph)) problems.push(`${src}: cycle ${cycle.join(' -> ')}`);
  return { checked, what: 'imports', problems };
}

/** Core's entries by the name that its own sources may load them under when they are first needed: `#name`s are its own. */
function coreEntries(root: string): ReadonlyMap<string, string> {
  const manifest = workspacePackages(root).find((entry) => entry.dir === 'packages/core')?.manifest;
  const sources = Object.entries({ ...manifest?.exports, ...manifest?.imports }).flatMap(([name, target]) => {
    const source = typeof target === 'string' ? undefined : target['@plugboard/source'];
    return source === undefined ? [] : [[name.replace(/^\./, core), source.replace('./src/', '')] as const];
  });
  return new Map(sources);
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
