/** A process that locks a row and holds it: until it is told to write, or until it dies. */
import pg from 'pg';

import { postgresStore } from '../src/index.ts';

const [connectionString = '', schema = '', id = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString, max: 2 });
const { lock } = postgresStore(pool, { schema }).connections;

const written = await lock?.('org_1', id, async (_row, update) => {
  process.send?.('locked');
  await new Promise((resolve) => process.once('message', resolve));
  return update({ writeId: 'holder' });
});
process.send?.({ version: written?.version, writeId: written?.writeId });
process.disconnect();
await pool.end();
