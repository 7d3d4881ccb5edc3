/** Each folder under packages/providers is a whole provider, small, and made like the others. */
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';

import type { CheckResult } from './check-result.ts';
import { generatedBlock, generatedEnd, generatedStart } from './docs-page.ts';
import { providerManifest } from './provider-manifest.ts';
import { providerIds, readText, sourceFiles, type Manifest } from './workspace.ts';

/** Files of src; tests and their fixtures may be as many as it takes. */
const mostFiles = 8;
/** Lines of src at the median of all providers. Hard vendors may need more, so it is reported and never enforced. */
const goal = 250;

export function checkProviders(root: string): CheckResult {
  const ids = providerIds(root);
  const problems = ids.flatMap((id) =>
    checkProvider(root, id).map((problem) => `packages/providers/${id}: ${problem}`),
  );
  return { checked: ids.length, what: 'providers', problems, notes: sizeReport(root, ids) };
}

function checkProvider(root: string, id: string): string[] {
  const dir = join(root, 'packages/providers', id);
  const required = ['package.json', 'tsconfig.json', 'src/index.ts', 'src/provider.ts', 'README.md'];
  const missing = required.filter((file) => !existsSync(join(dir, file)));
  const problems = missing.map((file) => `${file} is missing`);
  if (!missing.includes('package.json')) problems.push(...checkManifest(root, id));
  if (!missing.includes('README.md')) {
    const readme = readText(dir, 'README.md');
    if (!generatedBlock.test(readme))
      problems.push(`README.md has no generated block (${generatedStart} ... ${generatedEnd})`);
  }

  const tests = globSync('test/**/*.test.ts', { cwd: dir });
  const contract = tests.some((file) => {
    const text = readText(dir, file);
    return text.includes('@plugboard/testing') && /\bproviderContract\s*\(/.test(text);
  });
  if (!contract) problems.push('no test runs providerContract of @plugboard/testing');

  const files = sourceFiles(`packages/providers/${id}/src`, root);
  if (files.length > mostFiles)
    problems.push(`${files.length} source files, at most ${mostFiles}: ${files.join(', ')}`);
  return problems;
}

function checkManifest(root: string, id: string): string[] {
  const manifest = JSON.parse(readText(root, `packages/providers/${id}/package.json`)) as Manifest;
  const wanted = providerManifest(id, manifest);
  const problems = [...new Set([...Object.keys(wanted), ...Object.keys(manifest)])]
    .filter((key) => JSON.stringify(manifest[key]) !== JSON.stringify(wanted[key]))
    .map((key) => `package.json: \`${key}\` differs from tools/provider-manifest.ts`);
  if (typeof manifest['description'] !== 'string') problems.push('package.json: `description` is missing');

  const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  const outside = all.filter(([, range]) => range !== 'catalog:' && range !== 'workspace:^').map(([name]) => name);
  return [...problems, ...outside.map((name) => `package.json: ${name} must be \`catalog:\``)];
}

function sizeReport(root: string, ids: readonly string[]): string[] {
  const sizes = ids.map((id) => {
    const files = sourceFiles(`packages/providers/${id}/src`, root);
    const lines = files.map((file) => readText(root, file).split('\n').length - 1);
    return {
      id,
      files: files.length,
      lines: lines.reduce((sum, count) => sum + count, 0),
      longest: Math.max(0, ...lines),
    };
  });
  const median = sizes.map(({ lines }) => lines).toSorted((a, b) => a - b)[Math.floor(sizes.length / 2)] ?? 0;
  const row = (...cells: readonly (string | number)[]) =>
    cells
      .map((cell, index) => (index === 0 ? String(cell).padEnd(24) : String(cell).padStart(8)))
      .join('')
      .trimEnd();
  return [
    row('provider', 'files', 'lines', 'longest'),
    ...sizes.toSorted((a, b) => b.lines - a.lines).map((size) => row(size.id, size.files, size.lines, size.longest)),
    row('median', '', median),
    `${row('goal', '', goal)}  (lines of src at the median, as wc -l counts)`,
  ];
}
