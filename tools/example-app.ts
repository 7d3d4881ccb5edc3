/** The example application has every provider: its list and its dependencies are written from the workspace. */
import type { AnyDefinition } from '@plugboard/core';

import type { Manifest } from './workspace.ts';

export const exampleDir = 'examples/saas';

export interface LoadedProvider {
  readonly definition: AnyDefinition;
  /** Name under which the package exports its factory. */
  readonly factory: string;
}

const width = 120;

/** src/providers.ts of the example, laid out as the formatter would. */
export function exampleProviders(loaded: readonly LoadedProvider[]): string {
  const imports = loaded.map(
    ({ definition, factory }) => `import { ${factory} } from '@plugboard/provider-${definition.id}';`,
  );
  const calls = loaded.map(({ factory }) => `${factory}()`);
  const oneLine = `export const providers = [${calls.join(', ')}] as const;`;
  const list =
    oneLine.length <= width
      ? oneLine
      : ['export const providers = [', ...calls.map((call) => `  ${call},`), '] as const;'].join('\n');
  return `/** Every vendor of this repository. Written by \`pnpm docs:write\`. */\n${imports.join('\n')}\n\n${list}\n`;
}

/** package.json of the example with one dependency for each provider; everything else stays. */
export function exampleManifest(manifest: Manifest, ids: readonly string[]): Manifest {
  const others = Object.entries(manifest.dependencies ?? {}).filter(
    ([name]) => !name.startsWith('@plugboard/provider-'),
  );
  const providers = ids.map((id): [string, string] => [`@plugboard/provider-${id}`, 'workspace:^']);
  const dependencies = Object.fromEntries([...others, ...providers].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return { ...manifest, dependencies };
}
