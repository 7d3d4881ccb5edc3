/** How many statements a call costs, and that the database answers them from an index, on 20,000 rows. */
import { newConnection } from '@plugboard/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';

import { connectionStatements } from '../src/connections-sql.ts';
import type { Statement } from '../src/database.ts';
import { inboxStatements } from '../src/inbox-sql.ts';
import { migrate, postgresStore, type PgPool } from '../src/index.ts';
import { resolveNames } from '../src/names.ts';
import { lastText, onceStatements } from '../src/once.ts';
import { syncStatements } from '../src/sync.ts';
import { randomSchema } from './fixture.ts';

const url = inject('postgresUrl');
const schema = randomSchema();
const pool = new pg.Pool({ connectionString: url ?? '', max: 4 });
let counted = 0;
const store = postgresStore(counting(pool), { schema });
const statements = connectionStatements(resolveNames({ schema }));
const streams = syncStatements(resolveNames({ schema }));
const inboxSql = inboxStatements(resolveNames({ schema }));
const organization = 'org_7';

beforeEach((context) => context.skip(url === null, 'PostgreSQL is not reachable'));
beforeAll(async () => {
  if (url === null) return;
  await migrate(pool, { schema });
  await fill();
});
afterAll(async () => {
  if (url !== null) await pool.query(`drop schema ${schema} cascade`);
  await pool.end();
});

describe('statements for each call', () => {
  const { connections, sync, inbox, once, audit } = store;
  const id = crypto.randomUUID();
  const stream = { connectionId: id, stream: 'orders' };
  const data = { ...newConnection(), id, label: 'counted' };
  const events = Array.from({ length: 100 }, (_, index) => ({
    id: `counted ${index}`,
    provider: 'acme',
    organizationId: organization,
    connectionId: id,
    type: 'order.created',
    lane: id,
    payload: new Uint8Array([1]),
  }));
  const calls: [string, number, () => Promise<unknown>][] = [
    ['insert', 1, () => connections.insert(organization, data)],
    ['get', 1, () => connections.get(organization, id)],
    ['find', 1, () => connections.find(organization, data)],
    ['list', 1, () => connections.list(organization)],
    ['update', 1, () => connections.update(organization, id, { version: 1 }, { failCount: 1 })],
    [
      'updateMany of 500',
      1,
      async () =>
        connections.updateMany((await someRows()).map((row) => ({ ...row, guard: {}, change: { failCount: 1 } }))),
    ],
    ['lease', 1, () => connections.lease(organization, id, { credentialsVersion: 1, leaseMs: 1 })],
    ['release', 1, () => connections.release(organization, id, 1, null)],
    ['claimDue of 500', 1, () => connections.claimDue({ limit: 500, leaseMs: 1 })],
    ['claimDue of 500 with a cap', 1, () => connections.claimDue({ limit: 500, leaseMs: 1, perOrganization: 100 })],
    ['findByAccount', 1, () => connections.findByAccount('acme', 'acct_1')],
    ['scan', 1, () => connections.scan(null, 500)],
    ['schedule', 1, () => sync.schedule([{ organizationId: organization, ...stream }])],
    ['lease of a stream', 1, () => sync.lease(organization, stream, 60_000)],
    ['save of a stream', 1, () => sync.save(organization, stream, { leaseFence: 1, leaseMs: 60_000 }, { pages: 1 })],
    ['get of a stream', 1, () => sync.get(organization, stream)],
    ['list of streams', 1, () => sync.list(organization, id)],
    [
      'claimDue of streams',
      1,
      () => sync.claimDue({ provider: 'acme', stream: 'orders', limit: 100, leaseMs: 1, except: [organization] }),
    ],
    ['add of 100 events', 1, () => inbox!.add(events, { leaseMs: null, keepMs: 60_000 })],
    ['extend of events', 1, () => inbox!.extend([{ id: 'a', leaseFence: 1 }], 60_000)],
    [
      'settle of an event',
      1,
      () => inbox!.settle({ id: 'a', leaseFence: 1 }, { status: 'done', error: null, dueInMs: null, keepMs: 60_000 }),
    ],
    // One for events of no lane, one for the lanes.
    ['claimDue of events', 2, () => inbox!.claimDue({ providers: ['nobody'], limit: 200, leaseMs: 60_000 })],
    [
      'add of 50 events at once, each by itself',
      // The first two find nobody to go with.
      3,
      () => Promise.all(events.slice(0, 50).map((one) => inbox!.add([one], { leaseMs: null, keepMs: 60_000 }))),
    ],
    [
      'settle of 50 events at once, each by itself',
      3,
      () =>
        Promise.all(
          events
            .slice(0, 50)
            .map(({ id: event }) =>
              inbox!.settle({ id: event, leaseFence: 0 }, { status: 'done', error: null, dueInMs: null, keepMs: 1 }),
            ),
        ),
    ],
    ['remove', 1, () => connections.remove(organization, id)],
    ['put', 1, () => once.put({ key: 'key', value: 'value', ttlMs: 1000 })],
    [
      'put into a group with a cap',
      4,
      () => once.put({ key: 'other', value: 'value', ttlMs: 1000, group: 'user', maxInGroup: 2 }),
    ],
    ['take', 1, () => once.take('key')],
    ['entries', 1, () => once.entries('process:', 100)],
    [
      'append',
      1,
      () =>
        audit.append({
          id,
          organizationId: organization,
          connectionId: id,
          provider: 'acme',
          type: 'x',
          actor: 'x',
          data: {},
        }),
    ],
    ['remember', 1, () => store.remember('name', 'value')],
  ];

  test.each(calls)('%s: %i', async (_name, expected, call) => {
    counted = 0;
    await call();
    expect(counted).toBe(expected);
  });
});

