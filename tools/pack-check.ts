/**
 * `pnpm pack:check`, after `pnpm build`: what is published is what is tested.
 *
 * Packs every package, lints each tarball (contents, publint, attw), installs all tarballs together in an empty
 * project, imports and requires every entry, compiles a consumer against the packed declarations, and runs the packages
 * in every runtime.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

import { runPacked } from './pack-runtimes.ts';
import { publishedPackages, rootDir, type Manifest } from './workspace.ts';

interface Packed {
  readonly tarball: string;
  /** Where it is unpacked. */
  readonly root: string;
  readonly manifest: Manifest;
  readonly files: readonly string[];
  /** Names to import: `@plugboard/core`, `@plugboard/core/fields`. */
  readonly entries: readonly string[];
}

/** Registers hooks of the runner when it loads, so it loads only inside vitest, where the kit's own tests load it. */
const insideVitest = new Set(['@plugboard/testing/vitest-setup']);

const work = mkdtempSync(join(tmpdir(), 'plugboard-pack-'));
const problems: string[] = [];
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

const unbuilt = publishedPackages().filter(({ dir }) => !existsSync(join(rootDir, dir, 'dist/index.js')));
if (unbuilt.length > 0) {
  console.log(`!!! not built: ${unbuilt.map(({ dir }) => dir).join(', ')}; run \`pnpm build\` first`);
  process.exit(1);
}
const packed = stage('pack', packAll);
stage('contents', () => packed.forEach(checkContents));
await stage('publint', () => Promise.all(packed.map(lintPackage)));
await stage('attw', async () => {
  for (const entry of packed) await lintTypes(entry);
});
const consumer = join(work, 'consumer');
if (stage('install', () => install())) {
  stage('import and require', () => loadAll());
  stage('consumer types', () => compileConsumers());
  const names = packed.flatMap((entry) => entry.entries);
  await stage('runtimes', async () => void problems.push(...(await runPacked(consumer, names))));
}

for (const problem of problems) console.log(`!!! ${problem}`);
const entries = packed.flatMap((entry) => entry.entries).length;
console.log(`${packed.length} packages with ${entries} entries packed, ${problems.length} problems`);
process.exitCode = problems.length === 0 && entries > 0 ? 0 : 1;

