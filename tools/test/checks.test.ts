import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { checkChangesets } from '../check-changesets.ts';
import { checkGenerated } from '../check-generated.ts';
import { checkGlobals } from '../check-globals.ts';
import { checkImports } from '../check-imports.ts';
import { checkPlaceholders } from '../check-placeholders.ts';
import { checkProviderIds } from '../check-provider-ids.ts';
import { checkProviders } from '../check-providers.ts';
import { problemsOf } from '../check-result.ts';
import { generate } from '../generated.ts';
import { acme, repository } from './fixture.ts';

const core = 'packages/core/src';

test('a check that found nothing has failed', async () => {
  const empty = repository({});
  for (const check of [
    checkImports,
    checkProviderIds,
    checkGlobals,
    checkProviders,
    checkPlaceholders,
    checkChangesets,
  ]) {
    expect(problemsOf(check(empty))).toEqual([expect.stringMatching(/^found no .* to check$/)]);
  }
  // Of nothing, only the list of packages is generated.
  expect((await checkGenerated(empty)).problems).toEqual(['tsconfig.json: is not what `pnpm docs:write` writes']);
});

describe('imports', () => {
  const levels = { 'low.ts': 0, 'high.ts': 1, 'index.ts': 2, 'deep/': 1 };
  const problems = (files: Record<string, string>) =>
    checkImports(
      repository(Object.fromEntries(Object.entries(files).map(([file, text]) => [`${core}/${file}`, text]))),
      levels,
    ).problems;

  test('downward and level imports pass', () => {
    expect(
      problems({ 'low.ts': '', 'high.ts': "import './low.ts';", 'deep/a.ts': "export * from '../high.ts';" }),
    ).toEqual([]);
  });
  test.each([
    ['a value', "import { a } from './high.ts';"],
    ['a type', "import type { A } from './high.ts';"],
    ['an inline type', "export type B = import('./high.ts').A;"],
    ['a re-export', "export * from './high.ts';"],
  ])('%s may not come from above', (_, text) => {
    expect(problems({ 'low.ts': text, 'high.ts': '' })).toEqual([
      `${core}/low.ts:1: level 0 imports high.ts of level 1`,
    ]);
  });
  test.each([
    ['values', "import './b.ts';"],
    ['types', "import type { B } from './b.ts';"],
    ['an inline type', "export type C = import('./b.ts').B;"],
    ['a re-export of types', "export type * from './b.ts';"],
  ])('a cycle on one level is named: of %s', (_, text) => {
    const found = problems({ 'deep/a.ts': text, 'deep/b.ts': "import type { A } from './a.ts';" });
    expect(found).toEqual([`${core}: cycle deep/a.ts -> deep/b.ts -> deep/a.ts`]);
  });
  test.each([
    ["const x = await import('vendor-sdk');", 1],
    ["const x = await loaded(import('vendor-sdk'));", 0],
    ["const x = await import('vendor-sdk').catch(() => undefined);", 0],
    ["import { x } from 'vendor-sdk';", 0],
  ])('a package that is loaded late is told of where it is missing: %s', (text, count) => {
    const found = problems({ 'low.ts': text });
    expect(found).toHaveLength(count);
    for (const problem of found) expect(problem).toContain('loads vendor-sdk late and unguarded');
  });
  test.each([
    ['exports', './extra', '@plugboard/core/extra'],
    ['imports', '#extra', '#extra'],
  ])('core may load another entry of its own by a name of %s, but only from below', (map, key, name) => {
    const entry = (level: number) => {
      const files = {
        'packages/core/package.json': {
          name: '@plugboard/core',
          [map]: { [key]: { '@plugboard/source': './src/deep/extra.ts' } },
        },
        [`${core}/deep/extra.ts`]: '',
        [`${core}/high.ts`]: `export const load = () => import('${name}');`,
      };
      return checkImports(repository(files), { 'high.ts': level, 'deep/': 1 }).problems;
    };
    expect(entry(1)).toEqual([]);
    expect(entry(0)).toEqual([`${core}/high.ts:1: level 0 imports deep/extra.ts of level 1`]);
  });
  test('a file that is loaded late by its path would be bundled into the file that loads it', () => {
    expect(problems({ 'low.ts': '', 'high.ts': "export const load = () => import('./low.ts');" })).toEqual([
      `${core}/high.ts:1: loads ./low.ts late, but one file holds both: name it in \`imports\``,
    ]);
  });
  test('index, unknown files, files without a level, computed names and other packages are refused', () => {
    expect(problems({ 'index.ts': '', 'high.ts': "import './index.ts';" })[0]).toMatch(/imports an index$/);
    expect(problems({ 'high.ts': "import './gone.ts';" })[0]).toMatch(/is no file of core$/);
    expect(problems({ 'new.ts': '' })[0]).toMatch(/has no level/);
    expect(problems({ 'high.ts': 'export const load = (name: string) => import(name);' })[0]).toMatch(/computed name$/);
    expect(problems({ 'high.ts': "import '@plugboard/http';" })[0]).toMatch(/imports none of its users$/);
  });
});