describe('plans', () => {
  const id = '00000000-0000-4000-8000-000000000007';
  const byId = [null, organization, id] as const;
  const page = [null, organization, '-infinity', '00000000-0000-0000-0000-000000000000', 51] as const;
  const plans: [string, Statement, readonly (string | number | boolean | null)[], string][] = [
    [
      'find',
      statements.find,
      [null, organization, 'acme', 'label 7'],
      'connections_organization_id_provider_label_key',
    ],
    ['get', statements.get, byId, 'connections_pkey'],
    ['update', statements.update, [...byId, '{}', '{}'], 'connections_pkey'],
    ['updateMany', statements.updateMany, [null, '[]'], 'connections_pkey'],
    ['lease', statements.lease, [...byId, 1, 1000, false, null, null], 'connections_pkey'],
    ['scan', statements.scan, [null, id, 500], 'connections_pkey'],
    ['list', statements.list, page, 'connections_created'],
    ['list by status', statements.listStatus, [...page, 'expired'], 'connections_(created|status)'],
    ['findByAccount', statements.findByAccount, [null, '[]'], 'connections_account'],
    ['findByAccount by a further id', statements.findByAccount, [null, '[]'], 'connections_also_known_as'],
    ['claim', statements.claim, [null, 1000, 200], 'connections_due'],
    ['claim for a provider', statements.claimProvider, [null, 1000, 200, 'other'], 'connections_due'],
    ['claim with a cap', statements.claimFairly, [null, 1000, 200, 1600, 5, '[]'], 'connections_due'],
  ];

  const ofStream = [null, organization, id, 'orders'] as const;
  const streamPlans: typeof plans = [
    ['get of a stream', streams.get, ofStream, 'streams_pkey'],
    ['list of streams', streams.list, ofStream.slice(0, 3), 'streams_pkey'],
    ['save of a stream', streams.save, [...ofStream, 1, 1000, '{}'], 'streams_pkey'],
    ['lease of a stream', streams.lease, [...ofStream, 1000], 'streams_pkey'],
    ['schedule', streams.schedule, [null, '[]'], 'connections_pkey'],
    ['claim of streams', streams.claim, [null, 'acme', 'orders', 8, 1000, '[]'], 'streams_due'],
  ];

  const keep = 86_400_000;
  const inboxPlans: typeof plans = [
    ['add of events', inboxSql.add, [null, '[]', 60_000, keep], 'inbox_pkey'],
    ['extend of events', inboxSql.extend, [null, '[]', 60_000], 'inbox_pkey'],
    ['settle of an event', inboxSql.settle, [null, '[]'], 'inbox_pkey'],
    ['claim of events', inboxSql.claim, [null, '["acme"]', 20, 60_000], 'inbox_due'],
    ['claim of lanes', inboxSql.claimHeads, [null, '["acme"]', 20, 60_000, 'lane 5'], 'inbox_lane'],
    ['list of events', inboxSql.list, [null, '["failed","dead"]', null, null, '0', 51], 'inbox_open'],
    ['requeue of events', inboxSql.requeue, [null, '[]'], 'inbox_pkey'],
    ['discard of events', inboxSql.discard, [null, '[]', keep], 'inbox_pkey'],
    ['purge of events', inboxSql.purge, [null], 'inbox_keep'],
  ];

  test.each([...plans, ...streamPlans, ...inboxPlans])(
    '%s finds its rows by an index, also as a prepared statement',
    async (_name, statement, values, index) => {
      const plan = await genericPlan(statement.text, values);
      expect(plan).toMatch(new RegExp(`Index Scan (using|on) "?integration_${index}`));
      expect(plan).not.toMatch(/Seq Scan on integration_(connections|streams|inbox)/);
    },
  );

  test('what webhooks write is found by an index in a table that is new, also as a prepared statement', async () => {
    const empty = randomSchema();
    await migrate(pool, { schema: empty });
    try {
      const { add, settle } = inboxStatements(resolveNames({ schema: empty }));
      for (const plan of [
        await genericPlan(add.text, [null, '[]', 60_000, keep]),
        await genericPlan(settle.text, [null, '[]']),
      ])
        expect(plan).not.toMatch(/Seq Scan/);
    } finally {
      await pool.query(`drop schema ${empty} cascade`);
    }
  });

  test('entries reads no more of the index than begins with the prefix', async () => {
    const { entries } = onceStatements(resolveNames({ schema }));
    const plan = await genericPlan(entries.text, [null, 'state 7', `state 7${lastText}`, 100]);
    expect(plan).toMatch(
      /Index Scan using integration_once_pkey .*\n +Index Cond: \(\(key >= \$2\) AND \(key <= \$3\)\)/,
    );
  });

  test('G07 no text changes a plan, a row or a table: 10,000 of them, on every text input', async () => {
    const before = await fingerprintOfTables();
    const find = await genericPlan(statements.find.text, [null, organization, 'acme', 'label 7']);
    for (let index = 0; index < 10_000; index += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, place) => tryEverywhere(hostileText(index + place))));
    }
    expect(await fingerprintOfTables()).toEqual(before);
    expect(await genericPlan(statements.find.text, [null, organization, 'acme', 'label 7'])).toBe(find);
  }, 120_000);
});

