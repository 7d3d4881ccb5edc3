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
  /** Modules of the runtime that the bundle imports or requires. */
  readonly builtins: readonly string[];
}

export interface Source {
  /** Text of the entry; imports by absolute path. */
  readonly contents: string;
  readonly platform: Platform;
  /** A project in which the packages are installed as they are published. Default: their sources. */
  readonly project?: string;
}

const isWorkerd = (platform: Platform): boolean => platform.startsWith('workerd');

const shim = (name: string) => join(program, 'shims', name);
/** Packages that run tests, or stand in for the network of Node. */
const alias = {
  vitest: shim('vitest.ts'),
  msw: shim('msw.ts'),
  'msw/node': shim('msw.ts'),
  '@plugboard/testing': shim('testing.ts'),
};

export async function bundle({ contents, platform, project }: Source): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: join(program, '..'), loader: 'ts', sourcefile: 'entry.ts' },
    conditions: [...(project === undefined ? ['@plugboard/source'] : []), ...conditions[platform]],
    // Loaded when a flag is asked for, and impossible without the modules of Node: whoever bundles leaves it out.
    external: platform === 'workerd' ? ['@openfeature/server-sdk'] : [],
    alias,
    plugins: [...(project === undefined ? [contractsOnly] : [published(project, platform)]), builtinsOf(platform)],
    platform: isWorkerd(platform) ? 'browser' : 'node',
    bundle: true,
    format: 'esm',
    target: 'es2023',
    outfile: 'bundle.mjs',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const modules = imports.filter(({ kind, external }) => external === true && kind !== 'dynamic-import');
  const { text } = outputFiles[0]!;
  const code = !isWorkerd(platform) && text.includes('__require("node:') ? `${requireOfNode}\n${text}` : text;
  return { code, builtins: [...new Set(modules.map(({ path }) => path))].toSorted() };
}

/** What was written for `require` asks for modules of Node by it. */
const requireOfNode = `import { createRequire as createRequireOfBundle } from 'node:module';
const require = createRequireOfBundle(import.meta.url);`;

/**
 * By their full names, as the deployment tools of all these runtimes write them. What was written for `require` gets them
 * from an import where there is no such function, as Workers' own tool does it.
 */
function builtinsOf(platform: Platform): Plugin {
  return {
    name: 'builtins',
    setup({ onResolve, onLoad }) {
      const filter = new RegExp(`^(node:.*|(${builtinModules.join('|')}))$`);
      onResolve({ filter }, ({ path: given, kind }) => {
        const path = given.replace(/^(?!node:)/, 'node:');
        const required = isWorkerd(platform) && kind === 'require-call';
        return required ? { path, namespace: 'required' } : { path, external: true };
      });
      onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
        contents: `import module_ from '${path}'; module.exports = module_;`,
        loader: 'js',
      }));
    },
  };
}

/** A process finds the packages by itself, as they lie in the project; into a Worker they must be bundled. */
function published(project: string, platform: Platform): Plugin {
  return {
    name: 'published',
    setup({ onResolve, resolve }) {
      onResolve({ filter: /^@plugboard\// }, ({ path, resolveDir, kind }) => {
        if (!isWorkerd(platform)) return { path, external: true };
        return resolveDir === project ? undefined : resolve(path, { resolveDir: project, kind });
      });
    },
  };
}

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

const sourceOf = (id: string) => join(root, 'packages/providers', id, 'src/index.ts');

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
  const modules = ids.map((id, index) => `import * as module${index} from '${sourceOf(id)}';`);
  const names = ids.map((_, index) => `module${index}`).join(', ');
  return entryOf(
    platform,
    [...tests, ...modules, run],
    `({ program }) => runContract([${names}], program === 'contract')`,
  );
}

/** Loads packages by name and says which. */
export function loadEntry(platform: Platform, names: readonly string[]): string {
  const loads = names.map((name) => `[${JSON.stringify(name)}, () => import(${JSON.stringify(name)})]`);
  const run = `import { runLoads } from '${join(program, 'loads.ts')}';`;
  return entryOf(platform, [run], `() => runLoads([${loads.join(', ')}])`);
}

/** Everything of core, the routes and some providers, as a bundler sees it that throws nothing away. */
export function providerEntry(ids: readonly string[]): string {
  const own = ['@plugboard/core', '@plugboard/core/emulator', '@plugboard/http'].map((name) => `'${name}'`);
  const providers = ids.map((id) => `'${sourceOf(id)}'`);
  return [...own, ...providers].map((path, index) => `export * as entry${index} from ${path};`).join('\n');
}
