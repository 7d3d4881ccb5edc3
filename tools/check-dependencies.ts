/**
 * What an installation of our packages brings into a host's process is read and approved by somebody: a runtime
 * dependency, or one that a dependency brings along, is refused until tools/approved-dependencies.json names it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { CheckResult } from './check-result.ts';
import { closureOf, directNeeds, nameOf, readLockfile } from './lockfile.ts';
import { publishedPackages, readText } from './workspace.ts';

const approvedFile = 'tools/approved-dependencies.json';

/** By the name of the dependency. */
export type Approved = Readonly<Record<string, Approval>>;

interface Approval {
  /** Why it is needed. */
  readonly why: string;
  /** Our packages that may declare it; `*` for all. */
  readonly in: readonly string[];
  /** Names of all that it brings along. */
  readonly brings: readonly string[];
}

export function checkDependencies(root: string): CheckResult {
  const lockfile = readLockfile(root);
  const packages = publishedPackages(root);
  const ours = new Set(packages.map(({ manifest }) => manifest.name));
  const approved = existsSync(join(root, approvedFile)) ? (JSON.parse(readText(root, approvedFile)) as Approved) : {};
  const problems: string[] = [];
  const seen = new Map<string, Set<string>>();
  let checked = 0;

  for (const entry of lockfile === undefined ? [] : packages) {
    const { name } = entry.manifest;
    const declared = directNeeds(lockfile!, entry, packages)
      .map(nameOf)
      .filter((dependency) => !ours.has(dependency));
    const closure = new Map(closureOf(lockfile!, entry, packages).map((needed) => [needed.id, needed]));
    checked += 1 + closure.size;
    for (const dependency of declared) {
      const users = seen.get(dependency) ?? new Set();
      seen.set(dependency, users.add(name));
      const approval = approved[dependency];
      if (approval === undefined || !allows(approval, name)) {
        problems.push(`${name}: ${dependency} is not approved in ${approvedFile}`);
        continue;
      }
      for (const brought of namesBelow(dependency, closure)) {
        if (approval.brings.includes(brought) || brought === dependency) continue;
        problems.push(`${name}: ${dependency} brings ${brought}, which is not approved in ${approvedFile}`);
      }
    }
  }
  for (const [dependency, approval] of Object.entries(approved)) {
    if (approval.why.trim().length < 10) problems.push(`${approvedFile}: ${dependency}: \`why\` gives no reason`);
    const users = seen.get(dependency) ?? new Set();
    for (const name of approval.in.filter((user) => (user === '*' ? users.size === 0 : !users.has(user))))
      problems.push(`${approvedFile}: ${name} no longer depends on ${dependency}`);
  }
  return { checked, what: 'runtime dependencies', problems: [...new Set(problems)] };
}

function allows(approval: Approval, name: string): boolean {
  return approval.in.includes('*') || approval.in.includes(name);
}

function namesBelow(dependency: string, closure: ReadonlyMap<string, { name: string; needs: readonly string[] }>) {
  const names = new Set<string>();
  const visited = new Set<string>();
  const waiting = [...closure].filter(([, { name }]) => name === dependency).map(([id]) => id);
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (visited.has(id)) continue;
    visited.add(id);
    const { name, needs } = closure.get(id) ?? { name: id, needs: [] };
    names.add(name);
    waiting.push(...needs);
  }
  return names;
}
