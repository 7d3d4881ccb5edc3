/** S05: a bill of materials names every file of a tarball and every package that an installation brings along. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { expect, test } from 'vitest';

import { closureOf, directNeeds, idOf, readLockfile } from '../lockfile.ts';
import { sbomOf, type SbomInput } from '../sbom-document.ts';
import { publishedPackages, rootDir } from '../workspace.ts';

const lockfile = readLockfile(rootDir)!;
const packages = publishedPackages();
const own = new Set(packages.map(idOf));
const files = ['package.json', 'dist/index.js', 'dist/deep/index.d.ts'].map((path) => ({
  path,
  content: Buffer.from(path),
}));

function inputOf(name: string): SbomInput {
  const entry = packages.find(({ manifest }) => manifest.name === name)!;
  const closure = closureOf(lockfile, entry, packages);
  const direct = directNeeds(lockfile, entry, packages);
  return { manifest: entry.manifest, tarball: Buffer.from(name), files, closure, direct, lockfile, own };
}

/** The schemas that the project of the format publishes. */
function validator() {
  const folder = join(
    dirname(fileURLToPath(import.meta.resolve('@cyclonedx/cyclonedx-library/package.json'))),
    'res/schema',
  );
  const schema = (file: string) =>
    JSON.parse(readFileSync(join(folder, `${file}.SNAPSHOT.schema.json`), 'utf8')) as object;
  const ajv = new Ajv({ strict: false, formats: { 'iri-reference': true, 'idn-email': true } });
  formats.default(ajv);
  for (const file of ['spdx', 'jsf-0.82', 'cryptography-defs']) {
    ajv.addSchema(schema(file), `http://cyclonedx.org/schema/${file}.SNAPSHOT.schema.json`);
  }
  return ajv.compile(schema('bom-1.6'));
}

test('S05 a bill is valid, for packages of every kind', () => {
  const validate = validator();
  for (const name of ['core', 'http', 'provider-twilio', 'storage-postgres', 'jobs-bullmq']) {
    validate(sbomOf(inputOf(`@plugboard/${name}`)));
    expect(validate.errors, name).toBeNull();
  }
  // The judge is awake.
  expect(validate({ ...sbomOf(inputOf('@plugboard/core')), components: [{ type: 'nothing' }] })).toBe(false);
});

test('S05 every file and every package of the closure is in it, each with a hash', () => {
  const input = inputOf('@plugboard/provider-twilio');
  const sbom = sbomOf(input);
  expect(input.closure.length).toBeGreaterThan(20);
  expect(sbom.components.filter(({ type }) => type === 'file').map(({ name }) => name)).toEqual(
    files.map(({ path }) => path),
  );
  const libraries = sbom.components.filter(({ type }) => type === 'library').map((component) => component['bom-ref']);
  expect(libraries).toContainEqual(expect.stringMatching(/^pkg:npm\/twilio@\d/));
  expect(libraries).toContainEqual(expect.stringMatching(/^pkg:npm\/axios@\d/));
  expect(libraries).toHaveLength(input.closure.length);
  for (const component of sbom.components)
    expect(component).toMatchObject({ hashes: [{ content: expect.stringMatching(/^[0-9a-f]{64,128}$/) as unknown }] });
  // Whoever is named as a need is listed.
  const known = new Set(sbom.dependencies.map(({ ref }) => ref));
  for (const { dependsOn } of sbom.dependencies) for (const ref of dependsOn) expect(known).toContain(ref);
});

test('S05 what the package declares stands first, and only that', () => {
  const [root] = sbomOf(inputOf('@plugboard/http')).dependencies;
  expect(root?.ref).toMatch(/^pkg:npm\/%40plugboard\/http@\d/);
  expect(root?.dependsOn.map((ref) => ref.replace(/@[^@]*$/, ''))).toEqual([
    'pkg:npm/%40hono/node-server',
    'pkg:npm/hono',
    'pkg:npm/zod',
  ]);
});

test('S05 the same build has the same bill, another build another number', () => {
  const input = inputOf('@plugboard/core');
  expect(sbomOf(input)).toEqual(sbomOf(input));
  const other = sbomOf({ ...input, tarball: Buffer.from('another') });
  expect(other.serialNumber).not.toBe(sbomOf(input).serialNumber);
});

test('S05 a package without a hash stops it', () => {
  const input = inputOf('@plugboard/core');
  const stranger = { id: 'left-pad@1.3.0', name: 'left-pad', version: '1.3.0', needs: [] };
  expect(() => sbomOf({ ...input, closure: [...input.closure, stranger] })).toThrow('no hash of left-pad@1.3.0');
});
