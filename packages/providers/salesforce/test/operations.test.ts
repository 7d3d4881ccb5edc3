import { describe, expect, test } from 'vitest';

import { soql } from '../src/index.ts';
import { connected, read } from './rig.ts';

const page = (names: readonly string[], nextRecordsUrl?: string) =>
  Response.json({
    totalSize: 3,
    done: nextRecordsUrl === undefined,
    records: names.map((Name) => ({ attributes: { type: 'Account' }, Name })),
    ...(nextRecordsUrl !== undefined && { nextRecordsUrl }),
  });

describe('rows of a query', () => {
  test('come from every page, whose path is never trusted as an address', async () => {
    const { client, sent } = await connected(({ url }) =>
      url.pathname.endsWith('/query')
        ? page(['a', 'b'], '/services/data/v68.0/query/01gD0000002HU6KIAW-2000')
        : page(['c']),
    );
    const rows = await read(client.queries.rows({ soql: 'SELECT Name FROM Account', batchSize: 200 }));
    expect(rows.map(({ Name }) => Name)).toEqual(['a', 'b', 'c']);
    expect(sent.map(({ url }) => `${url.host}${url.pathname}${url.search}`)).toEqual([
      'acme.my.salesforce.com/services/data/v68.0/query?q=SELECT+Name+FROM+Account',
      'acme.my.salesforce.com/services/data/v68.0/query/01gD0000002HU6KIAW-2000',
    ]);
    expect(sent[0]!.headers.get('sforce-query-options')).toBe('batchSize=200');
  });

  test('of deleted records have a path of their own', async () => {
    const { client, sent } = await connected(() => page(['a']));
    await read(client.queries.rows({ soql: 'SELECT Name FROM Account', includeDeleted: true }));
    expect(sent[0]!.url.pathname).toBe('/services/data/v68.0/queryAll');
  });

  test.each([
    'https://evil.example/services/data/v68.0/query/01gD0000002HU6KIAW-2000',
    '//evil.example/services/data/v68.0/query/01gD0000002HU6KIAW-2000',
    '/services/data/v68.0/query/../sobjects',
    '/services/data/v68.0/query/01gD0000002HU6KIAW-2000/more',
    '/other/01gD0000002HU6KIAW-2000',
  ])('end where the next page is called %s', async (next) => {
    const { client, sent } = await connected(() => page(['a'], next));
    await expect(read(client.queries.rows({ soql: 'SELECT Name FROM Account' }))).rejects.toMatchObject({
      kind: 'invalid_response',
      code: 'unknown_page',
    });
    expect(sent).toHaveLength(1);
  });

  test('do not go round in circles', async () => {
    const { client, sent } = await connected(() => page(['a'], '/services/data/v68.0/query/01gD0000002HU6KIAW-2000'));
    await expect(read(client.queries.rows({ soql: 'SELECT Name FROM Account' }))).rejects.toMatchObject({
      code: 'paging_loop',
    });
    expect(sent).toHaveLength(2);
  });
});

describe('values in a query', () => {
  test.each([
    ["O'Brien", String.raw`'O\'Brien'`],
    [String.raw`\' OR Name != '`, String.raw`'\\\' OR Name != \''`],
    ['a"b\n\r\t\b\f', String.raw`'a\"b\n\r\t\b\f'`],
    ['Ä%_\u2028', "'Ä%_\u2028'"],
    ['', "''"],
    [1.5, '1.5'],
    [-3, '-3'],
    [true, 'true'],
    [null, 'null'],
    [new Date('2026-11-20T10:00:00.000Z'), '2026-11-20T10:00:00.000Z'],
    [['a', "b'c", 2], String.raw`('a', 'b\'c', 2)`],
  ])('%j is %s', (value, literal) => {
    expect(soql`SELECT Id FROM Contact WHERE X = ${value} LIMIT 1`).toBe(
      `SELECT Id FROM Contact WHERE X = ${literal} LIMIT 1`,
    );
  });

  test('what has no form is refused', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e21, new Date('x'), [], undefined, {}, [[]]]) {
      const refused = expect.objectContaining({ code: 'invalid_input' }) as Error;
      expect(() => soql`WHERE X = ${value as never}`).toThrow(refused);
    }
  });

  test('no text ends its quotes: reading the literal back gives the text, whatever is in it', () => {
    const pieces = ['\\', "'", '"', '\n', '\\\\', "\\'", 'a', ' OR ', '--', '\u0000', '😀'];
    const plain: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };
    for (let seed = 1; seed <= 2_000; seed++) {
      let state = seed;
      const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0);
      const text = Array.from({ length: next() % 8 }, () => pieces[next() % pieces.length]!).join('');
      const literal = soql`${text}`;
      expect(literal).toMatch(/^'(?:[^'\\]|\\[\\'"nrtbf])*'$/);
      const back = literal.slice(1, -1).replaceAll(/\\(.)/gs, (_all, found: string) => plain[found] ?? found);
      expect(back).toBe(text);
    }
  });
});

