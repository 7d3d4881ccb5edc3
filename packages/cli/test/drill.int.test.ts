/**
 * S09 the drill of docs/guides/compromise.md: what a host does on the day when a vendor's package turns out to be bad.
 * The authorization server listens on a socket and keeps its own books; the commands are the ones that the guide names.
 */
import { isPlugboardError } from '@plugboard/core';
import { migrate, postgresStore } from '@plugboard/storage-postgres';
import { createFakeOAuthServer, type FakeOAuthServer } from '@plugboard/testing/oauth-server';
import pg from 'pg';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';

import { drillBoard } from './fixtures/drill.config.ts';
import { newKey } from './support/deployment.ts';
import { fixtures, runCli } from './support/run-cli.ts';

const url = inject('postgresUrl');
const schema = `plugboard_drill_${process.pid}`;
const organizations = ['org-1', 'org-2', 'org-3'];
const userId = 'user';
let pool: pg.Pool;
let vendor: FakeOAuthServer;

beforeEach(async (context) => {
  context.skip(url === null, 'PostgreSQL is not reachable');
  vendor = await createFakeOAuthServer({ rotation: 'strict', client: { id: 'app', secret: 'app-secret-canary' } });
  pool = new pg.Pool({ connectionString: url ?? '', max: 4 });
  await migrate(pool, { schema });
});
afterEach(async () => {
  await vendor.close();
  await pool.query(`drop schema if exists ${schema} cascade`);
  await pool.end();
});

const boardOf = (keys: Readonly<Record<string, string>>) =>
  drillBoard(postgresStore(pool, { schema }), keys, vendor.origin);
type Board = ReturnType<typeof boardOf>;

async function connect(board: Board, provider: 'acme' | 'bolt', organizationId: string): Promise<void> {
  const { url: consent, cookie } = await board.authorize(provider, { organizationId, userId });
  const params = await vendor.approve(consent);
  const cookies = `${cookie.name}=${cookie.value}`;
  await board.callback(provider, { params, cookies, organizationId, userId });
}

function command(keys: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const env = { CLI_TEST_DATABASE: url ?? '', CLI_TEST_SCHEMA: schema, DRILL_VENDOR: vendor.origin };
  return runCli(['--config', 'drill.config.ts', ...args], {
    folder: fixtures,
    env: { ...env, CLI_TEST_KEYS: JSON.stringify(keys) },
  });
}

const healthOf = (board: Board, provider: 'acme' | 'bolt') =>
  Promise.all(
    organizations.map(
      async (organizationId) => (await board.health(provider, { organizationId }).catch(codeOf)) as unknown,
    ),
  );
const codeOf = (error: unknown) => (isPlugboardError(error) ? error.code : error);

test(
  'S09 the drill: every grant of the bad package is ended at the vendor, the key is replaced, and nothing else is hurt',
  { timeout: 120_000 },
  async () => {
    const [k1, k2] = [newKey(), newKey()];
    const before = boardOf({ k1 });
    for (const organizationId of organizations) {
      await connect(before, 'acme', organizationId);
      await connect(before, 'bolt', organizationId);
    }
    const { families } = vendor.ledger.snapshot();
    expect(families).toHaveLength(6);
    const stolen = families.map(({ accessToken }) => accessToken ?? '');
    await before.stop();

    // 1. The grants of the package are ended, at the vendor and here.
    const revoked = await command({ k1 }, 'doctor', 'revoke-all', '--provider', 'acme', '--yes', '--json');
    expect(revoked.stderr).not.toContain('canary');
    expect(JSON.parse(revoked.stdout)).toMatchObject({ complete: true, counts: { revoked: 3 } });
    expect(revoked.code).toBe(0);
    const ended = vendor.ledger.snapshot().families.map(({ revokedBy }) => revokedBy);
    expect(ended.filter((cause) => cause === 'request')).toHaveLength(3);
    // What a thief of these tokens gets from now on.
    const answers = await Promise.all(
      stolen.map(
        async (token) => (await fetch(vendor.accountUrl, { headers: { authorization: `Bearer ${token}` } })).status,
      ),
    );
    expect(answers.toSorted((a, b) => a - b)).toEqual([200, 200, 200, 401, 401, 401]);

    // 2. The key that the bad code could read is replaced: distributed, then first, then everything resealed.
    expect((await command({ k1, k2 }, 'doctor')).code).toBe(0);
    const reseal = await command({ k2, k1 }, 'vault', 'reseal', '--to', 'k2', '--json');
    expect(reseal.code).toBe(0);
    expect(JSON.parse(reseal.stdout)).toMatchObject({ primary: 'k2', resealed: 3, unreadable: 0 });
    expect((await command({ k2, k1 }, 'vault', 'remove', 'k1', '--yes')).code).toBe(0);

    // 3. The other vendor never noticed; users of the bad one connect again.
    const after = boardOf({ k2 });
    expect(await healthOf(after, 'bolt')).toMatchObject(Array(3).fill({ status: 'healthy' }));
    for (const organizationId of organizations) {
      expect(await after.connections.get('acme', { organizationId })).toMatchObject({ status: 'disconnected' });
      await connect(after, 'acme', organizationId);
    }
    expect(await healthOf(after, 'acme')).toMatchObject(Array(3).fill({ status: 'healthy' }));
    const { items } = await after.audit.list({ organizationId: 'org-1' });
    expect(items).toContainEqual(
      expect.objectContaining({ type: 'connection.disconnected', provider: 'acme', actor: 'plugboard-cli' }),
    );
    await after.stop();
  },
);

test(
  'S09 a vendor that is down is told by name, and the credentials are dropped all the same',
  { timeout: 60_000 },
  async () => {
    const keys = { k1: newKey() };
    const board = boardOf(keys);
    await connect(board, 'acme', 'org-1');
    await board.stop();
    vendor.switches.revoke.always({ status: 503 });
    const revoked = await command(keys, 'doctor', 'revoke-all', '--provider', 'acme', '--yes', '--json');
    expect(revoked.code).toBe(1);
    expect(JSON.parse(revoked.stdout)).toMatchObject({
      counts: { failed: 1 },
      connections: [{ organizationId: 'org-1', result: 'failed' }],
    });
    const { rows } = await pool.query<{ sealed: unknown }>(
      `select credentials_encrypted as sealed from ${schema}.integration_connections`,
    );
    expect(rows).toEqual([{ sealed: null }]);
  },
);
