/** One of several processes that share a bulk refresh: says when it is ready, refreshes when told, says how many. */
import { once } from 'node:events';

import pg from 'pg';

import { databaseUrl } from '../harness/database-url.ts';
import { refreshAll, refreshBoard, type RefreshSetup } from '../harness/refresh-board.ts';

const pool = new pg.Pool({ connectionString: databaseUrl, max: 4, idleTimeoutMillis: 0 });
const board = refreshBoard(pool, JSON.parse(process.argv[2] ?? '') as RefreshSetup);
await board.ready();
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
for (;;) {
  await once(process, 'message');
  process.send?.(await refreshAll(board));
}
