/** What the reporter hands to tools/test.ts, and the floor under the number of executed tests. */
import { join } from 'node:path';

import { rootDir } from './workspace.ts';

export const resultsFile: string = join(rootDir, 'node_modules/.cache/test-results.json');
export const floorFile: string = join(rootDir, 'tools/test-floor.json');

/** Executed tests by project (`unit`, `integration`, `measured`), then by package folder. */
export type Counts = Record<string, Record<string, number>>;

export interface Skip {
  readonly test: string;
  /** Null when nobody gave one. */
  readonly reason: string | null;
}

export interface TestResults {
  passed: number;
  failed: number;
  executed: Counts;
  skips: Skip[];
  /** How far providers agree with what their vendors publish: a line for each. */
  conformance: string[];
  /** What scenarios of failure counted: a line for each. */
  reliability: string[];
}

/** `packages/providers/acme/test/a.test.ts` belongs to `packages/providers/acme`. */
export function packageOf(file: string): string {
  const cut = file.indexOf('/test/');
  return cut === -1 ? file : file.slice(0, cut);
}

/** Packages whose number of executed tests fell below the floor. */
export function belowFloor(floor: Counts, executed: Counts): string[] {
  return Object.entries(floor).flatMap(([project, packages]) =>
    Object.entries(packages)
      .filter(([dir, least]) => (executed[project]?.[dir] ?? 0) < least)
      .map(
        ([dir, least]) => `${dir} (${project}): ${executed[project]?.[dir] ?? 0} tests executed, the floor is ${least}`,
      ),
  );
}
