/** What bundlers and installs carry. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

import { installedSize, installPacked } from '../harness/packed.ts';
import { shortNumber, type Benchmark, type Report } from '../harness/report.ts';
import { median } from '../harness/statistics.ts';
import { ten } from './import.ts';

export const benchmark: Benchmark = {
  title: 'Size in bundles and on the disk',
  async run(): Promise<Report> {
    const project = installPacked();
    const bundle = async (contents: string) => {
      const { outputFiles } = await build({
        stdin: { contents, resolveDir: project.dir },
        bundle: true,
        minify: true,
        // Files of ours that load at first use are files of their own in a bundle too.
        splitting: true,
        outdir: 'out',
        format: 'esm',
        platform: 'node',
        packages: 'bundle',
        external: ['@plugboard/*', ...externals],
        write: false,
        logLevel: 'silent',
      });
      return outputFiles;
    };
    const first = async (contents: string) => {
      const [main] = await bundle(contents);
      return gzipSync(main!.contents, { level: 9 }).length / 1024;
    };
    const file = (name: string) => join(project.dir, 'node_modules', name, 'dist/index.js');
    const core = await first(`export * from ${JSON.stringify(file('@plugboard/core'))};`);
    const board = await first(`export { createPlugboard } from ${JSON.stringify(file('@plugboard/core'))};`);
    const providers: (readonly [string, number])[] = [];
    for (const { manifest } of project.providers) {
      providers.push([manifest.name, await first(`export * from ${JSON.stringify(file(manifest.name))};`)]);
    }
    providers.sort((a, b) => b[1] - a[1]);
    const sizes = providers.map(([, size]) => size);
    const installed = installedSize(project, ['@plugboard/core', '@plugboard/google', ...ten]);
    const megabytes = installed.bytes / 1e6;
    return {
      tables: [
        {
          title: 'Bundles: esbuild, minified, gzip -9, dependencies apart',
          head: ['bundle', 'KB gzip'],
          rows: [
            ['core, every export', shortNumber(core)],
            ['core, what createPlugboard reaches', shortNumber(board)],
            ...providers.map(([name, size]) => [name, shortNumber(size)]),
          ],
        },
        {
          title: 'Installed: core + 10 providers by npm, vendor SDKs apart',
          head: ['package', 'MB'],
          rows: [
            [`all ${installed.packages} packages`, shortNumber(megabytes)],
            ...installed.largest.map(([name, bytes]) => [name, shortNumber(bytes / 1e6)]),
          ],
        },
      ],
      goals: [
        { what: 'core, what createPlugboard reaches', limit: 30, measured: board, unit: 'KB' },
        { what: 'largest provider', limit: 5, measured: Math.max(...sizes), unit: 'KB' },
        { what: 'median provider', limit: 3, measured: median(sizes), unit: 'KB' },
        { what: 'core + 10 providers on the disk', limit: 12, measured: megabytes, unit: 'MB' },
      ],
    };
  },
};

const manifest = (dir: string) =>
  JSON.parse(readFileSync(new URL(`../../${dir}/package.json`, import.meta.url), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
/** What core and the shared part of Google's providers depend on, and every SDK, is measured by itself. */
const externals = Object.keys(manifest('packages/core').dependencies ?? {}).flatMap((name) => [name, `${name}/*`]);
