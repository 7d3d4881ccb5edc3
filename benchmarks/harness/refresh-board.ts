/** A board whose only work is to refresh, over a seeded schema: in the benchmark's process, or in one of several. */
import { createPlugboard, silentLog, type Rotation } from '@plugboard/core';
import { postgresStore } from '@plugboard/storage-postgres';
import type pg from 'pg';

import { environment } from './database.ts';
import { benchProvider } from './provider.ts';

export interface RefreshSetup {
  readonly schema: string;
  /** Base64. */
  readonly key: string;
  readonly origin: string;
  readonly rotation: Rotation;
  readonly inFlight: number;
  readonly locks: number;
}

export function refreshBoard(pool: pg.Pool, setup: RefreshSetup) {
  const { schema, key, origin, rotation, inFlight, locks } = setup;
  return createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [benchProvider(origin, ['read'], rotation)({ clientId: 'client-1', clientSecret: 'secret-1' })],
    store: postgresStore(pool, { schema, lock: { max: locks } }),
    keys: { k1: key },
    environment,
    mode: 'test',
    log: silentLog,
    egress: { allowOrigins: [origin] },
    background: { refreshesInFlight: inFlight },
  });
}

/** Runs the job until nothing is due; answers how many connections it refreshed. */
export async function refreshAll(board: ReturnType<typeof refreshBoard>): Promise<number> {
  const job = board.jobs.find(({ name }) => name === 'refresh');
  if (job === undefined) throw new Error('the board has no refresh job');
  let processed = 0;
  for (let more = true; more;) {
    const run = await job.run();
    ({ more } = run);
    processed += run.processed;
  }
  return processed;
}
