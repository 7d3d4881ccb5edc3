/** Every benchmark by its name, in the order in which they run; each loads when it is asked for. */
import type { Benchmark } from './harness/report.ts';

export const benchmarks = {
  import: () => import('./cases/import.ts'),
  size: () => import('./cases/size.ts'),
  token: () => import('./cases/token.ts'),
  crypto: () => import('./cases/crypto.ts'),
  webhooks: () => import('./cases/webhooks.ts'),
  'webhooks-intake': () => import('./cases/webhooks-intake.ts'),
  transport: () => import('./cases/transport.ts'),
  authorize: () => import('./cases/authorize.ts'),
  refresh: () => import('./cases/refresh.ts'),
} satisfies Readonly<Record<string, () => Promise<{ readonly benchmark: Benchmark }>>>;

export type BenchmarkName = keyof typeof benchmarks;
