/** A process that receives webhooks and works on them, and is killed where its parent says. */
import type { InboxStore, Store } from '@plugboard/core';
import { Pool } from 'pg';

import { createSenderBoard, delivery, type BoardInput } from './webhook-vendor.ts';

/**
 * `verified`: nothing is written. `writing`: the statement is on its way. `stored`: it is committed, no handler has run.
 * `claimed`: a job has it, no handler has run. `handled`: the handler has ended, and nothing says so yet. `settled`: it
 * is written down, and the vendor is not answered.
 */
export type Point = 'verified' | 'writing' | 'stored' | 'claimed' | 'handled' | 'settled';

export interface WorkerInput extends BoardInput {
  readonly database: string;
}

export type Command =
  | { readonly do: 'deliver'; readonly ids: readonly string[] }
  | { readonly do: 'work' }
  /** Dies once so many have come to the point; none of them goes on. */
  | { readonly do: 'arm'; readonly point: Point; readonly count: number }
  | { readonly do: 'end' };

export type Answer =
  | { readonly ready: true }
  | { readonly id: string; readonly status: number }
  | { readonly worked: number };

const input = JSON.parse(process.env['INPUT'] ?? '') as WorkerInput;
const pool = new Pool({ connectionString: input.database, max: 6 });
const armed = { point: '', count: 0 };
const never = new Promise<never>(() => undefined);

/** Reached by `by` events at once. */
async function reach(point: Point, by = 1): Promise<void> {
  if (armed.point !== point || by === 0) return;
  armed.count -= by;
  if (armed.count <= 0) process.kill(process.pid, 'SIGKILL');
  await never;
}

function watched(inbox: InboxStore): InboxStore {
  return {
    ...inbox,
    async add(...args) {
      await reach('verified');
      const adding = inbox.add(...args);
      adding.catch(() => undefined);
      await reach('writing');
      const answers = await adding;
      await reach('stored');
      return answers;
    },
    async claimDue(request) {
      const rows = await inbox.claimDue(request);
      await reach('claimed', rows.length);
      return rows;
    },
    async settle(...args) {
      await reach('handled');
      const settled = await inbox.settle(...args);
      await reach('settled');
      return settled;
    },
  };
}

const wrap = (store: Store): Store => ({ ...store, ...(store.inbox && { inbox: watched(store.inbox) }) });
const board = createSenderBoard(pool, input, wrap);
// What the handler does is committed on its own, as a host's work mostly is.
board.on('sender', 'thing.happened', async ({ id }, context) => {
  await pool.query(`insert into ${input.schema}.effects (event, told) values ($1, $2)`, [id, context.id]);
});

const tell = (answer: Answer) => void process.send?.(answer);

async function obey(command: Command): Promise<void> {
  switch (command.do) {
    case 'arm':
      Object.assign(armed, command);
      return;
    case 'deliver':
      await Promise.all(
        command.ids.map(async (id) => {
          const { status } = await board.webhooks.receive('sender', await delivery(id));
          tell({ id, status });
        }),
      );
      return;
    case 'work': {
      const job = board.jobs.find(({ name }) => name === 'webhooks');
      tell({ worked: (await job?.run())?.processed ?? 0 });
      return;
    }
    case 'end':
      await board.stop();
      await pool.end();
      process.disconnect();
  }
}

process.on('message', (command: Command) => void obey(command));
await board.ready();
tell({ ready: true });
