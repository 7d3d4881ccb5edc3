/**
 * `pnpm sbom:write [folder]`, after `pnpm build`: a bill of materials for each package, with every file of its tarball and
 * everything that an installation brings along. The release attaches them.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { closureOf, directNeeds, idOf, readLockfile } from './lockfile.ts';
import { packTarballs, unpack } from './packed.ts';
import { sbomOf } from './sbom-document.ts';
import { publishedPackages, rootDir } from './workspace.ts';

const folder = resolve(rootDir, process.argv[2] ?? 'sbom');
const work = mkdtempSync(join(tmpdir(), 'plugboard-sbom-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

const lockfile = readLockfile(rootDir);
if (lockfile === undefined) throw new Error('There is no lockfile.');
const packages = publishedPackages();
const own = new Set(packages.map(idOf));
mkdirSync(folder, { recursive: true });

let written = 0;
for (const tarball of packTarballs(join(work, 'tarballs'))) {
  const { root, manifest, files } = unpack(tarball, work);
  const entry = packages.find((candidate) => candidate.manifest.name === manifest.name);
  if (entry === undefined) throw new Error(`${manifest.name} is no package of this workspace.`);
  const closure = closureOf(lockfile, entry, packages);
  const sbom = sbomOf({
    manifest,
    closure,
    lockfile,
    own,
    tarball: readFileSync(tarball),
    files: files.map((path) => ({ path, content: readFileSync(join(root, path)) })),
    direct: directNeeds(lockfile, entry, packages),
  });
  const file = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version ?? '0.0.0'}.cdx.json`;
  writeFileSync(join(folder, file), `${JSON.stringify(sbom, null, 2)}\n`);
  written++;
}
console.log(`${written} of ${packages.length} bills of materials written to ${folder}`);
process.exitCode = written === packages.length ? 0 : 1;
