/** What the programs of this folder print: a line of JSON for each check. */
export interface Report {
  readonly check: string;
  readonly ok: boolean;
  /** Why it failed. */
  readonly detail?: string;
  /** Why it cannot be done here. */
  readonly skipped?: string;
  /** What the harness compares with the other runtimes. */
  readonly data?: unknown;
}

/** What a program is told. */
export interface Given {
  /** `contract`: every case of the contract, or the fixed set. `smoke`: the engine and the routes. */
  readonly program: 'smoke' | 'contract' | 'contract-set';
  /** Address of a server of the harness. */
  readonly origin: string;
  /** `workerd`: without the flag that gives it modules of Node. */
  readonly runtime: 'workerd' | 'other';
  /** By cipher, what another process sealed with it. */
  readonly sealed: Readonly<Record<string, string>>;
}

export interface Check {
  readonly name: string;
  /** Resolves with data for the harness, or throws. */
  run(): Promise<unknown>;
}

/** Thrown by a check that cannot be done in a runtime. */
export class Skip extends Error {}

export async function report({ name: check, run }: Check): Promise<Report> {
  try {
    const data = await run();
    return { check, ok: true, ...(data !== undefined && { data }) };
  } catch (error) {
    if (error instanceof Skip) return { check, ok: true, skipped: error.message };
    return { check, ok: false, detail: String((error as Error | undefined)?.stack ?? error) };
  }
}

/** @throws Error that shows both, compared as JSON. */
export function same(actual: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`expected ${right}, got ${left}`);
}

/** The code of what a promise rejects with. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'nothing was thrown',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
}
