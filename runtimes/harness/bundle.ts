/** Bundles a program from the sources, as an app is bundled for its runtime: by the export conditions that it has. */
import { builtinModules } from 'node:module';
import { join } from 'node:path';

import { build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '../..');
const program = join(import.meta.dirname, '../program');

/** The export conditions of each kind of runtime, as its own resolver or its deployment tool has them. */
const conditions = {
  node: ['node', 'import'],
  bun: ['bun', 'node', 'import'],
  deno: ['deno', 'node', 'import'],
  // Without and with the flag that gives it modules of Node.
  workerd: ['workerd', 'worker', 'browser', 'import'],
  'workerd-node': ['workerd', 'worker', 'browser', 'import'],
} as const;
export type Platform = keyof typeof conditions;

export interface Bundle {
  readonly code: string;
  /** Modules of the runtime that the bundle imports when it loads. */
  readonly builtins: readonly string[];
}

export interface Source {
  /** Text of the entry; imports by absolute path. */
  readonly contents: string;
  readonly platform: Platform;
}

export const isWorkerd = (platform: Platform): boolean => platform.startsWith('workerd');

const shim = (name: string) => join(program, 'shims', name);
/** Packages that run tests, or stand in for the network of Node. */
const alias = {
  vitest: shim('vitest.ts'),
  msw: shim('msw.ts'),
  'msw/node': shim('msw.ts'),
  '@plugboard/testing': shim('testing.ts'),
};

export async function bundle({ contents, platform }: Source): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: join(program, '..'), loader: 'ts', sourcefile: 'entry.ts' },
    conditions: ['@plugboard/source', ...conditions[platform]],
    // Loaded when a flag is asked for, and impossible without the modules of Node: whoever bundles leaves it out.
    external: platform === 'workerd' ? ['@openfeature/server-sdk'] : [],
    alias,
    plugins: [contractsOnly, builtins],
    ...(isWorkerd(platform) ? { platform: 'browser' } : { platform: 'node', banner: { js: requireOfNode } }),
    bundle: true,
    format: 'esm',
    target: 'es2023',
    outfile: 'bundle.mjs',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const static_ = imports.filter(({ kind, external: outside }) => outside === true && kind === 'import-statement');
  return { code: outputFiles[0]!.text, builtins: [...new Set(static_.map(({ path }) => path))].toSorted() };
}

/** What was written for `require` asks for modules of Node by it. */
const requireOfNode = `import { createRequire as createRequireOfBundle } from 'node:module';
const require = createRequireOfBundle(import.meta.url);`;

/** By their full names, as the deployment tools of all these runtimes write them. */
const builtins: Plugin = {
  name: 'builtins',
  setup({ onResolve }) {
    const filter = new RegExp(`^(node:.*|(${builtinModules.join('|')}))$`);
    onResolve({ filter }, ({ path }) => ({ path: path.replace(/^(?!node:)/, 'node:'), external: true }));
  },
};

/** What the tests of providers import that the contract needs. The rest (judges, files) proves other things, on Node. */
const needed = /^(\.|\/|zod$|jose$|vitest$|@plugboard\/)/;

/** Stands for a file between the tests of two providers. */
const markOf = '.mark';

const contractsOnly: Plugin = {
  name: 'contracts-only',
  setup({ onResolve, onLoad }) {
    // Packages say that their files have no side effects; a test has nothing else.
    onResolve({ filter: /\.test\.ts$/ }, ({ path }) => ({ path, sideEffects: true }));
    onResolve({ filter: /.*/ }, ({ path, importer }) =>
      /\/providers\/[^/]+\/test\//.test(importer) && !needed.test(path) ? { path, namespace: 'elsewhere' } : undefined,
    );
    // Says whose tests are collected from here on.
    onResolve({ filter: /\.mark$/ }, ({ path }) => ({ path, namespace: 'mark', sideEffects: true }));
    onLoad({ filter: /.*/, namespace: 'mark' }, ({ path }) => ({
      contents: `import { collectFor } from '${shim('vitest.ts')}'; collectFor('${path.replace(markOf, '')}');`,
      resolveDir: program,
    }));
    onLoad({ filter: /.*/, namespace: 'elsewhere' }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
  },
};

/** The text of an entry. `calls`: an expression from what is imported to the generator of reports. */
function entryOf(platform: Platform, imports: readonly string[], calls: string): string {
  const [file, name] = isWorkerd(platform) ? ['main-worker.ts', 'workerOf'] : ['main-process.ts', 'runProcess'];
  const start = isWorkerd(platform) ? `export default workerOf(${calls});` : `await runProcess(${calls});`;
  return [...imports, `import { ${name} } from '${join(program, file)}';`, start].join('\n');
}

export const smokeEntry = (platform: Platform): string =>
  entryOf(platform, [`import { runSmoke } from '${join(program, 'smoke.ts')}';`], 'runSmoke');

/** The contract of some providers, taken from their own tests. */
export function contractEntry(platform: Platform, ids: readonly string[]): string {
  // Nothing stands between the imports of two tests: what a test collects is told apart by a file of its own before it.
  const tests = ids.flatMap((id) => [
    `import '${id}${markOf}';`,
    `import '${join(root, 'packages/providers', id, 'test/provider.test.ts')}';`,
  ]);
  const run = `import { runContract } from '${join(program, 'contract.ts')}';`;
  return entryOf(platform, [...tests, run], "({ program }) => runContract(program === 'contract')");
}

/** Everything of core, the routes and some providers, as a bundler sees it that throws nothing away. */
export function providerEntry(ids: readonly string[]): string {
  const own = ['@plugboard/core', '@plugboard/core/emulator', '@plugboard/http'].map((name) => `'${name}'`);
  const providers = ids.map((id) => `'${join(root, 'packages/providers', id, 'src/index.ts')}'`);
  return [...own, ...providers].map((path, index) => `export * as entry${index} from ${path};`).join('\n');
}