test('records are written as fields, and an upsert tells whether it created', async () => {
  const { client, sent } = await connected(({ method, url }) =>
    method === 'PATCH' && url.pathname.endsWith('/c-2') ? new Response(null, { status: 204 }) : undefined,
  );
  const values = { Name: 'Acme', 'Owner.Email': null };
  await client.records.create({ type: 'Account', values });
  const at = { type: 'Account', field: 'Customer_Id__c', values };
  expect(await client.records.upsert({ ...at, value: 'c/1' })).toMatchObject({ created: true });
  expect(await client.records.upsert({ ...at, value: 'c-2' })).toEqual({ success: true, created: false });
  expect(sent.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
    'POST /services/data/v68.0/sobjects/Account',
    'PATCH /services/data/v68.0/sobjects/Account/Customer_Id__c/c%2F1',
    'PATCH /services/data/v68.0/sobjects/Account/Customer_Id__c/c-2',
  ]);
  expect(sent[0]!.json).toEqual(values);
});

test('several records with one external id are a conflict', async () => {
  const { client } = await connected(() => Response.json(['/services/data/v68.0/sobjects/Account/1'], { status: 300 }));
  const at = { type: 'Account', field: 'Customer_Id__c', value: 'c-1', values: { Name: 'x' } };
  await expect(client.records.upsert(at)).rejects.toMatchObject({ kind: 'conflict', code: 'several_matches' });
});

test('collections send attributes beside fields and answer each record for itself', async () => {
  const { client, sent } = await connected();
  const id = '001D000000IRFmaIAH';
  const results = await client.collections.update({ records: [{ type: 'Account', id, values: { Name: 'x' } }] });
  expect(results.map(({ success, errors }) => [success, errors[0]?.statusCode])).toEqual([
    [true, undefined],
    [false, 'DUPLICATE_VALUE'],
  ]);
  await client.collections.upsert({
    type: 'Account',
    field: 'Key__c',
    records: [{ values: { Key__c: 'a' } }],
    allOrNone: true,
  });
  await client.collections.delete({ ids: [id, '001D000000IRFmb'] });
  expect(sent.map(({ json, text }) => json ?? text)).toEqual([
    { allOrNone: false, records: [{ attributes: { type: 'Account' }, id, Name: 'x' }] },
    { allOrNone: true, records: [{ attributes: { type: 'Account' }, Key__c: 'a' }] },
    '',
  ]);
  expect(sent[2]!.url.search).toBe(`?ids=${id}%2C001D000000IRFmb&allOrNone=false`);
});

test('parts of a composite request stay below the API', async () => {
  const { client, sent } = await connected();
  const create = { method: 'POST', path: '/sobjects/Account', referenceId: 'account', body: { Name: 'Acme' } } as const;
  const read_ = {
    method: 'GET',
    path: '/sobjects/Account/@{account.id}?fields=Id,Name',
    referenceId: 'again',
  } as const;
  await client.composite.run({ requests: [create, read_], allOrNone: true });
  expect(sent[0]!.json).toEqual({
    allOrNone: true,
    compositeRequest: [
      { method: 'POST', url: '/services/data/v68.0/sobjects/Account', referenceId: 'account', body: { Name: 'Acme' } },
      {
        method: 'GET',
        url: '/services/data/v68.0/sobjects/Account/@{account.id}?fields=Id,Name',
        referenceId: 'again',
      },
    ],
  });
  for (const path of [
    '//evil.example/x',
    'https://evil.example',
    '/../../apexrest/x',
    '/sobjects/..',
    '/a b',
    '/a\\b',
    'x',
  ]) {
    const asking = client.composite.run({ requests: [{ ...create, path }] });
    await expect(asking, path).rejects.toMatchObject({ fields: [{ path: 'requests.0.path' }] });
  }
});

test('a search names its objects, their fields and how many of each', async () => {
  const { client, sent } = await connected();
  const objects = [{ type: 'Account', fields: ['Id', 'Name'], limit: 10 }, { type: 'Contact' }];
  await client.search.find({ words: "O'Brien & co", objects });
  expect(sent[0]!.url.search).toBe(
    '?q=O%27Brien+%26+co&sobject=Account&sobject=Contact&Account.fields=Id%2CName&Account.limit=10',
  );
});

test('names and ids that are none are refused by field, and nothing is sent', async () => {
  const { client, sent } = await connected();
  for (const type of ['Account/x', '..', 'a b', '1x']) {
    await expect(client.objects.describe({ type }), type).rejects.toMatchObject({ fields: [{ path: 'type' }] });
  }
  await expect(client.records.get({ type: 'Account', id: '../x' })).rejects.toMatchObject({ fields: [{ path: 'id' }] });
  expect(sent).toEqual([]);
});
