/**
 * No regular expression takes more than linear time. Those in tools/regexes.json were judged by recheck; a new or a
 * changed one is judged here, and is a problem until `pnpm regexes` has written it down.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { check } from 'recheck';

import type { CheckResult } from './check-result.ts';
import { findForeignRegexes, findRegexes, partsOf, type Regex } from './regexes.ts';
import { readText } from './workspace.ts';

export const verdictsFile = 'tools/regexes.json';

export interface Verdicts {
  /** `/pattern/flags` that were judged linear. */
  readonly linear: readonly string[];
  /** Those that are not, with the reason why nobody can use that. */
  readonly bounded: Readonly<Record<string, string>>;
  /** Files to calls of `RegExp` whose parts are known only at run time, to patterns as they come out. */
  readonly samples: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** Undefined for a pattern that takes linear time, else what is wrong with it. */
export type Judge = (text: string) => Promise<string | undefined>;

export const judge: Judge = async (text) => {
  const diagnostics = await check(...partsOf(text), { timeout: 60_000 });
  if (diagnostics.status === 'safe') return undefined;
  if (diagnostics.status === 'unknown') return `could not be judged (${diagnostics.error.kind})`;
  const attack = diagnostics.attack.pattern;
  return `takes ${diagnostics.complexity.summary.replace(/ \(fuzz\)$/, '')} time: ${attack}`;
};

export async function checkRegexes(root: string, judgeOne: Judge = judge): Promise<CheckResult> {
  const regexes = [...findRegexes(root), ...(await findForeignRegexes(root))];
  const verdicts = readVerdicts(root);
  const { texts, problems } = textsToJudge(regexes, verdicts);
  const known = new Set([...verdicts.linear, ...Object.keys(verdicts.bounded)]);

  for (const [text, where] of texts) {
    if (known.has(text)) continue;
    const wrong = await judgeOne(text);
    problems.push(`${where}: ${text} ${wrong ?? 'is new or changed, and linear: write it down with `pnpm regexes`'}`);
  }
  for (const text of known)
    if (!texts.has(text)) problems.push(`${verdictsFile}: ${text} is in no source: remove it with \`pnpm regexes\``);
  return { checked: regexes.length, what: 'regular expressions', problems };
}

/** All texts to be judged with the place of each, and the calls that show none. */
export function textsToJudge(regexes: readonly Regex[], verdicts: Verdicts) {
  const texts = new Map<string, string>();
  const problems: string[] = [];
  const used = new Set<string>();
  for (const { file, line, text, call } of regexes) {
    const where = `${file}:${line}`;
    if (text !== undefined) {
      texts.set(text, where);
      continue;
    }
    const samples = verdicts.samples[file]?.[call!.code] ?? [];
    used.add(`${file} ${call!.code}`);
    if (samples.length === 0)
      problems.push(`${where}: ${call!.code} has no sample in ${verdictsFile} of what it makes at run time`);
    for (const sample of samples) {
      if (!showsTemplate(sample, call!.quasis)) problems.push(`${where}: ${call!.code} cannot make ${sample}`);
      texts.set(sample, where);
    }
  }
  for (const [file, calls] of Object.entries(verdicts.samples))
    for (const code of Object.keys(calls))
      if (!used.has(`${file} ${code}`)) problems.push(`${verdictsFile}: ${file} has no ${code} any more`);
  return { texts, problems };
}

export function readVerdicts(root: string): Verdicts {
  if (!existsSync(join(root, verdictsFile))) return { linear: [], bounded: {}, samples: {} };
  return JSON.parse(readText(root, verdictsFile)) as Verdicts;
}

/** Whether the fixed parts of the template stand in the sample, in their order. */
function showsTemplate(sample: string, quasis: readonly string[]): boolean {
  const [pattern] = partsOf(sample);
  let from = 0;
  return quasis.every((quasi) => {
    const at = pattern.indexOf(quasi, from);
    from = at + quasi.length;
    return at !== -1;
  });
}
