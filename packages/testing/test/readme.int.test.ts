/** The first example that anybody reads must compile, with the types that an installed package has. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const folder = join(import.meta.dirname, '../node_modules/.cache/readme');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the examples of the README compile', { timeout: 120_000 }, async () => {
  const blocks = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(
    ([, code = '']) => code,
  );
  expect(blocks).toHaveLength(2);
  mkdirSync(join(folder, 'node_modules/@plugboard'), { recursive: true });
  for (const id of ['klaviyo', 'meta', 'resend']) {
    symlinkSync(join(root, 'packages/providers', id), join(folder, `node_modules/@plugboard/provider-${id}`));
  }
  writeFileSync(join(folder, 'board.ts'), blocks[0]!);
  writeFileSync(join(folder, 'use.ts'), blocks[1]!);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const options = {
    noEmit: true,
    composite: false,
    emitDeclarationOnly: false,
    declaration: false,
    rootDir: root,
    types: ['node'],
  };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: { ...options, typeRoots: [join(root, 'node_modules/@types')] },
      include: ['*.ts'],
    }),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const run = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch(
    (error: { stdout: string }) => error,
  );
  expect(run.stdout).toBe('');
});
