/** A database of its own, connections in it, and the environment with which the command finds it. */
import { randomBytes, randomUUID } from 'node:crypto';

import { createPlugboard, silentLog, type Mode } from '@plugboard/core';
import { migrate, postgresStore } from '@plugboard/storage-postgres';
import pg from 'pg';

import { acme, acmeWire } from '../fixtures/acme.ts';

export interface Deployment {
  readonly pool: pg.Pool;
  readonly schema: string;
  /** The environment of a process with this ring. */
  env(keys: Readonly<Record<string, string>>, more?: Readonly<Record<string, string>>): Record<string, string>;
  board(keys: Readonly<Record<string, string>>, mode?: Mode): Board;
  drop(): Promise<void>;
}

export type Board = ReturnType<typeof boardOf>;

const environment = 'cli-test';
const app = { ACME_CLIENT_ID: 'client', ACME_CLIENT_SECRET: 'app-secret-canary', ACME_SIGNING_SECRET: 'signing' };

export const newKey = () => randomBytes(32).toString('base64');

export async function createDeployment(url: string, { tables = true } = {}): Promise<Deployment> {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  const schema = `plugboard_cli_${randomUUID().replaceAll('-', '')}`;
  if (tables) await migrate(pool, { schema });
  return {
    pool,
    schema,
    env: (keys, more = {}) => ({
      CLI_TEST_DATABASE: url,
      CLI_TEST_SCHEMA: schema,
      CLI_TEST_KEYS: JSON.stringify(keys),
      ...app,
      ...more,
    }),
    board: (keys, mode = 'production') => boardOf(postgresStore(pool, { schema }), keys, mode),
    async drop() {
      await pool.query(`drop schema if exists ${schema} cascade`);
      await pool.end();
    },
  };
}

function boardOf(store: ReturnType<typeof postgresStore>, keys: Readonly<Record<string, string>>, mode: Mode) {
  return createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [acme()],
    store,
    keys,
    mode,
    environment,
    env: mode === 'production' ? app : {},
    wire: acmeWire,
    log: silentLog,
  });
}

/** By a key, or by OAuth where there is none. */
export async function connect(board: Board, organizationId: string, apiKey?: string, label = 'default') {
  if (apiKey !== undefined)
    return board.connect('acme', { organizationId, label, method: 'apiKey', credentials: { apiKey } });
  const userId = 'user';
  const { url, cookie } = await board.authorize('acme', { organizationId, userId, label, method: 'oauth' });
  const back = new URL('https://app.example.com/integrations/callback/acme');
  back.search = new URLSearchParams({ code: 'code', state: new URL(url).searchParams.get('state') ?? '' }).toString();
  const result = await board.callback('acme', {
    params: back,
    cookies: `${cookie.name}=${cookie.value}`,
    organizationId,
    userId,
  });
  if (!('connection' in result)) throw new Error('The consent was denied.');
  return result.connection;
}
