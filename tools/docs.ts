/** `pnpm docs:write` writes the generated files; `pnpm docs:check` only compares them. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { checkGenerated } from './check-generated.ts';
import { problemsOf } from './check-result.ts';
import { generate } from './generated.ts';
import { rootDir } from './workspace.ts';

if (process.argv.includes('--check')) {
  const result = await checkGenerated(rootDir);
  report(problemsOf(result), `${result.checked} ${result.what} are fresh`);
} else {
  const { files, stale, problems } = await generate(rootDir);
  for (const [file, text] of files) {
    mkdirSync(dirname(join(rootDir, file)), { recursive: true });
    writeFileSync(join(rootDir, file), text);
  }
  for (const file of stale) rmSync(join(rootDir, file));
  report(problems, `${files.size} files written, ${stale.length} removed`);
}

function report(problems: readonly string[], success: string): void {
  for (const problem of problems) console.log(`!!! ${problem}`);
  console.log(problems.length === 0 ? success : `${problems.length} problems in the generated files`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
