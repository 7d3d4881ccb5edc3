/** One of several processes: on each word of the parent, many callers use the connection at once. */
import { postgresStore } from '@plugboard/storage-postgres';
import { Pool } from 'pg';

import { createBoard, organizationId } from './vendor.ts';

const { ORIGIN = '', DATABASE = '', SCHEMA = '', KEY = '', CALLERS = '64', LOCK = 'yes' } = process.env;
// Eight of these, and what runs beside them, stay below the 100 connections of a default server.
const pool = new Pool({ connectionString: DATABASE, max: 6 });
const store = postgresStore(pool, { schema: SCHEMA, ...(LOCK === 'no' && { lock: false as const }) });
const board = createBoard(ORIGIN, store, KEY);
await board.ready();

process.on('message', (message: 'go' | 'stop') => {
  if (message === 'stop') {
    void board
      .stop()
      .then(() => pool.end())
      .then(() => process.disconnect());
    return;
  }
  const client = board.client('vendor', { organizationId });
  const callers = Array.from({ length: Number(CALLERS) }, () => client.account.get());
  void Promise.allSettled(callers).then((results) => {
    const failed = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
    process.send?.({ done: results.length - failed.length, failed: [...new Set(failed)] });
  });
});
process.send?.('ready');
