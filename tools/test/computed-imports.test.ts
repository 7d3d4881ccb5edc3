import { expect, test } from 'vitest';

import { importsOf } from '../source.ts';
import { readText, sourceFiles, workspacePackages } from '../workspace.ts';

/** What loads a file of the host's own, by a path that the host has given. */
const hosts = ['packages/cli/src/load-config.ts'];

test('G11 nothing that is published imports by a computed name, but the file that the command line is given', () => {
  const files = workspacePackages()
    .filter(({ kind }) => kind !== 'other')
    .flatMap(({ dir }) => sourceFiles(`${dir}/src`));
  expect(files.length).toBeGreaterThan(500);
  const root = new URL('../../', import.meta.url).pathname;
  const computed = files.filter((file) =>
    importsOf(file, readText(root, file)).some(({ specifier }) => specifier === '(computed)'),
  );
  expect(computed).toEqual(hosts);
}, 60_000);
