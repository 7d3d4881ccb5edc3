/** Core names no vendor: no provider's id stands in its sources as a word, comments excluded. */
import type { CheckResult } from './check-result.ts';
import { lineAt, withoutComments } from './source.ts';
import { providerIds, readText, sourceFiles } from './workspace.ts';

/** Words that are an id and mean something else. An entry that matches nothing any more is a problem. */
export interface HarmlessWord {
  /** Absent: any file. */
  readonly file?: string;
  readonly text: string;
  readonly reason: string;
}

const harmless: readonly HarmlessWord[] = [
  { file: 'packages/core/src/emulator/oauth/consent-page.ts', text: '<meta ', reason: 'the HTML element' },
  { text: '.meta(', reason: 'the method of zod that holds titles, help and examples' },
  { file: 'packages/core/src/lazy-schema.ts', text: "'meta'", reason: 'the name of that method' },
];

export interface ProviderIdOptions {
  readonly allowed?: readonly HarmlessWord[];
  /** Default: those of the workspace. */
  readonly ids?: readonly string[];
}

export function checkProviderIds(root: string, options: ProviderIdOptions = {}): CheckResult {
  const { allowed = harmless, ids = providerIds(root) } = options;
  const files = ids.length === 0 ? [] : sourceFiles('packages/core/src', root);
  const problems: string[] = [];
  const used = new Set<HarmlessWord>();

  for (const file of files) {
    let text = withoutComments(file, readText(root, file));
    for (const word of allowed) {
      if ((word.file ?? file) !== file || !text.includes(word.text)) continue;
      used.add(word);
      text = text.replaceAll(word.text, ' '.repeat(word.text.length));
    }
    // `slackToken` holds the word slack, `metadata` does not hold meta. The separator keeps the line numbers.
    const words = text.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_');
    for (const id of ids) {
      const pattern = new RegExp(`(?<![a-z0-9])${id.replaceAll('-', '[-_ ]?')}(?![a-z0-9])`, 'gi');
      for (const match of words.matchAll(pattern)) {
        problems.push(`${file}:${lineAt(words, match.index)}: names the provider ${id}`);
      }
    }
  }
  for (const word of allowed) {
    const looked = word.file === undefined ? files.length > 0 : files.includes(word.file);
    if (!used.has(word) && looked)
      problems.push(`${word.file ?? 'packages/core/src'}: no longer holds ${word.text}; drop the exception`);
  }
  return { checked: files.length, what: 'files of core beside providers', problems };
}
