import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { runVitest } from './support/run-vitest.ts';

const packageDir = fileURLToPath(new URL('..', import.meta.url));
const rootDir = join(packageDir, '../..');

/** Code blocks that are tests, in the order of the page. */
function testsOf(markdown: string): readonly string[] {
  const blocks = [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
  return blocks.filter((block) => block.includes("from 'vitest';"));
}

/** Providers stand beside this package, which does not depend on them. */
function configOf(root: string): string {
  const conditions = JSON.stringify(['@plugboard/source', 'node', 'import', 'default']);
  const sources = JSON.stringify(join(rootDir, 'packages/providers/$1/src/index.ts'));
  return `export default {
  resolve: { conditions: ${conditions}, alias: [{ find: /^@plugboard\\/provider-(.+)$/, replacement: ${sources} }] },
  ssr: { resolve: { conditions: ${conditions}, externalConditions: ${conditions} } },
  test: { root: ${JSON.stringify(root)}, include: ['*.fixture.ts'] },
};
`;
}

test.each([
  ['packages/testing/README.md', 5],
  ['docs/guides/emulators.md', 3],
])('the tests that %s shows pass as they stand', async (page, count) => {
  const tests = testsOf(await readFile(join(rootDir, page), 'utf8'));
  expect(tests).toHaveLength(count);
  // Below this package, so that imports resolve as they do for a host that has installed it.
  const cache = join(packageDir, '.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'documentation-'));
  try {
    await Promise.all(tests.map((code, index) => writeFile(join(folder, `block-${index + 1}.fixture.ts`), code)));
    await writeFile(join(folder, 'vitest.config.ts'), configOf(folder));
    const results = await runVitest(join(folder, 'vitest.config.ts'));
    expect(results.flatMap(({ failureMessages }) => failureMessages)).toEqual([]);
    expect(results).toHaveLength(count);
  } finally {
    await rm(folder, { recursive: true });
  }
});
