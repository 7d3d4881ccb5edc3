/** Runs one benchmark in this process and hands its report to the parent. */
import { benchmarks, type BenchmarkName } from './benchmarks.ts';
import type { RunOptions } from './harness/report.ts';

const [, , name, options] = process.argv;
const { benchmark } = await benchmarks[name as BenchmarkName]();
const report = await benchmark.run(JSON.parse(options ?? '') as RunOptions);
process.send?.(report, () => process.exit(0));
