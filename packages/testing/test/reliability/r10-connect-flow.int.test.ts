/** Many users connect at the same moment. */
import { beforeEach, expect, inject, test } from 'vitest';

import { createFakeOAuthServer } from '@plugboard/testing';
import { migrate, postgresStore } from '@plugboard/storage-postgres';
import { randomBytes, randomUUID } from 'node:crypto';
import { Pool } from 'pg';

import { createBoard } from '../processes/vendor.ts';
import { noteRow } from './note.ts';
import { sized } from './size.ts';

const flows = sized(200, 5_000);

beforeEach((context) => context.skip(inject('postgresUrl') === null, 'PostgreSQL is not reachable'));

test(
  'R10 parallel flows all end, each with its own account, and leave nothing behind',
  { timeout: sized(120_000, 1_800_000) },
  async (context) => {
    const schema = `flows_${randomUUID().slice(0, 8)}`;
    const pool = new Pool({ connectionString: inject('postgresUrl')!, max: 10 });
    await pool.query(`create schema ${schema}`);
    await migrate(pool, { schema });
    const names = Array.from({ length: flows }, (_, index) => `acct-${index}`);
    const accounts = names.map((id) => ({ id, name: `Account ${id}` }));
    const vendor = await createFakeOAuthServer({ rotation: 'strict', pkce: 'required', accounts });
    const board = createBoard(vendor.origin, postgresStore(pool, { schema }), randomBytes(32).toString('base64'));
    try {
      const startedAt = performance.now();
      const results = await Promise.all(
        names.map(async (name) => {
          const who = { organizationId: `org-${name}`, userId: `user-${name}` };
          const { url, cookie } = await board.authorize('vendor', who);
          const params = await vendor.approve(url, { account: name });
          const back = { params, cookies: `${cookie.name}=${cookie.value}`, ...who };
          const first = await board.callback('vendor', back);
          // The same address once more, as a browser's back button has it.
          const again = await board.callback('vendor', back).then(
            () => 'taken',
            (error: { code?: string }) => error.code ?? 'foreign',
          );
          return { name, account: 'connection' in first ? first.connection.account?.id : undefined, again };
        }),
      );
      const seconds = (performance.now() - startedAt) / 1_000;
      await noteRow(context, 'R10', { flows, perSecond: Math.round(flows / seconds) });
      expect(results.filter(({ name, account }) => account !== name)).toEqual([]);
      expect(results.filter(({ again }) => again === 'taken' || again === 'foreign')).toEqual([]);
      const { rows } = await pool.query(
        `select organization_id as "organizationId", account->>'id' as account from ${schema}.integration_connections order by created_at`,
      );
      expect(rows).toHaveLength(flows);
      expect(rows.filter(({ organizationId, account }) => organizationId !== `org-${account}`)).toEqual([]);
      const live = await pool.query(
        `select key from ${schema}.integration_once where expires_at > clock_timestamp() and group_key is not null`,
      );
      expect(live.rows).toEqual([]);
      expect(vendor.ledger.tokenCalls).toHaveLength(flows);
      expect(vendor.ledger.reuses).toEqual([]);
    } finally {
      await board.stop();
      await vendor.close();
      await pool.query(`drop schema ${schema} cascade`);
      await pool.end();
    }
  },
);
