/** The bundles of one test file: made when they are first asked for, in a folder that goes when the file ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bundle, contractEntry, smokeEntry, type Platform } from './bundle.ts';

export interface Programs {
  /** All that a process must be able to read. */
  readonly dir: string;
  /** Paths of bundles. */
  smoke(platform: Platform): Promise<string>;
  contract(platform: Platform, ids: readonly string[]): Promise<string>;
  remove(): void;
}

export function createPrograms(): Programs {
  const dir = mkdtempSync(join(tmpdir(), 'plugboard-runtimes-'));
  const made = new Map<string, Promise<string>>();
  async function write(contents: string, platform: Platform, number: number): Promise<string> {
    const file = join(dir, `${number}-${platform}.mjs`);
    writeFileSync(file, (await bundle({ contents, platform })).code);
    return file;
  }
  const make = (contents: string, platform: Platform) => {
    const key = `${platform}\n${contents}`;
    const file = made.get(key) ?? write(contents, platform, made.size + 1);
    made.set(key, file);
    return file;
  };
  return {
    dir,
    smoke: (platform) => make(smokeEntry(platform), platform),
    contract: (platform, ids) => make(contractEntry(platform, ids), platform),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
