import { serveContention } from '@plugboard/testing/contention-worker';
import pg from 'pg';

import { postgresStore } from '../src/index.ts';

const [connectionString = '', schema = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString, max: 4 });
serveContention(postgresStore(pool, { schema }), () => pool.end());
