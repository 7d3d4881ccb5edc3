import type { PGlite } from '@electric-sql/pglite';
import { describe, expect, test } from 'vitest';

import { migrationSql, postgresStore, type SchemaOptions } from '../src/index.ts';
import { resolveNames } from '../src/names.ts';

const illegal = [
  '',
  ' ',
  'x"; drop table users; --',
  'x" ',
  "x'y",
  'x;y',
  'x y',
  'x.y',
  'x-y',
  'x\\y',
  'x\0',
  'x\n',
  '1x',
  '$x',
  'X',
  'Public',
  'x'.repeat(64),
  'tаbles', // a Cyrillic letter among Latin ones
  'ｐublic',
  'naïve',
  'x\u200b',
];

test.each([
  [{ shema: 'integrations' }, '`shema`', 'schema'],
  [{ tables: { connection: 'links' } }, '`tables.connection`', 'connections'],
])('refuses an option that does not exist, and names those that do: %j', (options, named, instead) => {
  expect(() => migrationSql(options as SchemaOptions)).toThrow(
    expect.objectContaining({
      code: 'unknown_option',
      message: expect.stringContaining(named) as string,
      hint: expect.stringContaining(instead) as string,
    }),
  );
});

describe('G06 refuses a name that is none', () => {
  test.each(illegal)('%j', (name) => {
    const refused = expect.objectContaining({ kind: 'configuration', code: 'invalid_name' }) as Error;
    const options: SchemaOptions[] = [
      { schema: name },
      { tables: { connections: name } },
      { organization: { references: { schema: `${name}"`, table: 'organizations', column: 'id' } } },
      { organization: { references: { table: `${name}"`, column: 'id' } } },
      { organization: { references: { table: 'organizations', column: `${name}"` } } },
    ];
    for (const option of options) {
      expect(() => migrationSql(option)).toThrow(refused);
      expect(() => postgresStore({} as PGlite, option)).toThrow(refused);
    }
    if (name !== '') expect(() => migrationSql({ prefix: name })).toThrow(refused);
  });

  test('that is not even text', () => {
    const wrong = { schema: 7 } as unknown as SchemaOptions;
    expect(() => migrationSql(wrong)).toThrow(expect.objectContaining({ code: 'invalid_name' }));
  });
});

test('G06 quotes every name, also that of an index which must be shortened', () => {
  const long = 'a'.repeat(63);
  const { tables, index } = resolveNames({ schema: 'select', tables: { connections: long } });
  expect(tables.connections).toBe(`"select"."${long}"`);
  expect(index('connections', 'due')).toMatch(/^"a{46}_[0-9a-f]{16}_due"$|^"a+_[0-9a-f]{16}_due"$/);
  expect(index('connections', 'due')).toHaveLength(65);
  expect(index('once', 'expiry')).toBe('"integration_once_expiry"');
});

test('refuses two tables of one name, and a type that organizations cannot have', () => {
  const twins = { tables: { once: 'integration_audit' } };
  expect(() => migrationSql(twins)).toThrow(expect.objectContaining({ code: 'duplicate_name' }));
  const type = { organization: { type: 'integer; drop' } } as unknown as SchemaOptions;
  expect(() => migrationSql(type)).toThrow(expect.objectContaining({ code: 'invalid_organization_type' }));
});

test.each([{ max: 0 }, { waitMs: -1 }, { holdMs: 1.5 }, { max: Number.NaN }])('refuses the lock option %j', (lock) => {
  const client = {
    waitReady: Promise.resolve(),
    query: async () => ({ rows: [] }),
    transaction: async () => undefined,
  };
  expect(() => postgresStore(client as unknown as PGlite, { lock })).toThrow(
    expect.objectContaining({ code: 'invalid_lock' }),
  );
});

test.each([undefined, null, {}, [], 'postgres://localhost', () => undefined, { query: async () => undefined }])(
  'refuses the client %j',
  (client) => {
    const refused = expect.objectContaining({ kind: 'configuration', code: 'unknown_client' }) as Error;
    expect(() => postgresStore(client as unknown as PGlite)).toThrow(refused);
  },
);
