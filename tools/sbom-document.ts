/** A bill of materials in the form of CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): the same input, the same text. */
import { createHash } from 'node:crypto';

import { withoutPeers, type Lockfile, type Needed } from './lockfile.ts';
import type { Manifest } from './workspace.ts';

export interface ShippedFile {
  /** From the root of the tarball. */
  readonly path: string;
  readonly content: Uint8Array;
}

export interface SbomInput {
  /** As published. */
  readonly manifest: Manifest;
  readonly tarball: Uint8Array;
  readonly files: readonly ShippedFile[];
  readonly closure: readonly Needed[];
  /** Ids of what the package itself declares. */
  readonly direct: readonly string[];
  readonly lockfile: Lockfile;
  /** Names and versions of our own packages: they are not in the lockfile, each has a bill of its own. */
  readonly own: ReadonlySet<string>;
}

/** A bill of materials by CycloneDX 1.6; its schema judges the rest. */
export interface Sbom {
  readonly [name: string]: unknown;
  readonly serialNumber: string;
  readonly components: readonly {
    readonly [name: string]: unknown;
    readonly type: string;
    readonly name: string;
    readonly 'bom-ref': string;
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** @throws Error for a package whose hash the lockfile does not have. */
export function sbomOf({ manifest, tarball, files, closure, direct, lockfile, own }: SbomInput): Sbom {
  const { name, version = '0.0.0' } = manifest;
  const ref = purl(name, version);
  const refs = new Map(closure.map((needed) => [needed.id, purl(needed.name, needed.version)]));
  const refsOf = (ids: readonly string[]) => ids.map((id) => refs.get(id) ?? id).toSorted();
  const hashes = new Map(
    Object.entries(lockfile.packages ?? {}).map(([key, { resolution }]) => [
      withoutPeers(key),
      resolution?.['integrity'],
    ]),
  );
  const hashOf = (id: string) => {
    const integrity = hashes.get(id);
    if (typeof integrity === 'string') return [sha512(Buffer.from(integrity.slice('sha512-'.length), 'base64'))];
    if (own.has(id)) return undefined;
    throw new Error(`The lockfile has no hash of ${id}.`);
  };
  const whole = sha512(createHash('sha512').update(tarball).digest());
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(whole.content)}`,
    version: 1,
    metadata: {
      component: {
        type: 'library',
        'bom-ref': ref,
        ...namesOf(name),
        version,
        purl: ref,
        hashes: [whole],
        ...licence(manifest),
      },
    },
    components: [
      ...closure.map((needed) => {
        const hash = hashOf(needed.id);
        const { id, name: neededName, version: neededVersion } = needed;
        return {
          type: 'library',
          'bom-ref': refs.get(id)!,
          ...namesOf(neededName),
          version: neededVersion,
          purl: refs.get(id)!,
          ...(hash !== undefined && { hashes: hash }),
        };
      }),
      ...files.map(({ path, content }) => ({
        type: 'file',
        'bom-ref': `${ref}#${path}`,
        name: path,
        hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(content).digest('hex') }],
      })),
    ],
    dependencies: [
      { ref, dependsOn: refsOf(direct) },
      ...closure.map(({ id, needs }) => ({ ref: refs.get(id)!, dependsOn: refsOf(needs) })),
    ],
  };
}

/** https://github.com/package-url/purl-spec */
function purl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function namesOf(name: string): { group?: string; name: string } {
  const [scope = '', rest] = name.split('/');
  return rest === undefined ? { name } : { group: scope, name: rest };
}

function licence({ license }: Manifest) {
  return typeof license === 'string' ? { licenses: [{ license: { id: license } }] } : {};
}

function sha512(bytes: Uint8Array): { alg: string; content: string } {
  return { alg: 'SHA-512', content: Buffer.from(bytes).toString('hex') };
}

/** Made from the content (RFC 9562 section 5.8), so that two builds have one number. */
function uuidOf(hex: string): string {
  const digits = Array.from(hex.slice(0, 32));
  digits[12] = '8';
  digits[16] = '8';
  return digits.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
