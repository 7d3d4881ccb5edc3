/** Better Auth on the same database, with encrypted tokens, as its documentation sets it up. */
import { betterAuth } from 'better-auth';
import { symmetricEncrypt } from 'better-auth/crypto';
import { getMigrations } from 'better-auth/db/migration';
import { genericOAuth } from 'better-auth/plugins';
import pg from 'pg';

import { databaseUrl } from './database-url.ts';

export interface Peer {
  /** The access token of one of a user's accounts, refreshed when it has ended. */
  getAccessToken(user: string, account: number): Promise<string>;
  /** Users with so many accounts each; their tokens ended where `expired`. */
  addUsers(users: readonly string[], accounts: number, expired?: boolean): Promise<void>;
  /** All tokens have ended. */
  expireAll(): Promise<void>;
  close(): Promise<void>;
}

/** @param origin where its token endpoint is */
export async function startBetterAuth(schema: string, origin: string, token: string): Promise<Peer> {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 16,
    idleTimeoutMillis: 0,
    options: `-c search_path=${schema}`,
  });
  await pool.query(`create schema if not exists ${schema}`);
  const config = {
    providerId: 'bench',
    clientId: 'client-1',
    clientSecret: 'secret-1',
    authorizationUrl: `${origin}/oauth/authorize`,
    tokenUrl: `${origin}/token`,
  };
  const options = {
    database: pool,
    secret: 'k'.repeat(48),
    baseURL: 'http://127.0.0.1:9999',
    telemetry: { enabled: false },
    logger: { disabled: true },
    account: { encryptOAuthTokens: true },
    plugins: [genericOAuth({ config: [config] })],
  };
  await (await getMigrations(options)).runMigrations();
  const auth = betterAuth(options);
  const context = (await auth.$context) as { readonly secretConfig?: string };
  const encrypt = (data: string) => symmetricEncrypt({ key: context.secretConfig ?? options.secret, data });
  return {
    async getAccessToken(user, account) {
      const { accessToken } = await auth.api.getAccessToken({
        body: { accountId: `${user}-${account}`, userId: user },
      });
      return accessToken;
    },
    async addUsers(users, accounts, expired = false) {
      await pool.query(
        `insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
         select u, 'n', u || '@example.com', true, now(), now() from unnest($1::text[]) as u`,
        [users],
      );
      await pool.query(
        `insert into account (id, "accountId", "providerId", "userId", "accessToken", "refreshToken",
           "accessTokenExpiresAt", "createdAt", "updatedAt")
         select u || '-' || i, 'g' || u || i, 'bench', u, $3, $4, now() + $5::interval, now(), now()
         from unnest($1::text[]) as u, generate_series(0, $2::int - 1) as i`,
        [users, accounts, await encrypt(token), await encrypt('1//refresh'), expired ? '-1 minute' : '1 year'],
      );
      await pool.query('analyze account');
    },
    async expireAll() {
      await pool.query(`update account set "accessTokenExpiresAt" = now() - interval '1 minute'`);
    },
    async close() {
      await pool.query(`drop schema if exists ${schema} cascade`);
      await pool.end();
    },
  };
}