/** Reads and guarded writes that find nothing, whatever the text; one text input after the other. */
async function tryEverywhere(text: string): Promise<void> {
  const { connections, sync, once, audit } = store;
  const calls: readonly (() => Promise<unknown>)[] = [
    () => connections.find(text, { provider: text, label: text }),
    () => connections.list(text, { provider: text }),
    () => connections.findByAccount(text, text),
    () => connections.get(text, text),
    () =>
      connections.updateMany([
        {
          organizationId: text,
          id: crypto.randomUUID(),
          guard: {},
          change: { writeId: text, metadata: { [text]: text } },
        },
      ]),
    () => connections.claimDue({ limit: 1, leaseMs: 1, provider: text }),
    () => sync.list(text, text),
    () => sync.claimDue({ provider: text, stream: text, limit: 1, leaseMs: 1, except: [text] }),
    () => once.take(text),
    () => once.entries(text, 100),
    () => audit.list(text, { connectionId: text }),
    () => store.remembered(text),
  ];
  const call = calls[text.length % calls.length];
  const found = await call?.();
  const nothing = [null, [], [false], new Map(), { items: [], nextCursor: null }];
  expect(nothing).toContainEqual(found);
}

const fragments = [
  "'",
  '"',
  '\\',
  ';',
  '--',
  '/*',
  '*/',
  '$1',
  '$$',
  '%',
  '_',
  '::',
  '(',
  ')',
  '{',
  '}',
  '[',
  ' or ',
  ' union ',
  'select',
  'drop table x',
  'null',
  '\n',
  '\u2028',
  'é',
  '\u{1f511}',
  '\u202e',
  '0',
  '1=1',
  '\\u0000',
  "E'\\x27'",
  'pg_sleep(9)',
];