describe('provider ids', () => {
  const providers = {
    'packages/providers/meta/package.json': '{}',
    'packages/providers/google-ads/package.json': '{}',
  };
  const problems = (text: string) =>
    checkProviderIds(repository({ ...providers, [`${core}/a.ts`]: text }), { allowed: [] }).problems.map(
      (line) => line.split(': ')[1],
    );

  test.each([
    "const a = 'meta';",
    'const metaToken = 1;',
    'a.Meta();',
    'const META_KEY = 1;',
    'const a = `x ${b} meta`;',
  ])('%s names meta', (text) => expect(problems(text)).toEqual(['names the provider meta']));
  test.each(["const a = 'google-ads';", 'const googleAds = 1;', "'google_ads';", "'Google Ads';"])(
    '%s names google-ads',
    (text) => expect(problems(text)).toEqual(['names the provider google-ads']),
  );
  test.each(['const metadata = 1;', '// meta', '/* google-ads */', 'const a = "//"; // meta'])(
    '%s names nobody',
    (text) => expect(problems(text)).toEqual([]),
  );
  test('the line is right', () => {
    const root = repository({
      ...providers,
      [`${core}/a.ts`]: '/* 1\n2 */\nconst camelCase = 1;\nconst b = "meta";\n',
    });
    expect(checkProviderIds(root, { allowed: [] }).problems).toEqual([`${core}/a.ts:4: names the provider meta`]);
  });
  test('an exception that matches nothing is refused', () => {
    const root = repository({ ...providers, [`${core}/a.ts`]: 'const a = 1;' });
    const exception = { file: `${core}/a.ts`, text: '.meta(', reason: 'a method' };
    expect(checkProviderIds(root, { allowed: [exception] }).problems).toEqual([
      `${core}/a.ts: no longer holds .meta(; drop the exception`,
    ]);
  });
});

describe('globals', () => {
  const problems = (text: string, file = `${core}/a.ts`) => checkGlobals(repository({ [file]: text })).problems;

  test.each([
    ['fetch(url);', 'fetch'],
    ['const send = fetch;', 'fetch'],
    ['const a = { fetch };', 'fetch'],
    ['globalThis.fetch(url);', 'fetch'],
    ['globalThis[name](url);', 'globalThis[computed]'],
    ['process.env.KEY;', 'process.env'],
    ['const { env } = process;', 'process'],
    ["import { env } from 'node:process';", 'process'],
    ['Date.now();', 'Date.now'],
    ['new Date();', 'new Date()'],
    ['const clock = Date;', 'Date'],
    ['Math.random();', 'Math.random'],
    ['console.warn(1);', 'console'],
    ['JSON.parse(text);', 'JSON.parse'],
    ['const { parse } = JSON;', 'JSON'],
    ['setTimeout(run, 1);', 'setTimeout'],
    ["import { setTimeout } from 'node:timers/promises';", 'setTimeout'],
    ['function f(fetch: unknown) {} fetch(url);', 'fetch'],
  ])('%s is refused', (text, name) => {
    expect(problems(text)).toContainEqual(
      expect.stringMatching(new RegExp(`a\\.ts:1: ${name.replaceAll(/[()[\]]/g, '\\$&')} belongs in`)),
    );
  });
  test.each([
    'new Date(0).toISOString();',
    'if (a instanceof Date) b();',
    'JSON.stringify(a); Math.min(1, 2);',
    'wire.fetch(url); const a = { fetch: 1, console: 2 };',
    'export function use(fetch: Fetch) { return fetch(1); }',
    'let f: typeof fetch; let d: Date;',
    "import { fetch } from './wire.ts'; fetch(1);",
    '// Date.now()',
  ])('%s passes', (text) => expect(problems(text)).toEqual([]));

  test('each has one home, which is closed to the others', () => {
    expect(problems('Date.now();', `${core}/clock.ts`)).toEqual([]);
    expect(problems('JSON.parse(a);', `${core}/clock.ts`)).toHaveLength(1);
    expect(problems('Date.now();', `${core}/auth/clock.ts`)).toHaveLength(1);
  });
  test('providers have no home at all', () => {
    const root = repository({ ...acme(), 'packages/providers/acme/src/clock.ts': 'Date.now();' });
    expect(checkGlobals(root).problems).toEqual([
      'packages/providers/acme/src/clock.ts:1: Date.now has no place in a provider',
    ]);
  });
});

