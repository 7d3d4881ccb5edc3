/** `pnpm new provider <id>`: a provider to fill in, which passes every check but the one that lists what to fill in. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

import { parseSync } from 'oxc-parser';

import { placeholdersOf } from './check-placeholders.ts';
import { checkProviderIds } from './check-provider-ids.ts';
import { exampleDir, exampleManifest } from './example-app.ts';
import { install, run, type Outcome } from './install.ts';
import { authShapes, factoryName, providerFiles, type AuthShape, type NewProvider } from './provider-template.ts';
import { providerIds, rootDir, workspacePackages } from './workspace.ts';

const usage = `Usage: npx pnpm@12 new provider <id> [--name "Acme"] [--auth ${authShapes.join('|')}]`;

const asked = readArguments(process.argv.slice(2));
const provider = typeof asked === 'string' ? asked : (problemOf(asked) ?? asked);
if (typeof provider === 'string') {
  console.error(`${provider}\nNothing was written.`);
  process.exitCode = 1;
} else {
  process.exitCode = create(provider) ? 0 : 1;
}

/** The provider that is asked for, or why the arguments say none. */
function readArguments(args: readonly string[]): NewProvider | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { name: { type: 'string' }, auth: { type: 'string', default: authShapes[0]! } },
    });
    const [kind, id, ...more] = positionals;
    if (kind !== 'provider' || id === undefined || more.length > 0) return usage;
    const auth = authShapes.find((shape) => shape === values.auth) as AuthShape | undefined;
    if (auth === undefined) return `--auth is \`${values.auth}\`; it may be ${authShapes.join(', ')}.`;
    return { id, name: values.name ?? titleOf(id), auth };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${usage}`;
  }
}

/** Why this provider cannot be made. */
function problemOf({ id, name }: NewProvider): string | undefined {
  if (id.length > 40 || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id))
    return `The id \`${id}\` is not usable: write the vendor's name in lower case, words joined by hyphens, 40 characters at most.`;
  if (!/^[\p{L}\p{N}][\p{L}\p{N} .&+-]{0,59}$/u.test(name))
    return `The name \`${name}\` is not usable: give letters, digits, spaces and . & + - only.`;
  const taken = [`packages/providers/${id}`, `.changeset/provider-${id}.md`].find((path) =>
    existsSync(join(rootDir, path)),
  );
  if (taken !== undefined) return `${taken} is there already: choose another id, or work on what is there.`;
  if (parseSync('name.ts', `const ${factoryName(id)} = 1;`).errors.length > 0)
    return `The id \`${id}\` is a word of the language and cannot name an export: choose another one, ${id}-app for example.`;
  const inCore = checkProviderIds(rootDir, { ids: [id] }).problems[0];
  // Core names no vendor, so a vendor cannot have the name of something in core.
  return inCore === undefined
    ? undefined
    : `The id \`${id}\` is a word of core's own sources (${inCore}): choose another one.`;
}

function create(made: NewProvider): boolean {
  const files = new Map(providerFiles(made));
  const example = workspacePackages().find(({ dir }) => dir === exampleDir);
  for (const [file, text] of files) write(file, text, 'wx');
  // Its dependency stands before the install, which links it.
  if (example !== undefined) {
    const manifest = exampleManifest(example.manifest, providerIds());
    write(`${exampleDir}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`, 'w');
  }
  console.log(`packages/providers/${made.id}: ${files.size} files written`);
  const steps: readonly (readonly [string, () => Outcome])[] = [
    [
      'laid out',
      () => run(join(rootDir, 'node_modules/.bin/oxfmt'), ['--write', `packages/providers/${made.id}`], rootDir),
    ],
    ['installed', () => install(rootDir)],
    [
      'README, docs page and lists generated',
      () => run(process.execPath, ['--conditions=@plugboard/source', 'tools/docs.ts'], rootDir),
    ],
  ];
  const failed = steps.filter(([done, step]) => {
    const { ok, output } = step();
    console.log(ok ? done : `!!! not ${done}:\n${output}`);
    return !ok;
  });
  tell(made.id);
  return failed.length === 0;
}

function write(file: string, text: string, flag: 'w' | 'wx'): void {
  mkdirSync(dirname(join(rootDir, file)), { recursive: true });
  writeFileSync(join(rootDir, file), text, { flag });
}

function tell(id: string): void {
  const missing = placeholdersOf(rootDir, id).map(({ file, line, what }) => [`${file}:${line}`, what] as const);
  const width = Math.max(...missing.map(([place]) => place.length));
  console.log(
    `\nFill in, with the vendor's reference beside you; docs/contributing-a-provider.md is the way through:\n`,
  );
  for (const [place, what] of missing) console.log(`  ${place.padEnd(width)}  ${what}`);
  console.log(`
Until then \`npx pnpm@12 check placeholders\` fails with the same ${missing.length} lines. Everything else passes already:

  npx pnpm@12 test packages/providers/${id}
  npx pnpm@12 docs:write        after each change of a fact
  .ci/run                       all that must pass`);
}

/** `google-ads` is `Google Ads`. */
function titleOf(id: string): string {
  return id.replaceAll(
    /(^|-)([a-z0-9])/g,
    (_, hyphen: string, letter: string) => `${hyphen && ' '}${letter.toUpperCase()}`,
  );
}
