/** What a benchmark has to say, and how it is written: the same text on the terminal and in docs/benchmarks.md. */
import type { Measured, Ratio } from './measure.ts';

export interface Benchmark {
  readonly title: string;
  run(options: RunOptions): Promise<Report>;
}

export interface RunOptions {
  readonly rounds: number;
  /** The sizes of the goals instead of those of a smoke run. */
  readonly full: boolean;
}

export interface Report {
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
  /** Paragraphs. */
  readonly notes?: readonly string[];
}

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Goal {
  readonly what: string;
  readonly limit: number;
  readonly measured: number;
  readonly unit: string;
  /** Default: at most the limit. */
  readonly atLeast?: boolean;
  /** Why it is missed, when the cause is known. */
  readonly cause?: string;
}

export function isMet({ limit, measured, atLeast = false }: Goal): boolean {
  return atLeast ? measured >= limit : measured <= limit;
}

/** Markdown. */
export function formatReport({ tables, goals, notes = [] }: Report): string {
  const goalTable: Table = {
    title: 'Goals',
    head: ['goal', 'limit', 'measured', 'verdict'],
    rows: goals.map((goal) => [
      goal.what,
      `${goal.atLeast === true ? '≥' : '≤'} ${withUnit(goal.limit, goal.unit)}`,
      withUnit(goal.measured, goal.unit),
      isMet(goal) ? 'met' : `**missed**${goal.cause === undefined ? '' : `: ${goal.cause}`}`,
    ]),
  };
  return [...tables, goalTable]
    .map(formatTable)
    .concat(notes.map((note) => `${note}\n`))
    .join('\n');
}

/** Rows of `measure`, with both ratios and their quartiles. */
export function timeTable(title: string, rows: readonly Measured[]): Table {
  return {
    title,
    head: ['case', 'µs', 'CPU µs', 'ratio', 'CPU ratio'],
    rows: rows.map(({ name, us, cpuUs, ratio, cpuRatio }) => [
      name,
      shortNumber(us),
      shortNumber(cpuUs),
      formatRatio(ratio),
      formatRatio(cpuRatio),
    ]),
  };
}

/** The row of a name, where a goal asks for it. */
export function rowOf(rows: readonly Measured[], name: string): Measured {
  const row = rows.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`No case is called ${name}.`);
  return row;
}

export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const digits = value >= 1000 ? 0 : value >= 100 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: value < 10 ? 2 : 0 });
}

function formatRatio({ median, low, high }: Ratio): string {
  return `${median.toFixed(2)}x (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

function withUnit(value: number, unit: string): string {
  return unit === 'x' ? `${value.toFixed(2)}x` : `${shortNumber(value)} ${unit}`.trim();
}

function formatTable({ title, head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, index) => (index === 0 ? '---' : '---:'));
  return [`### ${title}\n`, line(head), line(rule), ...rows.map(line), ''].join('\n');
}
