/** What a check answers. A check that found nothing to look at has failed. */
export interface CheckResult {
  /** How many things were looked at. */
  readonly checked: number;
  /** What they are, in the plural: `imports`. */
  readonly what: string;
  /** One line each, with file and line where there is one. */
  readonly problems: readonly string[];
  /** Printed whatever the outcome. */
  readonly notes?: readonly string[];
}

export type Check = (root: string) => CheckResult | Promise<CheckResult>;

/** The problems of a result, with the one that the check cannot see itself. */
export function problemsOf(result: CheckResult): string[] {
  return result.checked === 0 ? [...result.problems, `found no ${result.what} to check`] : [...result.problems];
}
