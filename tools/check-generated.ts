/** Generated files hold exactly what `pnpm docs:write` would write now. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { CheckResult } from './check-result.ts';
import { generate } from './generated.ts';
import { readText } from './workspace.ts';

export async function checkGenerated(root: string): Promise<CheckResult> {
  const { files, stale, problems } = await generate(root);
  const differing = [...files]
    .filter(([file, text]) => !existsSync(join(root, file)) || readText(root, file) !== text)
    .map(([file]) => `${file}: is not what \`pnpm docs:write\` writes`);
  const left = stale.map((file) => `${file}: nothing generates it any more`);
  return { checked: files.size, what: 'generated files', problems: [...problems, ...differing, ...left] };
}
