/** What the first run hands over to the runner of the mutants that are left. */

/** In the folder of Stryker's copy. */
export const firstRunFile = 'stryker-first-run.json';

export type Counts = Record<string, number>;

/** A mutant that a test noticed. */
interface Noticed {
  readonly test: string;
  readonly reason: string;
  /** It did not end, or went round without one. */
  readonly endless: boolean;
}

export interface FirstRun {
  readonly noticed: Record<string, Noticed>;
  /** Milliseconds that each test takes by itself. */
  readonly tests: Counts;
}
