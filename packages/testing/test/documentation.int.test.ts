import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { runVitest } from './support/run-vitest.ts';

const packageDir = fileURLToPath(new URL('..', import.meta.url));
const rootDir = join(packageDir, '../..');

/** Code blocks, in the order of the page. */
function blocksOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
}

function testsOf(markdown: string): readonly string[] {
  return blocksOf(markdown).filter((block) => block.includes("from 'vitest';"));
}

/** Below this package, so that imports resolve as they do for a host that has installed it. */
async function temporaryFolder(): Promise<string> {
  const cache = join(packageDir, '.cache');
  await mkdir(cache, { recursive: true });
  return mkdtemp(join(cache, 'documentation-'));
}

/** Providers stand beside this package, which does not depend on them. */
function configOf(root: string): string {
  const conditions = JSON.stringify(['@plugboard/source', 'node', 'import', 'default']);
  const sources = JSON.stringify(join(rootDir, 'packages/providers/$1/src/index.ts'));
  return `export default {
  resolve: { conditions: ${conditions}, alias: [{ find: /^@plugboard\\/provider-(.+)$/, replacement: ${sources} }] },
  ssr: { resolve: { conditions: ${conditions}, externalConditions: ${conditions} } },
  test: { root: ${JSON.stringify(root)}, include: ['*.fixture.ts', '*/test/*.test.ts'] },
};
`;
}

test.each([
  ['packages/testing/README.md', 5],
  ['docs/guides/emulators.md', 4],
  ['docs/guides/background.md', 1],
])('the tests that %s shows pass as they stand', async (page, count) => {
  const tests = testsOf(await readFile(join(rootDir, page), 'utf8'));
  expect(tests).toHaveLength(count);
  const folder = await temporaryFolder();
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

test(
  'the code of the first page, and of those for contributors, of syncs and of routes compiles, and its tests pass',
  { timeout: 120_000 },
  async () => {
    const folder = await temporaryFolder();
    try {
      for (const [page, count] of [
        ['guides/getting-started', 5],
        ['contributing-a-provider', 3],
        ['guides/writing-a-provider', 2],
        ['guides/sync', 3],
        ['guides/http', 13],
      ] as const) {
        const blocks = blocksOf(await readFile(join(rootDir, `docs/${page}.md`), 'utf8'));
        expect(blocks, page).toHaveLength(count);
        for (const [index, code] of blocks.entries()) {
          // One that begins with the name of its file stands in it, so that another may import it.
          const file = join(folder, page, /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `block-${index + 1}.ts`);
          await mkdir(dirname(file), { recursive: true });
          await writeFile(file, code);
        }
      }
      const scope = join(folder, 'node_modules/@plugboard');
      await mkdir(scope, { recursive: true });
      await symlink(packageDir, join(scope, 'testing'));
      for (const id of ['klaviyo', 'shopify', 'meta', 'google-ads', 'github', 'resend', 'stripe'])
        await symlink(join(rootDir, 'packages/providers', id), join(scope, `provider-${id}`));
      await symlink(join(rootDir, 'packages/http'), join(scope, 'http'));
      const postgres = join(rootDir, 'packages/storages/postgres');
      await symlink(postgres, join(scope, 'storage-postgres'));
      await mkdir(join(folder, 'node_modules/@types'));
      for (const framework of ['express', 'fastify', 'hono', '@types/express'])
        await symlink(join(rootDir, 'packages/http/node_modules', framework), join(folder, 'node_modules', framework));
      for (const client of ['pg', '@types/pg'])
        await symlink(join(postgres, 'node_modules', client), join(folder, 'node_modules', client));
      await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
      await writeFile(join(folder, 'tsconfig.json'), tsconfigOf(folder));
      expect(await compile(folder)).toBe('');
      await writeFile(join(folder, 'vitest.config.ts'), configOf(folder));
      const results = await runVitest(join(folder, 'vitest.config.ts'));
      expect(results.map(({ title, status }) => [title, status])).toEqual([
        ['node:crypto makes the signature of the vector', 'passed'],
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

function tsconfigOf(folder: string): string {
  const emitNothing = { noEmit: true, composite: false, emitDeclarationOnly: false, declaration: false };
  const types = { types: ['node'], typeRoots: [join(rootDir, 'node_modules/@types')] };
  // Some blocks are of pages in a browser.
  const lib = ['ES2024', 'DOM'];
  return JSON.stringify({
    extends: join(rootDir, 'tsconfig.base.json'),
    compilerOptions: { ...emitNothing, ...types, rootDir, lib },
    include: [`${folder}/**/*.ts`],
  });
}

/** @returns what the compiler complains about. */
async function compile(folder: string): Promise<string> {
  const tsc = join(rootDir, 'node_modules/typescript/bin/tsc');
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch(
    (error: unknown) => error as { readonly stdout: string },
  );
  return stdout;
}
