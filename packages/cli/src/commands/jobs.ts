import type { Job } from '@plugboard/core';

import type { Context, Run } from '../command.ts';
import { exitCodes, interruptedError, usageError } from '../failure.ts';
import { nearest } from '../suggest.ts';
import { count } from '../terminal.ts';

export const run: Run = async (context) => {
  const board = await context.board();
  const jobs = selectJobs(board.jobs, context.arguments);
  // Wrong keys or an unreachable database are told at once, and not by each job in turn.
  await board.ready();
  if (context.values.flag('once')) return runOnce(context, jobs);
  const { terminal, signal } = context;
  if (context.json) throw usageError('--json needs --once: without it there is no result.');
  board.start({ jobs: jobs.map(({ name }) => name) });
  terminal.note(`Running ${jobs.map(({ name }) => name).join(', ')} in ${board.mode} mode, until SIGTERM or Ctrl-C.`);
  await untilAborted(signal);
  await board.stop();
  terminal.note('Stopped; what was in hand is done.');
  return exitCodes.ok;
};

async function runOnce({ terminal, signal, json }: Context, jobs: readonly Job[]): Promise<number> {
  const done: Record<string, number> = {};
  for (const job of jobs) {
    let processed = 0;
    for (let more = true; more && !signal.aborted;) {
      const result = await job.run(signal);
      processed += result.processed;
      ({ more } = result);
    }
    if (signal.aborted) throw interruptedError();
    done[job.name] = processed;
    if (!json) terminal.print(`${job.name}: ${count(processed, 'item')}`);
  }
  if (json) terminal.print(JSON.stringify({ processed: done }, null, 2));
  return exitCodes.ok;
}

function selectJobs(jobs: readonly Job[], names: readonly string[]): readonly Job[] {
  const known = jobs.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name as Job['name']));
  if (unknown !== undefined) {
    const near = nearest(unknown, known);
    throw usageError(
      `There is no job \`${unknown}\`.`,
      near === undefined ? `Jobs are: ${known.join(', ')}.` : `Did you mean ${near}?`,
    );
  }
  return names.length === 0 ? jobs : jobs.filter(({ name }) => names.includes(name));
}

/** Timers of a board do not keep a process alive; this one does. */
function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const alive = setInterval(() => undefined, 3_600_000);
    signal.addEventListener(
      'abort',
      () => {
        clearInterval(alive);
        resolve();
      },
      { once: true },
    );
  });
}
