/**
 * `pnpm advisories`: asks OSV (https://osv.dev) about every locked package. Known holes of what our packages bring along
 * fail; those of what only builds and tests use are printed.
 */
import { osvAdvisories } from './osv.ts';
import { closureOf, idOf, readLockfile, withoutPeers } from './lockfile.ts';
import { publishedPackages, rootDir } from './workspace.ts';

const lockfile = readLockfile(rootDir);
if (lockfile === undefined) throw new Error('There is no lockfile.');
const packages = publishedPackages();
const own = new Set(packages.map(idOf));
const shipped = new Set(packages.flatMap((entry) => closureOf(lockfile, entry, packages).map(({ id }) => id)));
const locked = Object.keys(lockfile.packages ?? {}).map(withoutPeers);
const ids = [...new Set([...locked, ...shipped])].filter((id) => !own.has(id)).toSorted();

const found = await osvAdvisories(ids, { endpoint: process.env['PLUGBOARD_OSV_URL'] });
const bad = found.filter(({ id }) => shipped.has(id));
for (const { id, advisories } of found)
  console.log(`${shipped.has(id) ? '!!!' : '   '} ${id}: ${advisories.join(', ')}`);
console.log(`${ids.length} packages asked about, ${shipped.size} of them shipped: ${bad.length} with known holes`);
process.exitCode = bad.length === 0 && ids.length > 0 ? 0 : 1;
