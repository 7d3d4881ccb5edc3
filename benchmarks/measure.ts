/** Interleaved measurement: every round runs every case, so the machine's drift hits all alike. */

export type Case = () => unknown;

export interface MeasureOptions {
  /** Name of the case that the others are divided by. Default: the first. */
  readonly floor?: string;
  /** Rounds that count; one more warms up. Default 15. */
  readonly rounds?: number;
  /** Milliseconds per case and round. Default 60. */
  readonly budgetMs?: number;
  /** Calls in flight. Default 1. */
  readonly concurrency?: number;
}

/** Prints, per case, the median time of a call in microseconds and the median ratio to the floor of the same round. */
export async function measure(
  title: string,
  cases: Readonly<Record<string, Case>>,
  options: MeasureOptions = {},
): Promise<void> {
  const names = Object.keys(cases);
  const { floor = names[0] ?? '', rounds = 15, budgetMs = 60, concurrency = 1 } = options;
  const times = new Map(names.map((name): [string, number[]] => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const [offset] of names.entries()) {
      const name = names[(offset + round + names.length) % names.length] ?? floor;
      // eslint-disable-next-line no-await-in-loop -- one case at a time is the point
      const time = await timeOf(cases[name] ?? (() => undefined), budgetMs, concurrency);
      if (round >= 0) times.get(name)?.push(time);
    }
  }
  const base = times.get(floor) ?? [];
  console.log(`\n${title}\n${'case'.padEnd(32)}${'µs'.padStart(10)}${'ratio'.padStart(9)}`);
  for (const [name, samples] of times) {
    const ratio = median(samples.map((time, round) => time / (base[round] ?? time)));
    console.log(`${name.padEnd(32)}${median(samples).toFixed(2).padStart(10)}${`${ratio.toFixed(2)}x`.padStart(9)}`);
  }
}

/** Microseconds per call, over all callers. */
async function timeOf(run: Case, budgetMs: number, concurrency: number): Promise<number> {
  const start = performance.now();
  let calls = 0;
  async function caller(): Promise<void> {
    do {
      // eslint-disable-next-line no-await-in-loop -- a caller waits for its call
      await run();
      calls += 1;
    } while (performance.now() - start < budgetMs);
  }
  await Promise.all(Array.from({ length: concurrency }, caller));
  return ((performance.now() - start) * 1000) / calls;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
