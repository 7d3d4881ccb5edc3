/** `pnpm new provider`, in a copy of the workspace: what it writes must pass what a contribution must pass. */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { exampleManifest } from '../example-app.ts';
import { install } from '../install.ts';
import { authShapes } from '../provider-template.ts';
import { rootDir, type Manifest } from '../workspace.ts';

// Type checks, linters and three contract suites, each in a process of its own.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const copied = ['tools', 'packages/cli', 'packages/core', 'packages/testing'];
/** Of packages that the others only name. */
const manifests = ['examples/*', 'packages/*', 'packages/storages/*', 'packages/jobs/*'].map(
  (dir) => `${dir}/package.json`,
);
/** What packs the packages runs them too, by sources that stand beside them. */
const skipped = /[/\\](node_modules|dist|\.cache|test|pack-(?:check|contents|runtimes)\.ts)$|\.tsbuildinfo$/;
const ids = authShapes.map((shape) => `acme-${shape}`);
let root = '';
let said = '';

function run(command: string, ...args: readonly string[]) {
  const { PATH, HOME, npm_execpath } = process.env;
  // Without the variables of the runner around it.
  const env = { PATH, HOME, NO_COLOR: '1', npm_config_yes: 'true', ...(npm_execpath && { npm_execpath }) };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, env, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}
const bin = (name: string, ...args: readonly string[]) => run(join(root, 'node_modules/.bin', name), ...args);
const node = (...args: readonly string[]) => run(process.execPath, '--conditions=@plugboard/source', ...args);
const create = (...args: readonly string[]) => node('tools/new.ts', ...args);
const written = () =>
  globSync('{packages/providers,.changeset}/**', { cwd: root }).filter((file) => !skipped.test(file));

/** The workspace without providers and without tests. */
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'plugboard-new-'));
  const config = ['*.{json,yaml,ts}', '.ox*', '.gitignore', 'README.md', '.changeset/config.json'];
  const single = globSync([...config, ...manifests], { cwd: rootDir });
  for (const path of [...single, ...copied]) {
    cpSync(join(rootDir, path), join(root, path), { recursive: true, filter: (file) => !skipped.test(file) });
  }
  const manifest = join(root, 'examples/saas/package.json');
  writeFileSync(manifest, JSON.stringify(exampleManifest(JSON.parse(readFileSync(manifest, 'utf8')) as Manifest, [])));
  expect(install(root)).toMatchObject({ ok: true });
  for (const shape of authShapes) {
    const { status, output } = create('provider', `acme-${shape}`, '--auth', shape, '--name', 'Acme & Co.');
    expect(status, output).toBe(0);
    said = output;
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('says what to fill in, and the check says the same', () => {
  const { status, output } = node('tools/check.ts', 'placeholders');
  const problems = output.split('\n').filter((line) => line.startsWith(`!!! `) && line.includes(ids.at(-1)!));
  expect(status).toBe(1);
  expect(problems).toContain(`!!! packages/providers/${ids.at(-1)}/src/provider.ts:12: fill in the product's page`);
  const list = said.split('\n').map((line) => line.trim().replace(/ {2,}/, ' '));
  for (const problem of problems) expect(list).toContain(problem.slice(4).replace(': fill in', ''));
  expect(said).toContain(`fails with the same ${problems.length} lines`);
});

test.each([
  ['the contract suite', () => node('tools/test.ts', 'packages/providers')],
  ['types', () => bin('tsc', '-b', ...ids.map((id) => `packages/providers/${id}`), 'tsconfig.test.json')],
  ['oxlint', () => bin('oxlint', '--type-aware', '--deny-warnings', 'packages/providers')],
  ['oxfmt', () => bin('oxfmt', '--check', 'packages/providers', 'examples')],
  ['knip', () => bin('knip', ...ids.flatMap((id) => ['--workspace', `packages/providers/${id}`]))],
  ['the structure', () => node('tools/check.ts', 'imports', 'provider-ids', 'globals', 'providers', 'changesets')],
  ['generated files', () => node('tools/docs.ts', '--check')],
])('passes %s at once', (_, check) => {
  const { status, output } = check();
  expect(status, output).toBe(0);
});

test.each([
  ['no arguments', [], 'Usage: '],
  ['another kind', ['storage', 'acme'], 'Usage: '],
  ['no id', ['provider'], 'Usage: '],
  ['two ids', ['provider', 'acme', 'other'], 'Usage: '],
  ['an unknown option', ['provider', 'acme', '--colour', 'red'], "Unknown option '--colour'"],
  ['an unknown shape', ['provider', 'acme', '--auth', 'saml'], '--auth is `saml`; it may be api-key, basic, oauth2.'],
  ['capitals', ['provider', 'Acme'], 'The id `Acme` is not usable'],
  ['a path', ['provider', '../acme'], 'The id `../acme` is not usable'],
  ['a name that breaks strings', ['provider', 'acme', '--name', "A'cme"], "The name `A'cme` is not usable"],
  ['an id that is taken', ['provider', 'acme-basic'], 'packages/providers/acme-basic is there already'],
  ['a word of the language', ['provider', 'class'], 'The id `class` is a word of the language'],
  ["a word of core's", ['provider', 'header'], "The id `header` is a word of core's own sources"],
])('%s is refused, and nothing is written', (_, args, message) => {
  const before = written();
  const { status, output } = create(...args);
  expect([status, output]).toEqual([1, expect.stringContaining(message)]);
  expect(output).toContain('Nothing was written.');
  expect(written()).toEqual(before);
});

test('once everything is filled in, nothing is left to say', () => {
  for (const file of written().filter((path) => /\.(ts|md|json)$/.test(path))) {
    const text = readFileSync(join(root, file), 'utf8');
    const filled = text
      .replaceAll('FILL IN:', 'Says')
      .replaceAll('fill-in.example', 'acme.example')
      .replaceAll('1970-01-01', '2026-11-20');
    writeFileSync(join(root, file), filled);
  }
  expect(node('tools/check.ts', 'placeholders')).toMatchObject({ status: 0 });
});