/** Says what is done and how long it took. */
function stage<T>(name: string, run: () => T): T {
  const start = performance.now();
  const done = () => console.log(`  ${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  const result = run();
  if (result instanceof Promise) return result.finally(done) as T;
  done();
  return result;
}

function pnpm(args: readonly string[], cwd: string): { status: number | null; output: string } {
  const run = spawnSync('npx', ['--yes', 'pnpm@12', ...args], { cwd, encoding: 'utf8' });
  return { status: run.status, output: `${run.stdout}${run.stderr}` };
}

function packAll(): Packed[] {
  const tarballs = join(work, 'tarballs');
  const { status, output } = pnpm(['-r', '--filter', './packages/**', 'pack', '--pack-destination', tarballs], rootDir);
  if (status !== 0) throw new Error(`pnpm pack failed\n${output}`);
  const all = globSync('*.tgz', { cwd: tarballs }).map((file) => unpack(join(tarballs, file)));
  for (const { manifest } of publishedPackages()) {
    if (!all.some((entry) => entry.manifest.name === manifest.name)) problems.push(`${manifest.name}: was not packed`);
  }
  return all;
}

function unpack(tarball: string): Packed {
  const target = join(work, basename(tarball, '.tgz'));
  mkdirSync(target);
  const untar = spawnSync('tar', ['-xzf', tarball, '-C', target], { encoding: 'utf8' });
  if (untar.status !== 0) throw new Error(`${tarball}: ${untar.stderr}`);
  const root = join(target, 'package');
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const files = globSync('**/*', { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  const names = Object.keys(manifest.exports ?? {}).filter((name) => name !== './package.json');
  return { tarball, root, manifest, files, entries: names.map((name) => manifest.name + name.slice(1)) };
}

function checkContents({ root, manifest, files }: Packed): void {
  const add = (problem: string) => problems.push(`${manifest.name}: ${problem}`);
  for (const file of ['package.json', 'README.md', 'LICENSE'])
    if (!files.includes(file)) add(`the tarball lacks ${file}`);
  for (const file of files) {
    if (!/^(package\.json|README\.md|LICENSE|dist\/.+\.(js|d\.ts))$/.test(file)) add(`the tarball holds ${file}`);
    const text = readFileSync(join(root, file), 'utf8');
    if (text.includes(rootDir) || /\bsourceMappingURL=/.test(text))
      add(`${file} points to a file of the building machine`);
  }
  const text = JSON.stringify(manifest);
  if (/"(workspace|catalog):/.test(text)) add('the manifest still holds a workspace: or catalog: range');
  if (text.includes('@plugboard/source')) add('the manifest still holds the source condition');
  const scripts = Object.keys(manifest['scripts'] ?? {});
  for (const name of scripts.filter((script) => /install|prepare/.test(script)))
    add(`the manifest has the script ${name}`);
  if (manifest.name !== '@plugboard/core' && manifest.dependencies?.['@plugboard/core'] !== undefined) {
    add('core is a dependency; as a peer there is one copy of it in an app');
  }
}

async function lintPackage({ tarball, manifest }: Packed): Promise<void> {
  const { buffer } = new Uint8Array(readFileSync(tarball));
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });
  for (const message of messages) {
    if (message.type === 'suggestion') continue;
    problems.push(`${manifest.name}: publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`);
  }
}

/** ESM only, as attw's profile of that name: `require` reads the same file, and node10 knows no exports. */
async function lintTypes({ tarball, manifest }: Packed): Promise<void> {
  const result = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))));
  if (result.types === false) {
    problems.push(`${manifest.name}: attw finds no types`);
    return;
  }
  for (const problem of result.problems) {
    const { kind, resolutionKind, entrypoint } = problem as {
      kind: string;
      resolutionKind?: string;
      entrypoint?: string;
    };
    if (resolutionKind === 'node10' || resolutionKind === 'node16-cjs') continue;
    problems.push(`${manifest.name}: attw: ${[kind, entrypoint, resolutionKind].filter(Boolean).join(' ')}`);
  }
}

function install(): boolean {
  mkdirSync(consumer);
  const local = Object.fromEntries(packed.map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`]));
  const types = (JSON.parse(readFileSync(join(rootDir, 'node_modules/@types/node/package.json'), 'utf8')) as Manifest)
    .version;
  const dependencies = { ...local, '@types/node': types };
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  // The peers of our packages are the packed ones too.
  const settings = { overrides: local, strictDepBuilds: false, packages: ['.'] };
  writeFileSync(join(consumer, 'pnpm-workspace.yaml'), JSON.stringify(settings));
  const { status, output } = pnpm(
    ['install', '--ignore-scripts', '--prefer-offline', '--no-frozen-lockfile'],
    consumer,
  );
  if (status !== 0) problems.push(`the packed packages do not install together:\n${output}`);
  return status === 0;
}

/** Each entry by `import` and by `require`, in a process of its own kind; both must show the same names. */
function loadAll(): void {
  const names = JSON.stringify(packed.flatMap((entry) => entry.entries).filter((name) => !insideVitest.has(name)));
  writeFileSync(
    join(consumer, 'load.mjs'),
    `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
for (const name of ${names}) {
  try {
    const required = Object.keys(require(name)).filter((key) => key !== '__esModule').sort().join();
    const imported = Object.keys(await import(name)).filter((key) => key !== '__esModule').sort().join();
    if (imported === '') console.log(name + ': exports nothing');
    if (required !== imported) console.log(name + ': require and import differ');
  } catch (error) {
    console.log(name + ': does not load: ' + String(error));
  }
}
console.log('loaded');`,
  );
  const run = spawnSync(process.execPath, ['load.mjs'], { cwd: consumer, encoding: 'utf8' });
  const lines = run.stdout.split('\n').filter((line) => line !== '');
  if (lines.pop() !== 'loaded' || run.stderr !== '')
    problems.push(`loading the packed entries: ${run.stdout}${run.stderr}`);
  else problems.push(...lines);
}

function compileConsumers(): void {
  const lines = packed
    .flatMap((entry) => entry.entries)
    .flatMap((name, index) => [
      `import * as entry${index} from '${name}';`,
      `export const names${index}: readonly (keyof typeof entry${index})[] = [];`,
    ]);
  writeFileSync(join(consumer, 'consumer.ts'), `${lines.join('\n')}\n`);
  const tsc = join(rootDir, 'node_modules/typescript/bin/tsc');
  const shared = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2023', '--types', 'node'];
  for (const [module, resolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const) {
    const args = [tsc, ...shared, '--module', module, '--moduleResolution', resolution, 'consumer.ts'];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: consumer, encoding: 'utf8' });
    if (status !== 0) problems.push(`a consumer does not compile (${resolution}):\n${stdout}`);
  }
}
