/** docs/security/coverage.md: what is defended, and the tests that prove it. */
import { posix } from 'node:path';

import { areas as knownAreas, standings as knownStandings, type Area, type Standing } from './coverage-rows.ts';
import { code, table } from './docs-table.ts';
import type { IdentifiedTest } from './test-titles.ts';

export const coverageFile = 'docs/security/coverage.md';

export interface CoverageSources {
  readonly tests: readonly IdentifiedTest[];
  readonly areas?: readonly Area[];
  readonly standings?: Readonly<Record<string, Standing>>;
}

export interface Coverage {
  readonly text: string;
  readonly problems: readonly string[];
}

export function coverage({ tests, areas = knownAreas, standings = knownStandings }: CoverageSources): Coverage {
  const proofs = new Map<string, IdentifiedTest[]>();
  for (const test of tests) for (const id of new Set(test.ids)) proofs.set(id, [...(proofs.get(id) ?? []), test]);
  const ids = areas.flatMap(({ rows }) => Object.keys(rows));
  const stray = Object.keys(standings).filter((id) => !ids.includes(id));
  const problems = [
    ...ids.flatMap((id) => problemOf(id, proofs.get(id) ?? [], standings[id] ?? {})),
    ...stray.map((id) => `tools/coverage-rows.ts: ${id} is no row`),
  ];
  return { text: page(areas, proofs, standings), problems };
}

function problemOf(id: string, tests: readonly IdentifiedTest[], { by, untested }: Standing): string[] {
  const [first] = tests;
  if (first !== undefined && untested !== undefined) {
    return [`tools/coverage-rows.ts: ${id} gives a reason for having no test, but ${first.file} has one`];
  }
  if (by !== undefined && untested !== undefined) return [`tools/coverage-rows.ts: ${id} is proved, or it is not`];
  if (first === undefined && by === undefined && untested === undefined) {
    return [`tools/coverage-rows.ts: ${id} has neither a test whose title begins with it nor a reason`];
  }
  return [];
}

function page(
  areas: readonly Area[],
  proofs: ReadonlyMap<string, readonly IdentifiedTest[]>,
  standings: Readonly<Record<string, Standing>>,
): string {
  const sections = areas.map(({ title, rows }) => {
    const lines = Object.entries(rows).map(([id, holds]) => {
      const { by, untested, left } = standings[id] ?? {};
      const files = filesOf(proofs.get(id) ?? []);
      const proof = [
        ...files,
        ...(by === undefined ? [] : [by]),
        ...(untested === undefined ? [] : [`None: ${untested}`]),
      ];
      return [id, holds, proof.join('<br>'), left];
    });
    return `## ${title}\n\n${table(['Id', 'What must hold', 'Proof', 'What it leaves open'], lines)}`;
  });
  return `${[head, ...sections].join('\n\n')}\n`;
}

/** Each file once, with one of its titles: the others are found in it by the id. */
function filesOf(tests: readonly IdentifiedTest[]): string[] {
  const files = Map.groupBy(tests, ({ file }) => file);
  return [...files]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, [first, ...others]]) => {
      const more = others.length === 0 ? '' : ` and ${others.length} more`;
      const link = `[${nameOf(file)}](${posix.relative(posix.dirname(coverageFile), file)})`;
      return `${link}: ${plain(first?.title ?? '')}${more}`;
    });
}

/** Many packages have a `provider.test.ts`: with the folder of the package in front. */
function nameOf(file: string): string {
  const folders = file.split('/');
  const within = folders.findIndex((folder) => folder === 'test' || folder === 'src');
  return `${folders[within - 1] ?? ''}/${folders.at(-1) ?? ''}`;
}

/** Placeholders of `each` and what Markdown would take for markup. */
function plain(title: string): string {
  return title.replaceAll(/%[sdifjoO]|\$\w+/g, '…').replaceAll(/[<>*_`[\]\\]/g, (sign) => `\\${sign}`);
}

const head = `# What is tested

Written by ${code('pnpm docs:write')} from the titles of the tests. Each row is one attack or fault with the tests whose
titles begin with its id, so ${code('pnpm test -t A03')} runs those of A03. A row without a test says why. What happens
under load and when processes die has its own page: [Reliability](../reliability.md); whom all of this is meant to stop
is on [Threat model](threat-model.md).`;
