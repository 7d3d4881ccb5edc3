/**
 * Property tests over generated inputs. Cases are the same in every run, so that a failure is the same for everybody;
 * seeds that once failed are kept in seeds.json and replayed first. `CI` takes 100,000 cases, PLUGBOARD_CORPUS=full
 * 10,000,000 from a seed of chance, anything else 5,000.
 */
import { readFileSync } from 'node:fs';

import fc from 'fast-check';

/** Names of corpora to the seeds, with paths, that once failed. */
export type Seeds = Readonly<Record<string, readonly (readonly [seed: number, path: string])[]>>;

export interface CorpusOptions {
  /** Share of the usual number of cases, for properties that cost more. Default 1. */
  readonly share?: number;
  /** Default: those of seeds.json. */
  readonly seeds?: Seeds;
}

const file = new URL('seeds.json', import.meta.url);
const usualSeed = 20_261_128;
const full = process.env['PLUGBOARD_CORPUS'] === 'full';
const cases = full ? 10_000_000 : process.env['CI'] === undefined ? 5_000 : 100_000;
/** How long the greater sizes may take. */
export const corpusTimeoutMs = full ? 7_200_000 : 120_000;

/** @param name under which seeds are kept: one for each property. */
export async function corpus<T>(
  name: string,
  values: fc.Arbitrary<T>,
  property: (value: T) => void | Promise<void>,
  { share = 1, seeds = JSON.parse(readFileSync(file, 'utf8')) as Seeds }: CorpusOptions = {},
): Promise<void> {
  const tested = fc.asyncProperty(values, async (value) => {
    // Most are synchronous, and a hundred thousand promises take longer than they do.
    const pending = property(value);
    if (pending !== undefined) await pending;
  });
  for (const [seed, path] of seeds[name] ?? []) await judge(name, tested, { seed, path, numRuns: 1 });
  const seed = full ? Math.trunc(Math.random() * 2 ** 31) : usualSeed;
  await judge(name, tested, { seed, numRuns: Math.max(1, Math.round(cases * share)) });
}

async function judge<T>(name: string, property: fc.IAsyncProperty<T>, parameters: fc.Parameters<T>): Promise<void> {
  const details = await fc.check(property, parameters);
  if (!details.failed) return;
  const keep = `"${name}": [[${details.seed}, "${details.counterexamplePath ?? ''}"]]`;
  throw new Error(`${fc.defaultReportMessage(details)}\nKeep it in test/corpus/seeds.json: ${keep}`, {
    cause: details.errorInstance,
  });
}