describe('providers', () => {
  const dir = 'packages/providers/acme';
  const problems = (change: (files: Record<string, string | object>) => void) => {
    const files = acme();
    change(files);
    return checkProviders(repository(files)).problems;
  };

  test('a whole one passes and its size is reported', () => {
    const result = checkProviders(repository(acme()));
    expect(result.problems).toEqual([]);
    expect(result.notes?.[1]).toMatch(/^acme +2 +2 +1$/);
    expect(result.notes?.slice(2)).toEqual([
      expect.stringMatching(/^median +2$/),
      expect.stringMatching(/^goal +250 +\(/),
    ]);
  });
  test.each(['package.json', 'tsconfig.json', 'src/index.ts', 'src/provider.ts', 'README.md'])(
    '%s may not be missing',
    (file) => {
      expect(problems((files) => delete files[`${dir}/${file}`])).toContain(`${dir}: ${file} is missing`);
    },
  );
  test('a manifest unlike the template is refused by key', () => {
    const found = problems((files) => {
      const manifest = files[`${dir}/package.json`] as {
        type?: string;
        scripts?: object;
        dependencies: Record<string, string>;
      };
      delete manifest.type;
      manifest.scripts = { postinstall: 'node x.js' };
      manifest.dependencies = { 'left-pad': '^1.0.0', ...manifest.dependencies };
    });
    expect(found).toEqual([
      `${dir}: package.json: \`type\` differs from tools/provider-manifest.ts`,
      `${dir}: package.json: \`scripts\` differs from tools/provider-manifest.ts`,
      `${dir}: package.json: left-pad must be \`catalog:\``,
    ]);
  });
  test('a README without the generated block is refused', () => {
    expect(problems((files) => (files[`${dir}/README.md`] = '# Acme'))[0]).toMatch(/has no generated block/);
  });
  test('a test that does not run the contract suite is refused', () => {
    const text = "import { expect } from 'vitest';";
    expect(problems((files) => (files[`${dir}/test/provider.test.ts`] = text))[0]).toMatch(
      /no test runs providerContract/,
    );
  });
  test('a ninth source file is one too many; tests are not counted', () => {
    const add = (count: number) => (files: Record<string, string | object>) => {
      for (let index = 0; index < count; index++) files[`${dir}/src/part-${index}.ts`] = '';
      files[`${dir}/test/more.test.ts`] = '';
      files[`${dir}/test/fixtures/answer.json`] = '{}';
    };
    expect(problems(add(6))).toEqual([]);
    expect(problems(add(7))[0]).toMatch(/^packages\/providers\/acme: 9 source files, at most 8/);
  });
});

describe('placeholders', () => {
  const dir = 'packages/providers/acme';
  const problems = (file: string, text: string) => checkPlaceholders(repository({ ...acme(), [file]: text })).problems;

  test('a provider whose facts are all there passes', () => {
    expect(checkPlaceholders(repository(acme())).problems).toEqual([]);
  });
  test.each([
    ['a comment', `${dir}/src/provider.ts`, '// FILL IN: the host', 'the host'],
    ['a text', `${dir}/src/provider.ts`, "  summary: 'FILL IN: what it is for.',", 'what it is for'],
    ['a block comment', `${dir}/src/operations.ts`, '/** FILL IN: the page. */', 'the page'],
    [
      'a host without its comment',
      `${dir}/src/provider.ts`,
      "hosts: ['api.fill-in.example'],",
      'an address of the vendor instead of fill-in.example',
    ],
    [
      'a date without its comment',
      `${dir}/src/provider.ts`,
      "checked: '1970-01-01',",
      'the day on which you read the facts',
    ],
    ['a test', `${dir}/test/provider.test.ts`, '// FILL IN: the account', 'the account'],
    ['words', `${dir}/README.md`, 'FILL IN: a paragraph.', 'a paragraph'],
    ['a changeset', '.changeset/a.md', "'@plugboard/provider-acme': minor FILL IN: news", 'news'],
  ])('%s is found', (_, file, text, what) => {
    expect(problems(file, `\n${text}\n`)).toEqual([`${file}:2: fill in ${what}`]);
  });
  test('generated parts repeat nothing', () => {
    const block = '<!-- generated by `pnpm docs:write` -->\nFILL IN: x\n<!-- end of the generated part -->';
    expect(problems(`${dir}/README.md`, block)).toEqual([]);
  });
});

describe('generated files', () => {
  const readme = {
    'README.md': '<!-- generated by `pnpm docs:write` --><!-- end of the generated part -->',
    'examples/saas/package.json': { name: '@plugboard/example-saas', dependencies: { hono: 'catalog:' } },
  };

  async function fresh(): Promise<string> {
    const root = repository({ ...acme(), ...readme });
    for (const [file, text] of (await generate(root)).files) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
    return root;
  }

  test('what was just generated is fresh', async () => {
    const result = await checkGenerated(await fresh());
    expect(result.problems).toEqual([]);
    expect(result.checked).toBe(8);
  });
  test.each([
    'tsconfig.json',
    'README.md',
    '.env.example',
    'docs/providers/acme.md',
    'packages/providers/acme/README.md',
    'examples/saas/package.json',
    'examples/saas/src/providers.ts',
  ])('a changed %s is found', async (file) => {
    const root = await fresh();
    const { files } = await generate(root);
    writeFileSync(join(root, file), (files.get(file) ?? '').replaceAll(/acme|DATABASE_URL/g, 'other'));
    expect((await checkGenerated(root)).problems).toEqual([`${file}: is not what \`pnpm docs:write\` writes`]);
  });
  test('a page of a vanished provider is found', async () => {
    const root = await fresh();
    writeFileSync(join(root, 'docs/providers/gone.md'), '# Gone');
    expect((await checkGenerated(root)).problems).toEqual(['docs/providers/gone.md: nothing generates it any more']);
  });
  test('a provider that does not load is named', async () => {
    const root = repository({ ...readme, 'packages/providers/acme/src/index.ts': 'export const other = 1;' });
    expect((await generate(root)).problems).toEqual([
      'packages/providers/acme: Error: src/index.ts exports no provider with the id acme',
    ]);
  });
});

describe('changesets', () => {
  const config = { fixed: [['@plugboard/core', '@plugboard/http']] };
  const manifests = {
    '.changeset/config.json': config,
    'packages/core/package.json': { name: '@plugboard/core' },
    'packages/http/package.json': { name: '@plugboard/http', peerDependencies: { '@plugboard/core': 'workspace:^' } },
    'packages/providers/acme/package.json': {
      name: '@plugboard/provider-acme',
      peerDependencies: { '@plugboard/core': 'workspace:^' },
    },
  };
  const problems = (changeset: string) =>
    checkChangesets(repository({ ...manifests, '.changeset/a.md': changeset })).problems;

  test('a core major alone is refused, also when a package of its group makes it', () => {
    const expected = ['.changeset: a major of @plugboard/core needs a major changeset of @plugboard/provider-acme too'];
    expect(problems("---\n'@plugboard/core': major\n---\n\nText")).toEqual(expected);
    expect(problems("---\n'@plugboard/http': major\n---\n\nText")).toEqual(expected);
    expect(problems("---\n'@plugboard/core': major\n'@plugboard/provider-acme': patch\n---\n\nText")).toEqual(expected);
  });
  test('with majors of its dependents it passes, and so does a minor', () => {
    expect(problems("---\n'@plugboard/core': major\n'@plugboard/provider-acme': major\n---\n\nText")).toEqual([]);
    expect(problems("---\n'@plugboard/core': minor\n---\n\nText")).toEqual([]);
    expect(problems('---\n---\n\nNothing to release')).toEqual([]);
  });
  test('an unknown package is refused', () => {
    expect(problems("---\n'@plugboard/typo': patch\n---\n\nText")).toEqual([
      '.changeset/a.md: names @plugboard/typo, which is not published from here',
    ]);
  });
});
