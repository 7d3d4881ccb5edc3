/**
 * `pnpm pack:check`, after `pnpm build`: what is published is what is tested.
 *
 * Packs every package, lints each tarball (contents, publint, attw), builds and packs once more and compares, installs
 * all tarballs together in an empty project, imports and requires every entry, compiles a consumer against the packed
 * declarations, and runs the packages in every runtime.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

import { contentProblems, differences, hashesOf } from './pack-contents.ts';
import { runPacked } from './pack-runtimes.ts';
import { packTarballs, pnpm, unpack, type Packed } from './packed.ts';
import { publishedPackages, rootDir, type Manifest } from './workspace.ts';

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
stage('contents', () => problems.push(...packed.flatMap((entry) => contentProblems(entry, rootDir))));
stage('second build', buildAgain);
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

function packAll(): Packed[] {
  const all = packTarballs(join(work, 'tarballs')).map((tarball) => unpack(tarball, work));
  for (const { manifest } of publishedPackages()) {
    if (!all.some((entry) => entry.manifest.name === manifest.name)) problems.push(`${manifest.name}: was not packed`);
  }
  return all;
}

/** Elsewhere in the world and in another language, which must not show. */
function buildAgain(): void {
  const env = { ...process.env, TZ: 'Pacific/Kiritimati', LC_ALL: 'C', LANG: 'tr_TR.UTF-8' };
  const build = spawnSync(process.execPath, [join(rootDir, 'tools/build.ts')], { cwd: rootDir, encoding: 'utf8', env });
  if (build.status !== 0) {
    problems.push(`the second build failed:\n${build.stdout}${build.stderr}`);
    return;
  }
  const first = hashesOf(packed.map(({ tarball }) => tarball));
  problems.push(...differences(first, hashesOf(packTarballs(join(work, 'again')))));
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
