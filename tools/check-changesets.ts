/**
 * A core major needs a major changeset of every package that has core as a peer: changesets bumps such packages by a
 * patch only, although their peer range moves to the new major.
 */
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import type { CheckResult } from './check-result.ts';
import { publishedPackages, readText } from './workspace.ts';

const core = '@plugboard/core';

interface Config {
  readonly fixed?: readonly (readonly string[])[];
}

export function checkChangesets(root: string): CheckResult {
  const configFile = '.changeset/config.json';
  if (!existsSync(join(root, configFile))) return { checked: 0, what: 'changeset configurations', problems: [] };
  const config = JSON.parse(readText(root, configFile)) as Config;
  const packages = publishedPackages(root);
  const names = new Set(packages.map(({ manifest }) => manifest.name));
  const problems: string[] = [];

  const majors = new Set<string>();
  for (const file of globSync('.changeset/*.md', { cwd: root })) {
    if (file.endsWith('README.md')) continue;
    const frontMatter = /^---\n([\s\S]*?)\n?---/.exec(readText(root, file))?.[1];
    const bumps = frontMatter === undefined ? undefined : (parse(frontMatter) as Record<string, string> | null);
    if (bumps === undefined) problems.push(`${file}: has no front matter`);
    for (const [name, bump] of Object.entries(bumps ?? {})) {
      if (!names.has(name)) problems.push(`${file}: names ${name}, which is not published from here`);
      if (bump === 'major') majors.add(name);
    }
  }

  const together = config.fixed?.find((group) => group.includes(core)) ?? [core];
  if (together.some((name) => majors.has(name))) {
    const dependents = packages.filter(({ manifest }) => manifest.peerDependencies?.[core] !== undefined);
    for (const { manifest } of dependents) {
      if (together.includes(manifest.name) || majors.has(manifest.name)) continue;
      problems.push(`.changeset: a major of ${core} needs a major changeset of ${manifest.name} too`);
    }
  }
  for (const name of config.fixed?.flat() ?? []) {
    if (!names.has(name)) problems.push(`${configFile}: \`fixed\` names ${name}, which is not published from here`);
  }
  return { checked: packages.length, what: 'published packages', problems };
}
