import { newConnection } from '@plugboard/testing';
import pg from 'pg';
import { afterAll, beforeEach, describe, expect, inject, test } from 'vitest';

import { migrate, migrationSql, postgresStore, type OrganizationType } from '../src/index.ts';
import { latestVersion, migrations, preparation } from '../src/migrations.ts';
import { resolveNames } from '../src/names.ts';
import { randomSchema } from './fixture.ts';

const url = inject('postgresUrl');
const pool = new pg.Pool({ connectionString: url ?? '', max: 8 });
const schemas: string[] = [];

beforeEach((context) => context.skip(url === null, 'PostgreSQL is not reachable'));
afterAll(async () => {
  for (const schema of schemas) await pool.query(`drop schema if exists ${schema} cascade`);
  await pool.end();
});

describe('migrate', () => {
  test('makes the tables, records the version, and does nothing the second time', async () => {
    const schema = newSchema();
    expect(await migrate(pool, { schema })).toEqual({ from: 0, to: latestVersion });
    const before = await shapeOf(schema);
    expect(before.length).toBeGreaterThan(60);
    expect(await migrate(pool, { schema })).toEqual({ from: latestVersion, to: latestVersion });
    expect(await shapeOf(schema)).toEqual(before);
  });

  test('lets one of eight at once work, and all of them end well', async () => {
    const schema = newSchema();
    const results = await Promise.all(Array.from({ length: 8 }, () => migrate(pool, { schema })));
    for (const result of results) expect(result.to).toBe(latestVersion);
    const { rows } = await pool.query(`select version from ${schema}.integration_migrations`);
    expect(rows).toEqual(Array.from({ length: latestVersion }, (_, index) => ({ version: index + 1 })));
  });

  test('takes effect wholly or not at all', async () => {
    const schema = newSchema();
    await pool.query(`create schema ${schema}; create view ${schema}.integration_once as select 1 as key`);
    await expect(migrate(pool, { schema })).rejects.toMatchObject({ kind: 'configuration' });
    expect((await shapeOf(schema)).filter((line) => !line.includes('integration_once'))).toEqual([]);
  });

  test('is the SQL that `migrationSql` prints, and that runs again without harm', async () => {
    const [ours, hosts] = [newSchema(), newSchema()];
    await migrate(pool, { schema: ours });
    for (let time = 0; time < 2; time++) await pool.query(`begin; ${migrationSql({ schema: hosts })} commit`);
    expect(await shapeOf(hosts)).toEqual(await shapeOf(ours));
    expect(await migrate(pool, { schema: hosts })).toEqual({ from: latestVersion, to: latestVersion });
    expect(migrationSql({ schema: hosts, since: latestVersion })).toBe('');
  });

  test('takes the tables of the first version along, whose code goes on with them', async () => {
    const schema = newSchema();
    const names = resolveNames({ schema });
    const { connections } = names.tables;
    await pool.query([...preparation(names), ...(migrations[0]?.statements(names) ?? [])].join(';'));
    await pool.query(`insert into ${names.tables.migrations} (version) values (1)`);
    const store = postgresStore(pool, { schema });
    const before = await store.connections.insert('org_1', newConnection());
    const stream = { connectionId: before?.id ?? '', stream: 'orders' };
    await expect(store.sync.lease('org_1', stream, 1000)).rejects.toMatchObject({ code: 'tables_missing' });
    expect(await migrate(pool, { schema })).toEqual({ from: 1, to: latestVersion });
    expect(await store.connections.get('org_1', stream.connectionId)).toEqual({
      ...before,
      readAt: expect.any(Date) as Date,
    });
    expect(await store.sync.lease('org_1', stream, 1000)).toMatchObject({ leaseFence: 1 });
    // What knows nothing of streams: the version before, and the host itself.
    await pool.query(`delete from ${connections} where organization_id = $1 and id = $2`, ['org_1', before?.id]);
    expect(await store.sync.list('org_1', stream.connectionId)).toEqual([]);
  });

  test('a stream is leased at once, or not, while a refresh holds the row of its connection', async () => {
    const schema = newSchema();
    await migrate(pool, { schema });
    const { connections, sync } = postgresStore(pool, { schema });
    const row = await connections.insert('org_1', newConnection());
    const stream = { connectionId: row?.id ?? '', stream: 'orders' };
    await connections.lock?.('org_1', stream.connectionId, async () => {
      expect(await sync.lease('org_1', stream, 1000)).toBeNull();
      await sync.schedule([{ organizationId: 'org_1', ...stream }]);
      expect(await sync.get('org_1', stream)).toBeNull();
    });
    expect(await sync.lease('org_1', stream, 1)).toMatchObject({ leaseFence: 1 });
    await connections.lock?.('org_1', stream.connectionId, async () => {
      expect(await sync.save('org_1', stream, { leaseFence: 1, leaseMs: null }, { pages: 1 })).not.toBeNull();
      expect(await sync.lease('org_1', stream, 1000)).toMatchObject({ leaseFence: 2, pages: 1 });
    });
  });

  test('needs no right to create anything when there is nothing to create', async () => {
    const schema = newSchema();
    await migrate(pool, { schema });
    const role = `${schema}_app`;
    await pool.query(`create role ${role} login; grant usage on schema ${schema} to ${role};
      grant select, insert, update, delete on all tables in schema ${schema} to ${role};
      grant usage on all sequences in schema ${schema} to ${role}`);
    const { host, port, pathname } = new URL(url ?? '');
    const app = new pg.Pool({
      host: host.split(':')[0] ?? '',
      port: Number(port || 5432),
      database: pathname.slice(1),
      user: role,
      max: 2,
    });
    try {
      expect(await migrate(app, { schema })).toEqual({ from: latestVersion, to: latestVersion });
      const store = postgresStore(app, { schema });
      const row = await store.connections.insert('org_1', newConnection());
      expect(await store.connections.get('org_1', row?.id ?? '')).toMatchObject({ version: 1 });
      const event = { id: 'e', provider: 'acme', organizationId: null, connectionId: null, type: 'a', lane: null };
      const added = store.inbox?.add([{ ...event, payload: Uint8Array.of(1) }], { leaseMs: null, keepMs: 1000 });
      expect(await added).toMatchObject([{ outcome: 'queued' }]);
      await expect(migrate(app, { schema: randomSchema() })).rejects.toMatchObject({ code: 'database_permission' });
    } finally {
      await app.end();
      await pool.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  test('G06 works with more than a hundred legal names: reserved words, underscores, 63 characters', async () => {
    const words =
      'all analyse and any array as asc both case cast check collate column create default desc distinct do else end except false fetch for foreign from grant group having in initially into lateral leading limit not null offset on only or order placing primary references returning select session_user some symmetric table then to trailing true union unique user using variadic when where window with'.split(
        ' ',
      );
    const names = [
      ...words,
      '_',
      '__',
      '_1',
      'a',
      'a1_',
      'x'.repeat(63),
      `_${'9'.repeat(62)}`,
      ...Array.from({ length: 35 }, (_, index) => `${'y'.repeat(58)}_${index}`),
    ];
    const legal = [...new Set(names)].slice(0, 105);
    expect(legal).toHaveLength(105);
    const schema = newSchema();
    await pool.query(`create schema ${schema}`);
    const [first = '', ...rest] = legal;
    // Seven tables at a time: in fifteen sets.
    for (let index = 0; index < 105; index += 7) {
      const [connections = '', streams = '', inbox = '', once = '', audit = '', markers = '', migrations = ''] = [
        first,
        ...rest,
      ].slice(index, index + 7);
      const options = { schema, tables: { connections, streams, inbox, once, audit, markers, migrations } };
      await migrate(pool, options);
      const store = postgresStore(pool, options);
      const row = await store.connections.insert('org_1', newConnection());
      expect(await store.connections.find('org_1', { provider: 'acme', label: row?.label ?? '' })).toEqual({
        ...row,
        readAt: expect.any(Date) as Date,
      });
      const stream = { connectionId: row?.id ?? '', stream: 'orders' };
      expect(await store.sync.lease('org_1', stream, 1000)).toMatchObject({ leaseFence: 1 });
      expect(await store.once.put({ key: 'k', value: 'v', ttlMs: 1000, group: 'g', maxInGroup: 1 })).toBe('stored');
      expect(await store.remember('name', 'value')).toBe('value');
    }
    const { rows } = await pool.query('select indexname from pg_indexes where schemaname = $1', [schema]);
    expect(rows).toHaveLength(15 * 23);
  });
});

describe('the organization column', () => {
  const ids: Record<OrganizationType, readonly [string, string]> = {
    text: ['org_1', 'org_2'],
    uuid: ['5f0c7a3e-6a52-4b8e-9d3b-0a5f3f1c2d4e', '5f0c7a3e-6a52-4b8e-9d3b-0a5f3f1c2d4f'],
    bigint: ['9223372036854775807', '-9223372036854775808'],
  };

  test.each(Object.entries(ids))(
    'may be of type %s, and reference the table of the host',
    async (type, [mine, theirs]) => {
      const schema = newSchema();
      await pool.query(`create schema ${schema}; create table ${schema}."Organization" ("orgId" ${type} primary key)`);
      await pool.query(`insert into ${schema}."Organization" values ($1), ($2)`, [mine, theirs]);
      const references = { table: 'Organization', column: 'orgId' };
      const options = { schema, organization: { type: type as OrganizationType, references } };
      await migrate(pool, options);
      const { connections, audit } = postgresStore(pool, options);
      const row = await connections.insert(mine, newConnection({ refreshAt: new Date(0) }));
      const { id } = row ?? newConnection();
      expect(row).toMatchObject({ organizationId: mine });
      expect(await connections.get(theirs, id)).toBeNull();
      expect(
        await connections.updateMany([{ organizationId: mine, id, guard: { version: 1 }, change: { failCount: 1 } }]),
      ).toEqual([true]);
      expect((await connections.list(mine)).items).toHaveLength(1);
      expect(await connections.claimDue({ limit: 5, leaseMs: 1000, perOrganization: 1 })).toMatchObject([
        { organizationId: mine },
      ]);
      expect(await connections.lock?.(mine, id, async (locked) => locked.organizationId)).toBe(mine);
      await audit.append({
        id: 'entry',
        organizationId: mine,
        connectionId: id,
        provider: 'acme',
        type: 'connected',
        actor: 'user',
        data: {},
      });
      expect((await audit.list(mine)).items).toHaveLength(1);

      const unknown = { kind: 'conflict', code: 'unknown_organization' };
      const nobody = { text: 'org_3', uuid: crypto.randomUUID(), bigint: '3' }[type] ?? '';
      await expect(connections.insert(nobody, newConnection())).rejects.toMatchObject(unknown);
      const remove = pool.query(`delete from ${schema}."Organization" where "orgId" = $1`, [mine]);
      await expect(remove).rejects.toMatchObject({ code: '23503' });
    },
  );

  test('lets rows go with their organization when the host says so', async () => {
    const schema = newSchema();
    await pool.query(
      `create schema ${schema}; create table ${schema}.orgs (id text primary key); insert into ${schema}.orgs values ('org_1')`,
    );
    const options = {
      schema,
      organization: { references: { table: 'orgs', column: 'id', onDelete: 'cascade' as const } },
    };
    await migrate(pool, options);
    const { connections } = postgresStore(pool, options);
    await connections.insert('org_1', newConnection());
    await pool.query(`delete from ${schema}.orgs`);
    expect(await connections.scan(null, 10)).toEqual([]);
  });

  test.each([
    ['uuid', ['org_1', ids.uuid[0].toUpperCase(), `{${ids.uuid[0]}}`, ids.uuid[0].replaceAll('-', '')]],
    ['bigint', ['org_1', '01', '+1', '1.0', ' 1', '-0', '9223372036854775808', '-9223372036854775809']],
  ] as const)('G08 refuses an id that a column of type %s would not hold as it is', async (type, bad) => {
    const { connections } = postgresStore(pool, { schema: randomSchema(), organization: { type } });
    for (const organizationId of bad) {
      const refused = { code: 'invalid_input', fields: [{ path: 'organizationId' }] };
      await expect(connections.list(organizationId)).rejects.toMatchObject(refused);
      await expect(connections.insert(organizationId, newConnection())).rejects.toMatchObject(refused);
    }
  });
});

function newSchema(): string {
  const schema = randomSchema();
  schemas.push(schema);
  return schema;
}

/** Columns, constraints and indexes of a schema, without its name. */
async function shapeOf(schema: string): Promise<string[]> {
  const { rows } = await pool.query<{ line: string }>(
    `select table_name || ' ' || column_name || ' ' || data_type || ' ' || is_nullable as line
       from information_schema.columns where table_schema = $1
     union all select indexdef from pg_indexes where schemaname = $1
     union all select conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint where connamespace = $1::regnamespace
     union all select relname || ' ' || coalesce(reloptions::text, '') from pg_class where relnamespace = $1::regnamespace
     order by 1`,
    [schema],
  );
  return rows.map(({ line }) => line.replaceAll(schema, 'schema'));
}
