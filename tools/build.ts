/**
 * `pnpm build`: one tsup run makes the JavaScript of all packages, one bundled file for each entry; `tsc -b` makes the
 * declarations. tsup 9 cannot make them with TypeScript 7, which ships no compiler API.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { build } from 'tsup';

import { publishedPackages, rootDir, type WorkspacePackage } from './workspace.ts';

const packages = publishedPackages();
for (const { dir } of packages) rmSync(join(rootDir, dir, 'dist'), { recursive: true, force: true });

const entries = packages.flatMap(({ dir, manifest }) =>
  sourceEntries([manifest.exports, manifest.imports, manifest['bin']]).map((source) => [
    `${dir}/${source.replace('./src/', 'dist/').replace(/\.tsx?$/, '')}`,
    `${dir}/${source.slice(2)}`,
  ]),
);
await build({
  config: false,
  silent: true,
  entry: Object.fromEntries(entries) as Record<string, string>,
  outDir: rootDir,
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  // Everything that is not a file of the package itself stays an import: npm packages and our own alike.
  skipNodeModulesBundle: true,
  // One file for each entry, even where two entries share a module: every further file costs at start-up.
  splitting: false,
  dts: false,
  sourcemap: false,
  clean: false,
  esbuildOptions(options) {
    // A fifth of what is installed and of what an engine reads. Names stay, and lines stay short enough for the trace of
    // an error.
    options.minifyWhitespace = true;
    options.lineLimit = 160;
  },
}).catch((error: unknown) => {
  console.log(`!!! tsup: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});

const tsc = join(rootDir, 'node_modules/typescript/bin/tsc');
const dirs = packages.map(({ dir }) => dir);
const types = spawnSync(process.execPath, [tsc, '-b', '--force', ...dirs], { cwd: rootDir, stdio: 'inherit' });

const missing = packages.flatMap(missingFiles);
for (const file of missing) console.log(`!!! ${file} was not built`);
console.log(`${entries.length} entries of ${packages.length} packages built, ${missing.length} missing`);
process.exitCode = types.status === 0 && missing.length === 0 && entries.length > 0 ? 0 : 1;

/** Every `./src/*.ts` that an exports or imports map names, at any depth of conditions. */
function sourceEntries(map: unknown): string[] {
  if (typeof map === 'string') return /^\.\/src\/.*\.tsx?$/.test(map) ? [map] : [];
  if (typeof map !== 'object' || map === null) return [];
  return [...new Set(Object.values(map).flatMap(sourceEntries))];
}

/** What the published maps promise and the build did not make. */
function missingFiles({ dir, manifest }: WorkspacePackage): string[] {
  const promised = JSON.stringify([manifest['publishConfig'], manifest.imports]).match(/\.\/dist\/[^"]+/g) ?? [];
  return [...new Set(promised)].map((file) => join(dir, file)).filter((file) => !existsSync(join(rootDir, file)));
}
