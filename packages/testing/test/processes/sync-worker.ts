/** One of several processes that read streams: tells its parent what it handles, until it is told to stop, or killed. */
import { setTimeout } from 'node:timers/promises';
import { isPlugboardError } from '@plugboard/core';
import { Pool } from 'pg';

import { createNumbersBoard, type VendorShape } from './sync-vendor.ts';

export interface WorkerInput extends VendorShape {
  readonly database: string;
  readonly schema: string;
  readonly key: string;
  readonly aheadMs?: number;
  readonly organizationId: string;
  /** `once`: reads one stream. `job`: runs the job until all connections were read. */
  readonly task: 'once' | 'job';
  /** Milliseconds that the handler takes for a page. */
  readonly handleMs?: number;
}

/** A page that was handled: by records, or by time. */
export type WorkerReport =
  | { readonly ids: readonly number[]; readonly connectionId: string; readonly from: number; readonly to: number }
  | { readonly done: string };

const input = JSON.parse(process.env['INPUT'] ?? '') as WorkerInput;
const pool = new Pool({ connectionString: input.database, max: 4 });
const board = createNumbersBoard(pool, input);

/** Resolves once the parent's end of the pipe has it: a kill afterwards takes nothing of it back. */
const report = (message: WorkerReport) =>
  new Promise<void>((resolve, reject) =>
    process.send?.(message, (error: unknown) => (error ? reject(error as Error) : resolve())),
  );

async function handle(
  records: readonly { readonly id: number }[],
  { connectionId }: { readonly connectionId: string },
) {
  const from = Date.now();
  await setTimeout(input.handleMs ?? 0);
  await report({ ids: records.map(({ id }) => id), connectionId, from, to: Date.now() });
}

async function run(): Promise<string> {
  const { organizationId } = input;
  if (input.task === 'once') {
    const result = await board.sync('numbers', { organizationId, stream: 'records', handle });
    return JSON.stringify(result);
  }
  board.streams.on('numbers', 'records', handle, { everyMs: 3_600_000 });
  const job = board.jobs.find(({ name }) => name === 'sync');
  const { processed } = (await job?.run()) ?? { processed: 0 };
  return String(processed);
}

const done = await run().catch((error: unknown) => (isPlugboardError(error) ? error.code : String(error)));
await report({ done });
await board.stop();
await pool.end();
process.disconnect();
