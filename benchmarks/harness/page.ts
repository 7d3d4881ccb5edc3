/** docs/benchmarks.md: words of ours around one section for each benchmark, which `pnpm bench --write` replaces. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const file = join(import.meta.dirname, '../../docs/benchmarks.md');

/** @throws Error when the page has no place for it. */
export function updatePage(name: string, text: string): void {
  const page = readFileSync(file, 'utf8');
  const [open, close] = [`<!-- results of ${name} -->`, `<!-- end of ${name} -->`];
  const from = page.indexOf(open);
  const to = page.indexOf(close);
  if (from === -1 || to < from) throw new Error(`docs/benchmarks.md has no section between ${open} and ${close}`);
  writeFileSync(file, `${page.slice(0, from + open.length)}\n\n${text.trim()}\n\n${page.slice(to)}`);
}
