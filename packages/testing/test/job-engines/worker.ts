/** One of several processes that work on the same queues: with the jobs of a board, or with jobs that their parent leads. */
import type { Job, JobBoard, JobRun } from '@plugboard/core/job-kit';
import { postgresStore } from '@plugboard/storage-postgres';
import { Pool } from 'pg';

import { createBoard } from '../processes/vendor.ts';
import { openEngine, type Place } from './engines.ts';

/** What a worker tells. */
export type Told =
  | { readonly told: 'started' | 'stopped'; readonly abandoned?: readonly string[] }
  | { readonly told: 'began' | 'aborted'; readonly job: string; readonly run: number }
  | { readonly told: 'ended'; readonly job: string; readonly processed: number };

/** What a worker is told. */
export type Order =
  | { readonly order: 'start' }
  | { readonly order: 'stop'; readonly deadlineMs: number }
  | { readonly order: 'end'; readonly run: number; readonly more: boolean };

export interface BoardPlace {
  readonly origin: string;
  readonly database: string;
  readonly schema: string;
  readonly key: string;
}

export interface ProbeJob {
  readonly name: Job['name'];
  readonly everyMs: number;
  readonly parallel: boolean;
  /** Goes on after an abort, until its parent ends it. */
  readonly stubborn?: boolean;
}

const place = JSON.parse(process.env['PLACE'] ?? '') as Place;
const vendor = JSON.parse(process.env['VENDOR'] ?? 'null') as BoardPlace | null;
const probes = JSON.parse(process.env['PROBES'] ?? '[]') as readonly ProbeJob[];
const tell = (told: Told) => void process.send?.(told);

let runs = 0;
const ends = new Map<number, (more: boolean) => void>();

const opened = await openEngine(place, vendor === null ? { jobs: probes.map(probe) } : boardOf(vendor));
process.on('message', (message: Order) => void obey(message));
process.once('disconnect', () => process.exit());
tell({ told: 'started' });

async function obey(message: Order): Promise<void> {
  if (message.order === 'end') return ends.get(message.run)?.(message.more);
  if (message.order === 'start') return opened.jobs.start();
  const { abandoned } = await opened.jobs.stop({ deadlineMs: message.deadlineMs });
  await opened.close();
  tell({ told: 'stopped', abandoned });
}

function boardOf({ origin, database, schema, key }: BoardPlace): JobBoard {
  const board = createBoard(origin, postgresStore(new Pool({ connectionString: database, max: 6 }), { schema }), key);
  const jobs = board.jobs.filter(({ name }) => name === 'refresh');
  return { jobs: jobs.map((job) => ({ ...job, run: (signal) => toldRun(job, signal) })), log: board.log };
}

async function toldRun(job: Job, signal: AbortSignal | undefined): Promise<JobRun> {
  tell({ told: 'began', job: job.name, run: ++runs });
  const result = await job.run(signal);
  tell({ told: 'ended', job: job.name, processed: result.processed });
  return result;
}

function probe({ name, everyMs, parallel, stubborn = false }: ProbeJob): Job {
  return {
    name,
    everyMs,
    parallel,
    description: 'Runs until its parent ends it.',
    run: (signal) =>
      new Promise((resolve) => {
        const run = ++runs;
        ends.set(run, (more) => resolve({ processed: 1, more }));
        signal?.addEventListener('abort', () => {
          tell({ told: 'aborted', job: name, run });
          if (!stubborn) resolve({ processed: 1, more: false });
        });
        tell({ told: 'began', job: name, run });
      }),
  };
}
