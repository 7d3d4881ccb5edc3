/** Nothing of `pnpm new provider` is left to fill in: every fact of a provider is its vendor's. */
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';

import type { CheckResult } from './check-result.ts';
import { generatedBlock } from './docs-page.ts';
import { providerIds, readText } from './workspace.ts';

export interface Placeholder {
  readonly file: string;
  readonly line: number;
  /** What belongs there. */
  readonly what: string;
}

/** What the templates write where a fact of the vendor belongs, and how it is told without a word of its own beside it. */
export const marker = 'FILL IN:';
export const placeholderHost = 'fill-in.example';
export const placeholderDate = '1970-01-01';
const silent: Readonly<Record<string, string>> = {
  [placeholderHost]: `an address of the vendor instead of ${placeholderHost}`,
  [placeholderDate]: 'the day on which you read the facts',
};

export function checkPlaceholders(root: string): CheckResult {
  const ids = providerIds(root);
  const problems = ids.flatMap((id) =>
    placeholdersOf(root, id).map(({ file, line, what }) => `${file}:${line}: fill in ${what}`),
  );
  return { checked: ids.length, what: 'providers', problems };
}

/** In the order in which the files are read: facts first, then operations, words, tests. */
export function placeholdersOf(root: string, id: string): readonly Placeholder[] {
  const dir = `packages/providers/${id}`;
  const sources = ['src/provider.ts', 'src/*.ts', 'test/**/*.ts', 'README.md', 'package.json'];
  const own = sources.flatMap((pattern) => globSync(`${dir}/${pattern}`, { cwd: root }).toSorted());
  const changesets = globSync(`.changeset/*.md`, { cwd: root }).filter((file) =>
    readText(root, file).includes(`@plugboard/provider-${id}'`),
  );
  const files = [...new Set([...own, ...changesets].map((file) => file.replaceAll('\\', '/')))];
  return files
    .filter((file) => existsSync(join(root, file)))
    .flatMap((file) => placeholdersIn(file, readText(root, file)));
}

function placeholdersIn(file: string, text: string): Placeholder[] {
  // Generated parts repeat what stands elsewhere.
  const own = text.replace(generatedBlock, (block) => block.replaceAll(/[^\n]/g, ''));
  return own.split('\n').flatMap((line, index) => {
    const what = whatIsMissing(line);
    return what === undefined ? [] : [{ file, line: index + 1, what }];
  });
}

function whatIsMissing(line: string): string | undefined {
  const at = line.indexOf(marker);
  if (at !== -1) {
    const words = line.slice(at + marker.length).trim();
    // The end of the text or comment around the words is none of them.
    return words.replace(/(\.?['"]\)?[\s,})]*|\.?\s*\*\/|\.)$/, '');
  }
  return Object.entries(silent).find(([text]) => line.includes(text))?.[1];
}
