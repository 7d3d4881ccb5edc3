/** What the lockfile and the settings around it promise: known hashes, the public registry, no haste, no foreign scripts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import type { CheckResult } from './check-result.ts';
import { lockfileName, readLockfile } from './lockfile.ts';
import { readText } from './workspace.ts';

const settingsFile = 'pnpm-workspace.yaml';
/** Worms are found within hours; this is a week, in minutes. */
const leastAge = 7 * 24 * 60;
/** The only dependency that may run something when it is installed: it unpacks the Node of the scripts. */
const builders: readonly string[] = ['node'];
/** `integrity` is all that a package of the default registry needs. */
const plainResolution = /^sha512-[A-Za-z0-9+/]{86}==$/;

interface Settings {
  readonly minimumReleaseAge?: number;
  readonly minimumReleaseAgeExclude?: readonly string[];
  readonly allowBuilds?: Readonly<Record<string, boolean>>;
  readonly dangerouslyAllowAllBuilds?: boolean;
  readonly [key: string]: unknown;
}

export function checkLockfile(root: string): CheckResult {
  const lockfile = readLockfile(root);
  const packages = Object.entries(lockfile?.packages ?? {});
  const problems: string[] = [];
  for (const [id, { resolution = {} }] of packages) {
    const { integrity, ...other } = resolution;
    const odd = Object.keys(other);
    if (typeof integrity !== 'string' || !plainResolution.test(integrity))
      problems.push(`${lockfileName}: ${id} has no sha512 of what is installed`);
    if (odd.length > 0)
      problems.push(`${lockfileName}: ${id} does not come from the default registry (${odd.join(', ')})`);
  }
  if (packages.length > 0) problems.push(...settingsProblems(root), ...registryFiles(root));
  return { checked: packages.length, what: 'locked packages', problems };
}

function settingsProblems(root: string): string[] {
  const settings = existsSync(join(root, settingsFile)) ? (parse(readText(root, settingsFile)) as Settings) : {};
  const problems: string[] = [];
  const add = (problem: string) => problems.push(`${settingsFile}: ${problem}`);
  if ((settings.minimumReleaseAge ?? 0) < leastAge) add(`minimumReleaseAge is below ${leastAge} minutes, a week`);
  for (const exception of settings.minimumReleaseAgeExclude ?? []) {
    // A fix of a hole may be taken at once, but it is that very release and no later one.
    if (!/.@\d+\.\d+\.\d+$/.test(exception)) add(`minimumReleaseAgeExclude: ${exception} names no exact version`);
  }
  if (settings.dangerouslyAllowAllBuilds === true) add('dangerouslyAllowAllBuilds lets every dependency run scripts');
  const allowed = Object.entries(settings.allowBuilds ?? {}).filter(([, allows]) => allows);
  for (const [name] of allowed.filter(([builder]) => !builders.includes(builder)))
    add(`allowBuilds: ${name} may run an install script`);
  for (const key of Object.keys(settings).filter((name) => /registr/i.test(name))) add(`${key}: the default is enough`);
  return problems;
}

/** A committed registry, or a token for one, would send everybody who installs elsewhere. */
function registryFiles(root: string): string[] {
  if (!existsSync(join(root, '.npmrc'))) return [];
  const lines = readText(root, '.npmrc').split('\n');
  return lines.flatMap((line, index) =>
    /registry|_auth|token/i.test(line) ? [`.npmrc:${index + 1}: names a registry or a token`] : [],
  );
}
