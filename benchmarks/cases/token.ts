/** What a call pays for its credentials: from memory, and from PostgreSQL. */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';

import { createPlugboard, silentLog } from '@plugboard/core';

import { startBetterAuth, type Peer } from '../harness/better-auth.ts';
import { countStatements, environment, seedConnections, withDatabase, type Bench } from '../harness/database.ts';
import { measure, type Measured } from '../harness/measure.ts';
import { benchProvider } from '../harness/provider.ts';
import { rowOf, timeTable, type Benchmark, type Goal, type Report } from '../harness/report.ts';

const token = `ya29.${randomBytes(146).toString('base64url').slice(0, 195)}`;
const organizations = 2_000;
const crowded = 20;
const origin = 'https://vendor.example';
const key = createSecretKey(randomBytes(32));
const warmFloor = 'Map of tokens, expiry check';
const coldFloor = 'pg, prepared select, node:crypto open';
const ours = 'client call: gets its access';

export const benchmark: Benchmark = {
  title: 'Handing out one token',
  run: ({ rounds }) =>
    withDatabase({ k1: randomBytes(32) }, async (bench) => {
      const one = Array.from({ length: organizations }, (_, index) => ({
        organizationId: `one_${index}`,
        label: 'default',
      }));
      const many = Array.from({ length: crowded * crowded }, (_, index) => ({
        organizationId: `many_${index % crowded}`,
        label: `label_${Math.floor(index / crowded)}`,
      }));
      const year = 365 * 86_400_000;
      const life = { expiresInMs: year, refreshInMs: year / 2 };
      await seedConnections(bench, [...one, ...many], { accessToken: token, refreshToken: '1//refresh', ...life });
      const peer = await startBetterAuth(`${bench.schema}_ba`, origin, token);
      try {
        return await report(bench, peer, rounds);
      } finally {
        await peer.close();
      }
    }),
};

async function report(bench: Bench, peer: Peer, rounds: number): Promise<Report> {
  const floor = await floorTable(bench);
  const users = Array.from({ length: 500 }, (_, index) => `one${index}`);
  const crowdedUsers = Array.from({ length: crowded }, (_, index) => `many${index}`);
  await peer.addUsers(users, 1);
  await peer.addUsers(crowdedUsers, crowded);
  const cold = boardOver(bench, 0);
  const next = counter();
  const coldOne = () => clientOf(cold, next() % organizations).things.access();
  const coldMany = () => {
    const index = next();
    const target = { organizationId: `many_${index % crowded}`, label: `label_${(index >> 5) % crowded}` };
    return cold.client('bench', target).things.access();
  };
  await Promise.all([cold.ready(), coldOne(), coldMany()]);
  const cases = {
    [coldFloor]: floor,
    [ours]: coldOne,
    'the same, organization with 20 connections': coldMany,
    'client call: hands out the bare token': () => clientOf(cold, next() % organizations).things.token(),
    'Better Auth getAccessToken': () => peer.getAccessToken(users[next() % users.length]!, 0),
    'the same, user with 20 accounts': () => peer.getAccessToken(crowdedUsers[next() % crowded]!, 7),
  };
  const alone = await measure(cases, { rounds, budgetMs: 250 });
  const together = await measure(cases, { rounds, budgetMs: 250, concurrency: 16 });
  const statements = await countStatements(coldOne);
  const theirs = await countStatements(cases['Better Auth getAccessToken']);
  const { rows: warm, statements: warmStatements } = await measureWarm(bench, rounds);
  await cold.stop();
  return {
    tables: [
      timeTable('Warm: from memory', warm),
      timeTable('Cold: from PostgreSQL, one caller', alone),
      timeTable('Cold: from PostgreSQL, 16 callers', together),
    ],
    goals: goalsOf({ warm, alone, together, statements, warmStatements }),
    notes: [
      'A board hands no bare token out: measured is an operation of a client that does nothing but obtain its access, ' +
        'as every call does before it is sent. The client is made anew for each call when cold, and held when warm.',
      `Better Auth sends ${theirs} statements for its call.`,
    ],
  };
}

interface Results {
  readonly warm: readonly Measured[];
  readonly alone: readonly Measured[];
  readonly together: readonly Measured[];
  readonly statements: number;
  readonly warmStatements: number;
}

