/** Every generated file of the repository, made from what the packages declare. */
import { existsSync, globSync } from 'node:fs';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';

import { coverage, coverageFile } from './coverage.ts';
import {
  generatedBlock,
  generatedEnd,
  generatedStart,
  providerBlock,
  providerPage,
  providerTable,
} from './docs-page.ts';
import { envExample } from './env-example.ts';
import { exampleDir, exampleManifest, exampleProviders, type LoadedProvider } from './example-app.ts';
import { identifiedTests } from './test-titles.ts';
import { runsIn, runtimeTable } from './where-it-runs.ts';
import { providerIds, readText, workspacePackages, type Manifest } from './workspace.ts';

const runtimesGuide = 'docs/guides/runtimes.md';

export interface Generated {
  /** Path from the root to the whole text it must hold. */
  readonly files: ReadonlyMap<string, string>;
  /** Files in generated folders that nothing generates any more. */
  readonly stale: readonly string[];
  /** What could not be generated. */
  readonly problems: readonly string[];
}

export async function generate(root: string): Promise<Generated> {
  const files = new Map<string, string>();
  const problems: string[] = [];
  projectReferences(root, files);
  versionOfCore(root, files);

  const loaded: LoadedProvider[] = [];
  const attempt = async (subject: string, work: () => void | Promise<void>) => {
    try {
      await work();
    } catch (error) {
      problems.push(`${subject}: ${String(error)}`);
    }
  };
  for (const id of providerIds(root)) {
    await attempt(`packages/providers/${id}`, async () => {
      const provider = await loadProvider(root, id);
      const { definition } = provider;
      loaded.push(provider);
      const where = runsIn(id, manifestOf(root, id));
      files.set(`docs/providers/${id}.md`, providerPage(definition, where));
      const readme = `packages/providers/${id}/README.md`;
      files.set(readme, withBlock(root, readme, providerBlock(definition, where)));
    });
  }
  if (loaded.length > 0) {
    const definitions = loaded.map(({ definition }) => definition);
    files.set('.env.example', await envExample(definitions));
    await attempt(
      'README.md',
      () => void files.set('README.md', withBlock(root, 'README.md', providerTable(definitions))),
    );
    await attempt(runtimesGuide, () => {
      if (!existsSync(join(root, runtimesGuide))) return;
      const placed = definitions.map(({ id, name }) => ({ id, name, manifest: manifestOf(root, id) }));
      files.set(runtimesGuide, withBlock(root, runtimesGuide, runtimeTable(placed)));
    });
    exampleApp(root, loaded, files);
  }

  securityCoverage(root, files, problems);

  const stale = globSync('docs/providers/*.md', { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !files.has(file));
  return { files, stale, problems };
}

/** Copies of the workspace without its tests have no rows to prove. */
function securityCoverage(root: string, files: Map<string, string>, problems: string[]): void {
  if (!existsSync(join(root, 'docs/security'))) return;
  const { text, problems: found } = coverage({ tests: identifiedTests(root) });
  files.set(coverageFile, text);
  problems.push(...found);
}

/** What a process says of itself: a manifest cannot be read where the package is bundled into an app. */
function versionOfCore(root: string, files: Map<string, string>): void {
  const core = workspacePackages(root).find(({ manifest }) => manifest.name === '@plugboard/core');
  if (core === undefined) return;
  const text = `/** Written by \`pnpm docs:write\`: the version of this package. */\nexport const version = '${core.manifest.version}';\n`;
  files.set(`${core.dir}/src/version.ts`, text);
}

/** tsconfig.json of the root lists every package and the tests; each package lists those its sources import. */
function projectReferences(root: string, files: Map<string, string>): void {
  // A new provider has none yet; it gets one here.
  const packages = workspacePackages(root).filter(
    ({ dir }) => dir.startsWith('packages/providers/') || existsSync(join(root, dir, 'tsconfig.json')),
  );
  const dirs = new Map(packages.map((entry) => [entry.manifest.name, entry.dir]));
  files.set(
    'tsconfig.json',
    json({
      files: [],
      references: [...packages.map(({ dir }) => dir), 'tsconfig.test.json'].map((path) => ({ path })),
    }),
  );

  for (const { dir, manifest } of packages) {
    const file = `${dir}/tsconfig.json`;
    const current = existsSync(join(root, file)) ? readText(root, file) : '{}';
    const { compilerOptions, include } = JSON.parse(current) as Record<string, unknown>;
    const references = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
      .map((name) => dirs.get(name))
      .filter((target) => target !== undefined)
      .map((target) => ({ path: posix.relative(dir, target) }));
    files.set(
      file,
      json({
        extends: posix.relative(dir, 'tsconfig.base.json'),
        ...(compilerOptions === undefined ? {} : { compilerOptions }),
        ...(include === undefined ? {} : { include }),
        ...(references.length === 0 ? {} : { references }),
      }),
    );
  }
}

function exampleApp(root: string, loaded: readonly LoadedProvider[], files: Map<string, string>): void {
  const example = workspacePackages(root).find(({ dir }) => dir === exampleDir);
  if (example === undefined) return;
  const ids = loaded.map(({ definition }) => definition.id);
  files.set(`${exampleDir}/package.json`, json(exampleManifest(example.manifest, ids)));
  files.set(`${exampleDir}/src/providers.ts`, exampleProviders(loaded));
}

/** A provider that is being made has none yet. */
function manifestOf(root: string, id: string): Manifest {
  const file = `packages/providers/${id}/package.json`;
  return existsSync(join(root, file)) ? (JSON.parse(readText(root, file)) as Manifest) : { name: id };
}

async function loadProvider(root: string, id: string): Promise<LoadedProvider> {
  const entry = join(root, 'packages/providers', id, 'src/index.ts');
  if (!existsSync(entry)) throw new Error('src/index.ts is missing');
  const module = (await import(pathToFileURL(entry).href)) as Record<string, Partial<LoadedProvider> | undefined>;
  for (const [factory, value] of Object.entries(module)) {
    if (value?.definition?.id === id) return { definition: value.definition, factory };
  }
  throw new Error(`src/index.ts exports no provider with the id ${id}`);
}

/** The file with the text between its two markers replaced. @throws when it has no markers. */
function withBlock(root: string, file: string, block: string): string {
  const text = existsSync(join(root, file)) ? readText(root, file) : '';
  if (!generatedBlock.test(text)) throw new Error(`${file} has no ${generatedStart} ... ${generatedEnd}`);
  return text.replace(generatedBlock, () => `${generatedStart}\n\n${block}\n\n${generatedEnd}`);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