/** The same texts in every run, each unlike any that the tables hold. */
function hostileText(seed: number): string {
  let state = seed + 1;
  let text = `${seed}`;
  for (let count = 0; count < 1 + (seed % 9); count++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1;
    text += fragments[state % fragments.length] ?? '';
  }
  return text.slice(0, 60);
}

async function fingerprintOfTables(): Promise<unknown> {
  const { rows } = await pool.query(`
    select count(*)::int, sum(version)::int, md5(string_agg(md5(t::text), '' order by id)) from ${schema}.integration_connections as t`);
  const tables = await pool.query('select count(*)::int from information_schema.tables where table_schema = $1', [
    schema,
  ]);
  return [rows, tables.rows];
}

async function someRows() {
  const { rows } = await pool.query<{ organizationId: string; id: string }>(
    `select organization_id as "organizationId", id from ${schema}.integration_connections order by id limit 500`,
  );
  return rows;
}

/** The plan that the database keeps for a prepared statement once it no longer looks at the values. */
async function genericPlan(text: string, values: readonly (string | number | boolean | null)[]): Promise<string> {
  const client = await pool.connect();
  try {
    await client.query(`set plan_cache_mode = force_generic_plan; prepare planned as ${text}`);
    const literals = values.map((value) => (value === null ? 'null' : pg.escapeLiteral(String(value))));
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain execute planned (${literals.join(', ')})`);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  } finally {
    await client.query('deallocate planned; reset plan_cache_mode');
    client.release();
  }
}

async function fill(): Promise<void> {
  await pool.query(`
    insert into ${schema}.integration_connections
      (id, organization_id, provider, label, method, status, credentials_encrypted, refresh_at, account, metadata,
       settings, stub, fail_count, created_at, updated_at)
    select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'org_' || n % 100,
      case when n % 10 = 0 then 'other' else 'acme' end, 'label ' || n, 'oauth', case when n % 50 = 0 then 'expired' else 'active' end,
      decode(repeat(md5(n::text), 40), 'hex'), now() + (n - 2000) * interval '1 second',
      jsonb_build_object('id', 'acct_' || n, 'name', ''), '{}', '{}', false, 0, now(), now()
    from generate_series(1, 20000) as n`);
  await pool.query(`
    insert into ${schema}.integration_once (key, value, expires_at)
    select 'state ' || n, 'value', now() + interval '1 hour' from generate_series(1, 20000) as n`);
  await pool.query(`
    insert into ${schema}.integration_streams
      (connection_id, stream, organization_id, provider, due_at, created_at, updated_at)
    select id, stream, organization_id, provider, refresh_at, created_at, updated_at
    from ${schema}.integration_connections, (values ('orders'), ('customers')) as names (stream)`);
  await pool.query(`
    insert into ${schema}.integration_inbox (id, provider, type, lane, payload_encrypted, status, due_at, keep_until, received_at, updated_at)
    select 'event ' || n, 'acme', 'order.created', case when n % 2 = 0 then 'lane ' || n % 100 end,
      case when n <= 4000 then 'x'::bytea end, case when n <= 4000 then 'failed' else 'done' end,
      case when n <= 2000 then now() + (n - 1000) * interval '1 second' end, now() + n * interval '1 minute', now(), now()
    from generate_series(1, 20000) as n`);
  const tables = ['connections', 'once', 'streams', 'inbox'].map((name) => `${schema}.integration_${name}`);
  await pool.query(`analyze ${tables.join(', ')}`);
}

/** The pool, with every statement counted that goes through it. */
function counting(sound: pg.Pool): PgPool {
  return {
    totalCount: 0,
    options: { max: 4 },
    query(query) {
      counted++;
      return sound.query(query);
    },
    async connect() {
      const client = await sound.connect();
      return {
        query(query) {
          counted++;
          return client.query(query);
        },
        on: (name, listener) => client.on(name, listener),
        removeListener: (name, listener) => client.removeListener(name, listener),
        release: (destroy) => client.release(destroy),
      };
    },
  };
}
