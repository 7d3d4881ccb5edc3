/** Bulk refresh as one would tune it by hand for one vendor: what a library can be measured against. */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';

import type pg from 'pg';
import { Pool } from 'undici';

interface Row {
  readonly id: string;
  readonly refresh: Buffer;
}

export interface ByHand {
  /** Makes all rows due again. */
  reset(): Promise<void>;
  /** Claims by moving the due date, keeps the window of calls full across claims, writes 500 at once behind it. */
  pipeline(inFlight: number): Promise<void>;
  /** Each row locked while its token is spent, by so many workers. */
  rowLocks(workers: number): Promise<void>;
  close(): Promise<void>;
}

const key = createSecretKey(randomBytes(32));
const batch = 500;
const form = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };

export async function createByHand(pool: pg.Pool, schema: string, origin: string, rows: number): Promise<ByHand> {
  const table = `${schema}.by_hand`;
  await pool.query(`create table ${table} (id text primary key, refresh bytea not null, access bytea,
    expires_at timestamptz, refresh_at timestamptz not null) with (fillfactor = 80)`);
  await pool.query(`create index on ${table} (refresh_at)`);
  for (let from = 0; from < rows; from += 5_000) {
    const ids = Array.from({ length: Math.min(5_000, rows - from) }, (_, index) => `c${from + index}`);
    const sealed = ids.map((id) => seal(id, `1//${'r'.repeat(100)}`));
    await pool.query(
      `insert into ${table} (id, refresh, refresh_at) select i, r, now() from unnest($1::text[], $2::bytea[]) as s(i, r)`,
      [ids, sealed],
    );
  }
  const http = new Pool(origin, { connections: 512, pipelining: 1 });

  async function refresh({ id, refresh: sealed }: Row): Promise<readonly unknown[]> {
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: open(id, sealed),
      client_id: 'client-1',
      client_secret: 'secret-1',
    }).toString();
    const answer = await http.request({ path: '/token', method: 'POST', headers: form, body });
    const tokens = (await answer.body.json()) as { access_token: string; refresh_token: string; expires_in: number };
    return [id, seal(id, tokens.access_token), seal(id, tokens.refresh_token), tokens.expires_in];
  }

  const claimText = `update ${table} set refresh_at = now() + interval '75 s' where id in (
      select id from ${table} where refresh_at <= now() order by refresh_at limit ${batch} for update skip locked)
    returning id, refresh`;
  const writeText = `update ${table} as t set access = n.a, refresh = n.r,
      expires_at = now() + n.s * interval '1 s', refresh_at = now() + n.s * 0.7 * interval '1 s'
    from unnest($1::text[], $2::bytea[], $3::bytea[], $4::int[]) as n(i, a, r, s) where t.id = n.i`;

  return {
    async reset() {
      await pool.query(`update ${table} set refresh_at = now() - interval '1 minute'`);
      await pool.query(`vacuum analyze ${table}`);
    },
    async pipeline(inFlight) {
      const queue: Row[] = [];
      const results: (readonly unknown[])[] = [];
      const writes: Promise<unknown>[] = [];
      let dry = false;
      let claiming: Promise<void> | undefined;
      const claim = async () => {
        const { rows: claimed } = await pool.query<Row>({ name: 'claim', text: claimText });
        dry = claimed.length < batch;
        queue.push(...claimed);
      };
      const write = () => {
        const done = results.splice(0, batch);
        const columns = [0, 1, 2, 3].map((column) => done.map((row) => row[column]));
        if (done.length > 0) writes.push(pool.query({ name: 'write', text: writeText, values: columns }));
      };
      const worker = async () => {
        for (;;) {
          if (queue.length <= batch && !dry) claiming ??= claim().finally(() => (claiming = undefined));
          const row = queue.shift();
          if (row !== undefined) {
            results.push(await refresh(row));
            if (results.length >= batch) write();
          } else if (claiming === undefined) return;
          else await claiming;
        }
      };
      await Promise.all(Array.from({ length: inFlight }, worker));
      write();
      await Promise.all(writes);
    },
    async rowLocks(workers) {
      const lockText = `select id, refresh from ${table} where refresh_at <= now() order by refresh_at limit 1 for update skip locked`;
      const oneText = `update ${table} set access = $2, refresh = $3, expires_at = now() + $4::int * interval '1 s',
        refresh_at = now() + $4::int * 0.7 * interval '1 s' where id = $1`;
      const worker = async () => {
        const client = await pool.connect();
        try {
          for (;;) {
            await client.query('begin');
            const { rows: locked } = await client.query<Row>({ name: 'lock', text: lockText });
            const [row] = locked;
            if (row !== undefined)
              await client.query({ name: 'one', text: oneText, values: [...(await refresh(row))] });
            await client.query('commit');
            if (row === undefined) return;
          }
        } finally {
          client.release();
        }
      };
      await Promise.all(Array.from({ length: workers }, worker));
    },
    close: () => http.close(),
  };
}

function seal(id: string, text: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(id));
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

function open(id: string, sealed: Buffer): string {
  const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 });
  cipher.setAAD(Buffer.from(id)).setAuthTag(sealed.subarray(-16));
  return cipher.update(sealed.subarray(12, -16), undefined, 'utf8') + cipher.final('utf8');
}
