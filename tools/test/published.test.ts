import { expect, test } from 'vitest';

import { publishedPackages } from '../workspace.ts';

/** `npm help scripts`: what a package manager runs unasked, at the consumer's or before publishing. */
const lifecycle = /^(pre|post)?(install|uninstall|prepare|prepublish|publish|pack|dependencies)(Only)?$/;

// `pnpm pack:check` holds the packed manifests to the same, and installs all of them with scripts disabled.
test.each(publishedPackages().map(({ dir, manifest }) => ({ dir, manifest })))(
  'G13 $dir brings no script that anybody’s package manager would run',
  ({ manifest }) => {
    const scripts = Object.keys((manifest['scripts'] ?? {}) as object);
    expect(scripts.filter((name) => lifecycle.test(name))).toEqual([]);
    expect(manifest).not.toHaveProperty('gypfile');
    expect(manifest).not.toHaveProperty('bundleDependencies');
  },
);

test('G13 the check knows a script when it sees one', () => {
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare', 'prepublishOnly', 'postpack'])
    expect(name).toMatch(lifecycle);
  expect('test').not.toMatch(lifecycle);
});
