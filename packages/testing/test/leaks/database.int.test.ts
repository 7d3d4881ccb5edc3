/** What a reader of the database, of logs and of errors gets to see of credentials: nothing. */
import { randomBytes, randomUUID } from 'node:crypto';

import { createFakeOAuthServer, findCanaries } from '@plugboard/testing';
import { migrate, postgresStore } from '@plugboard/storage-postgres';
import { Pool } from 'pg';
import { afterEach, expect, inject, test } from 'vitest';

import { expireAll, openDatabase } from '../support/databases.ts';
import { createBoard, organizationId, userId } from '../processes/vendor.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function createDatabase() {
  const database = inject('postgresUrl');
  if (database === null) throw new Error('PostgreSQL is not reachable');
  const schema = `leaks_${randomUUID().slice(0, 8)}`;
  const pool = new Pool({ connectionString: database });
  cleanups.push(() => pool.end());
  await pool.query(`create schema ${schema}`);
  cleanups.push(() => pool.query(`drop schema ${schema} cascade`));
  await migrate(pool, { schema });
  return { pool, schema };
}

test.each(['postgres', 'redis'] as const)(
  'B10 B02 after connecting, refreshing and failing, neither %s nor any error holds a secret',
  async (name) => {
    const servers = { postgres: inject('postgresUrl'), redis: inject('redisUrl') };
    const { store, dump, close } = await openDatabase(name, servers);
    cleanups.push(close);
    const vendor = await createFakeOAuthServer({ rotation: 'strict', pkce: 'required' });
    cleanups.push(() => vendor.close());
    const key = randomBytes(32).toString('base64');
    const board = createBoard(vendor.origin, store, key);
    cleanups.push(() => board.stop());
    const errors: unknown[] = [];
    const seen: string[] = [key, 'client-secret'];

    for (const label of ['a', 'b', 'c']) {
      const { url, cookie } = await board.authorize('vendor', { organizationId, userId, label });
      const back = await vendor.approve(url);
      seen.push(
        back.searchParams.get('code') ?? '',
        cookie.value,
        new URL(url).searchParams.get('state')?.slice(0, 43) ?? '',
      );
      await board.callback('vendor', {
        params: back,
        cookies: `${cookie.name}=${cookie.value}`,
        organizationId,
        userId,
      });
    }
    // A flow that is left open keeps its verifier and its record sealed.
    const open = await board.authorize('vendor', { organizationId, userId, label: 'open' });
    seen.push(open.cookie.value);

    const client = (label: string) => board.client('vendor', { organizationId, label });
    await expireAll(store);
    for (const label of ['a', 'b', 'c']) await client(label).account.get();
    await expireAll(store);
    vendor.switches.token.next({ body: 'html' });
    vendor.switches.token.next({ error: 'invalid_grant' });
    vendor.switches.token.next({ status: 500 });
    for (const label of ['a', 'b', 'c'])
      errors.push(
        await client(label)
          .account.get()
          .catch((error: unknown) => error),
      );
    errors.push(
      await board
        .callback('vendor', { params: `?code=${seen[2] ?? ''}&state=x`, cookies: '', organizationId, userId })
        .catch((error: unknown) => error),
    );

    for (const family of vendor.ledger.families()) {
      for (const token of vendor.ledger.tokens(family.id)) seen.push(token.text.reveal());
    }
    const secrets = seen.filter((text) => text.length >= 8);
    expect(secrets.length).toBeGreaterThan(12);
    expect(errors.filter((error) => error instanceof Error)).toHaveLength(4);

    const canaries = Object.fromEntries(secrets.map((secret, index) => [`secret ${index}`, secret]));
    expect(findCanaries(await dump(), canaries)).toEqual([]);
    for (const error of errors) expect(findCanaries(error, canaries)).toEqual([]);
  },
);

test('C01 C02 C03 a sealed credential opens in its own row and in no other', async () => {
  const { pool, schema } = await createDatabase();
  const vendor = await createFakeOAuthServer({ rotation: 'stable', pkce: 'required' });
  cleanups.push(() => vendor.close());
  const store = postgresStore(pool, { schema });
  const board = createBoard(vendor.origin, store, randomBytes(32).toString('base64'));
  cleanups.push(() => board.stop());
  const labels = ['a', 'b', 'c', 'd'];
  for (const label of labels) {
    const { url, cookie } = await board.authorize('vendor', { organizationId, userId, label });
    const back = await vendor.approve(url);
    await board.callback('vendor', { params: back, cookies: `${cookie.name}=${cookie.value}`, organizationId, userId });
  }
  const table = `${schema}.integration_connections`;
  const { rows } = await pool.query<{ label: string; sealed: Buffer }>(
    `select label, credentials_encrypted as sealed from ${table}`,
  );
  const calls = () =>
    vendor.ledger
      .families()
      .flatMap((family) => vendor.ledger.tokens(family.id))
      .reduce((sum, token) => sum + token.uses, 0);
  for (const target of rows) {
    for (const source of rows) {
      await pool.query(`update ${table} set credentials_encrypted = $1 where label = $2`, [
        source.sealed,
        target.label,
      ]);
      const before = calls();
      const outcome = await board
        .client('vendor', { organizationId, label: target.label })
        .account.get()
        .then(() => 'opened')
        .catch((error: { code?: string }) => error.code);
      expect([target.label, source.label, outcome]).toEqual([
        target.label,
        source.label,
        target.label === source.label ? 'opened' : 'vault_auth_failed',
      ]);
      if (target.label !== source.label) expect(calls()).toBe(before);
      const view = await board.connections.get('vendor', { organizationId, label: target.label });
      expect(view?.status).toBe(target.label === source.label ? 'active' : 'error');
    }
    const own = rows.find(({ label }) => label === target.label);
    await pool.query(`update ${table} set credentials_encrypted = $1 where label = $2`, [own?.sealed, target.label]);
  }
  // The same bytes under another organization.
  await pool.query(`update ${table} set organization_id = 'org-2' where label = 'a'`);
  await expect(board.client('vendor', { organizationId: 'org-2', label: 'a' }).account.get()).rejects.toMatchObject({
    code: 'vault_auth_failed',
  });
  expect(await board.connections.get('vendor', { organizationId: 'org-2', label: 'a' })).toMatchObject({
    status: 'error',
    reason: 'credentials_altered',
  });
});
