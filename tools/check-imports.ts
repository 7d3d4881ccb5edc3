/** Inside core imports only go down, there are no cycles, and nothing imports index. */
import { posix } from 'node:path';

import type { CheckResult } from './check-result.ts';
import { levels as coreLevels } from './levels.ts';
import { importsOf } from './source.ts';
import { readText, sourceFiles } from './workspace.ts';

const src = 'packages/core/src';

export function checkImports(root: string, levels = coreLevels): CheckResult {
  const files = sourceFiles(src, root).map((file) => file.slice(src.length + 1));
  const known = new Set(files);
  const graph = new Map<string, string[]>();
  const problems: string[] = [];
  let checked = 0;

  for (const file of files) {
    const level = levelOf(file, levels);
    if (level === undefined) problems.push(`${src}/${file}: has no level in tools/levels.ts`);
    const targets: string[] = [];
    for (const { specifier, line } of importsOf(file, readText(root, `${src}/${file}`))) {
      const at = `${src}/${file}:${line}`;
      if (specifier === '(computed)') problems.push(`${at}: imports a computed name`);
      if (specifier.startsWith('@plugboard/'))
        problems.push(`${at}: imports ${specifier}; core imports no other package of ours`);
      if (!specifier.startsWith('.')) continue;
      checked++;
      const target = posix.join(posix.dirname(file), specifier);
      if (!known.has(target)) {
        problems.push(`${at}: imports ${specifier}, which is no file of core`);
        continue;
      }
      targets.push(target);
      const below = levelOf(target, levels);
      if (posix.basename(target) === 'index.ts') problems.push(`${at}: imports an index`);
      else if (level !== undefined && below !== undefined && below > level) {
        problems.push(`${at}: level ${level} imports ${target} of level ${below}`);
      }
    }
    graph.set(file, targets);
  }
  for (const cycle of cyclesOf(graph)) problems.push(`${src}: cycle ${cycle.join(' -> ')}`);
  return { checked, what: 'imports', problems };
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
