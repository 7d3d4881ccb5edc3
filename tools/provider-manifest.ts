/** The one template of a provider's package.json. Own to a provider are its version, words and extra dependencies. */
import type { Manifest } from './workspace.ts';

interface OwnWords {
  readonly version?: string;
  readonly description?: unknown;
  readonly keywords?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** What the package.json of `packages/providers/<id>` must be, keeping the own fields of the present one. */
export function providerManifest(id: string, own: OwnWords): Manifest {
  const dir = `packages/providers/${id}`;
  const entry = { types: './dist/index.d.ts', default: './dist/index.js' };
  return {
    name: `@plugboard/provider-${id}`,
    version: own.version ?? '0.1.0',
    description: own.description,
    keywords: own.keywords ?? ['plugboard', 'plugboard-provider', id],
    license: 'Apache-2.0',
    repository: { type: 'git', url: 'git+https://github.com/plugboard/plugboard.git', directory: dir },
    type: 'module',
    sideEffects: false,
    engines: { node: '>=22.12' },
    exports: {
      '.': { '@plugboard/source': './src/index.ts', ...entry },
      './package.json': './package.json',
    },
    publishConfig: { access: 'public', exports: { '.': entry, './package.json': './package.json' } },
    files: ['dist'],
    peerDependencies: { '@plugboard/core': 'workspace:^' },
    ...(own.dependencies !== undefined && { dependencies: sorted(own.dependencies) }),
    devDependencies: sorted({
      ...own.devDependencies,
      '@plugboard/core': 'workspace:^',
      '@plugboard/testing': 'workspace:^',
    }),
  };
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
