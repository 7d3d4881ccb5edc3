import { storeContention } from '@plugboard/testing';
import pg from 'pg';
import { beforeEach, inject } from 'vitest';

import { migrate, postgresStore } from '../src/index.ts';
import { randomSchema } from './fixture.ts';

const url = inject('postgresUrl');

beforeEach((context) => context.skip(url === null, 'PostgreSQL is not reachable'));

storeContention({
  name: 'postgres',
  worker: new URL('./contention-worker.ts', import.meta.url),
  execArgv: ['--conditions=@plugboard/source'],
  async open() {
    if (url === null) return null;
    const schema = randomSchema();
    const pool = new pg.Pool({ connectionString: url, max: 4 });
    await migrate(pool, { schema });
    return {
      store: postgresStore(pool, { schema }),
      args: [url, schema],
      clear: () => pool.query(`truncate ${schema}.integration_connections, ${schema}.integration_once cascade`),
      async close() {
        await pool.query(`drop schema ${schema} cascade`);
        await pool.end();
      },
    };
  },
});
