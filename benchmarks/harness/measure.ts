/** Interleaved measurement: every round runs every case, in rotating order, so that the machine's drift hits all alike. */
import { median, quantile } from './statistics.ts';

/** One call. What it returns is awaited when it is a promise, and only then. */
export type Case = () => unknown;

export interface MeasureOptions {
  /** Rounds that count; one more warms up. Default 9. */
  readonly rounds?: number;
  /** Milliseconds for each case and round. Default 100. */
  readonly budgetMs?: number;
  /** Calls in flight. Default 1. */
  readonly concurrency?: number;
}

export interface Measured {
  readonly name: string;
  /** Median microseconds of a call, over all callers. */
  readonly us: number;
  /** Median microseconds of this process's own CPU, threads of its runtime included. */
  readonly cpuUs: number;
  /** To the floor, taken within each round, then the median. */
  readonly ratio: Ratio;
  readonly cpuRatio: Ratio;
}

export interface Ratio {
  readonly median: number;
  /** Quartiles over the rounds: how far the number can be trusted. */
  readonly low: number;
  readonly high: number;
}

interface Sample {
  readonly us: number;
  readonly cpuUs: number;
}

/** Measures all cases; the first is the floor that the others are divided by. */
export async function measure(
  cases: Readonly<Record<string, Case>>,
  options: MeasureOptions = {},
): Promise<Measured[]> {
  const { rounds = 9, budgetMs = 100, concurrency = 1 } = options;
  const names = Object.keys(cases);
  const samples = await inRounds(names, rounds, (name) => timeOf(cases[name]!, budgetMs, concurrency));
  return names.map((name) => {
    const own = samples.get(name)!;
    const floor = samples.get(names[0]!)!;
    return {
      name,
      us: median(own.map(({ us }) => us)),
      cpuUs: median(own.map(({ cpuUs }) => cpuUs)),
      ratio: ratioOf(own.map(({ us }, round) => us / floor[round]!.us)),
      cpuRatio: ratioOf(own.map(({ cpuUs }, round) => cpuUs / floor[round]!.cpuUs)),
    };
  });
}

/** Runs every name once in each round, in rotating order, after one round that warms up and does not count. */
export async function inRounds<T>(
  names: readonly string[],
  rounds: number,
  run: (name: string) => T | Promise<T>,
): Promise<Map<string, T[]>> {
  const samples = new Map(names.map((name): [string, T[]] => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const offset of names.keys()) {
      const name = names[(offset + round + names.length) % names.length]!;
      const sample = await run(name);
      if (round >= 0) samples.get(name)!.push(sample);
    }
  }
  return samples;
}

export function ratioOf(ratios: readonly number[]): Ratio {
  return { median: median(ratios), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) };
}

async function timeOf(run: Case, budgetMs: number, concurrency: number): Promise<Sample> {
  const first = run();
  const waits = first instanceof Promise;
  await first;
  const cpu = process.cpuUsage();
  const start = performance.now();
  let calls = 0;
  if (waits) await Promise.all(Array.from({ length: concurrency }, caller));
  else calls = inTurn(run, start + budgetMs);
  const us = (performance.now() - start) * 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { us: us / calls, cpuUs: (user + system) / calls };

  async function caller(): Promise<void> {
    for (let batch = 1; performance.now() < start + budgetMs;) {
      const began = performance.now();
      for (let index = 0; index < batch; index += 1) await run();
      calls += batch;
      batch = nextBatch(batch, performance.now() - began);
    }
  }
}

function inTurn(run: Case, end: number): number {
  let calls = 0;
  for (let batch = 1; performance.now() < end;) {
    const began = performance.now();
    for (let index = 0; index < batch; index += 1) run();
    calls += batch;
    batch = nextBatch(batch, performance.now() - began);
  }
  return calls;
}

/** Asking for the time costs as much as the smallest cases, so it is asked once in half a millisecond. */
function nextBatch(batch: number, tookMs: number): number {
  return tookMs < 0.5 ? batch * 2 : batch;
}