function goalsOf({ warm, alone, together, statements, warmStatements }: Results): Goal[] {
  const ratio = (rows: readonly Measured[]) => rowOf(rows, ours).ratio.median;
  const crowd = rowOf(alone, 'the same, organization with 20 connections').cpuUs / rowOf(alone, ours).cpuUs;
  return [
    { what: 'warm, CPU against the Map', limit: 3, measured: rowOf(warm, ours).cpuRatio.median, unit: 'x' },
    { what: 'statements of a warm call', limit: 0, measured: warmStatements, unit: '' },
    { what: 'cold, one caller', limit: 1.15, measured: ratio(alone), unit: 'x' },
    { what: 'cold, 16 callers', limit: 1.2, measured: ratio(together), unit: 'x' },
    { what: 'statements of a cold call', limit: 1, measured: statements, unit: '' },
    { what: 'organization with 20 connections against one with 1, CPU', limit: 1.05, measured: crowd, unit: 'x' },
  ];
}

async function measureWarm(bench: Bench, rounds: number) {
  const board = boardOver(bench, 3_600_000);
  const clients = Array.from({ length: 100 }, (_, index) => clientOf(board, index));
  for (const client of clients) await client.things.access();
  const keys = clients.map((_, index) => `bench/one_${index}/default`);
  const tokens = new Map(keys.map((name) => [name, { token, expiresAt: Date.now() + 86_400_000 }]));
  const next = counter();
  const access = () => clients[next() % 100]!.things.access();
  const rows = await measure(
    {
      [warmFloor]: async () => {
        const found = tokens.get(keys[next() % 100]!);
        if (found === undefined || found.expiresAt - Date.now() < 60_000) throw new Error('no token');
        return found.token;
      },
      [ours]: access,
      'client call: hands out the bare token': () => clients[next() % 100]!.things.token(),
    },
    { rounds },
  );
  const statements = await countStatements(access);
  await board.stop();
  return { rows, statements };
}

/** The least that any library could do: a row by primary key, its state, its token. */
async function floorTable({ pool, schema }: Bench): Promise<() => Promise<string>> {
  await pool.query(`create table ${schema}.floor (organization_id text, provider text, label text, status text not null,
    token bytea not null, expires_at timestamptz not null, primary key (organization_id, provider, label))`);
  const names = Array.from({ length: organizations }, (_, index) => `one_${index}`);
  await pool.query(
    `insert into ${schema}.floor select n, 'bench', 'default', 'active', t, now() + interval '1 year'
     from unnest($1::text[], $2::bytea[]) as r(n, t)`,
    [names, names.map((name) => seal(name))],
  );
  await pool.query(`vacuum analyze ${schema}.floor`);
  const text = `select status, token, expires_at from ${schema}.floor where organization_id = $1 and provider = $2 and label = $3`;
  const next = counter();
  return async () => {
    const name = names[next() % organizations]!;
    const query = { name: 'floor', text, values: [name, 'bench', 'default'] };
    const { rows } = await pool.query<{ status: string; token: Buffer; expires_at: Date }>(query);
    const [row] = rows;
    if (row?.status !== 'active' || row.expires_at.getTime() - Date.now() < 60_000) throw new Error('no token');
    return open(name, row.token);
  };
}

function seal(name: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(name));
  return Buffer.concat([nonce, cipher.update(token), cipher.final(), cipher.getAuthTag()]);
}

function open(name: string, sealed: Buffer): string {
  const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 });
  cipher.setAAD(Buffer.from(name)).setAuthTag(sealed.subarray(-16));
  return cipher.update(sealed.subarray(12, -16), undefined, 'utf8') + cipher.final('utf8');
}

function boardOver({ store, keys }: Bench, cacheMs: number) {
  return createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [benchProvider(origin)({ clientId: 'client-1', clientSecret: 'secret-1' })],
    mode: 'test',
    log: silentLog,
    store,
    keys,
    environment,
    cacheMs,
  });
}

function clientOf(board: ReturnType<typeof boardOver>, index: number) {
  return board.client('bench', { organizationId: `one_${index}` });
}

function counter(): () => number {
  let count = 0;
  return () => (count += 1);
}
