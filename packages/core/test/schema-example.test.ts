import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';

import { endpoint } from '../src/endpoint.ts';
import { given, like, nothing } from '../src/fields.ts';
import { exampleOf } from '../src/schema-example.ts';
import { accepts, type Input, type Output } from '../src/schema.ts';

describe('like', () => {
  const customer = like(
    { id: 'cus_1', created: 1680893993, livemode: false, tags: ['vip', 'new'], address: { city: 'Paris' } },
    { email: 'jenny@example.com', kind: z.enum(['person', 'company']), lines: [like({ sku: 's1' })] },
  );
  const example = {
    id: 'cus_1',
    created: 1680893993,
    livemode: false,
    tags: ['vip', 'new'],
    address: { city: 'Paris' },
    email: 'jenny@example.com',
    lines: [{ sku: 's1' }],
  };

  test('shows the value it was written as', () => {
    expect(exampleOf(customer)).toEqual(example);
    expect(accepts(customer, example)).toBe(true);
  });

  test('shows null where the vendor does, and takes anything there', () => {
    const schema = like({ id: 'a', gone: null }, { icon: null, list: [] });
    expect(exampleOf(schema)).toEqual({ id: 'a', gone: null, icon: null, list: [] });
    for (const more of [{}, { icon: 'x' }, { icon: { a: 1 } }])
      expect(accepts(schema, { id: 'a', gone: 1, ...more })).toBe(true);
  });

  test('judges kinds, keeps what it does not know, and lets nullish members be absent or null', () => {
    const { email: _email, lines: _lines, ...least } = example;
    expect(customer.parse({ ...least, unknown: 1 })).toMatchObject({ unknown: 1 });
    expect(accepts(customer, { ...least, email: null, kind: 'company' })).toBe(true);
    expect(accepts(customer, { ...least, id: '' })).toBe(true);
    for (const [name, wrong] of Object.entries({
      id: 1,
      created: '1',
      livemode: 'no',
      tags: [1],
      address: {},
      email: 2,
    })) {
      expect(accepts(customer, { ...example, [name]: wrong }), name).toBe(false);
    }
    expect(accepts(customer, { ...least, kind: 'other' })).toBe(false);
  });

  test('is typed by its members, literals widened', () => {
    type Customer = Output<typeof customer>;
    expectTypeOf<Customer['id']>().toEqualTypeOf<string>();
    expectTypeOf<Customer['created']>().toEqualTypeOf<number>();
    expectTypeOf<Customer['livemode']>().toEqualTypeOf<boolean>();
    expectTypeOf<Customer['tags']>().toEqualTypeOf<string[]>();
    expectTypeOf<Customer['address']['city']>().toEqualTypeOf<string>();
    expectTypeOf<Customer['email']>().toEqualTypeOf<string | null | undefined>();
    expectTypeOf<Customer['kind']>().toEqualTypeOf<'person' | 'company' | null | undefined>();
    expectTypeOf<NonNullable<Customer['lines']>[0]['sku']>().toEqualTypeOf<string>();
  });
});

describe('given', () => {
  const input = given(
    { id: 'cus_1' },
    { email: 'jenny@example.com', cursor: z.string().min(1), limit: z.int().min(1) },
  );

  test('refuses what is not named, and empty texts', () => {
    expect(accepts(input, { id: 'a' })).toBe(true);
    for (const wrong of [{}, { id: '' }, { id: 'a', other: 1 }, { id: 'a', email: '' }, { id: 'a', email: null }]) {
      expect(accepts(input, wrong), JSON.stringify(wrong)).toBe(false);
    }
  });

  test('shows required members and those optional ones that have an example', () => {
    expect(exampleOf(input)).toEqual({ id: 'cus_1', email: 'jenny@example.com' });
  });

  test('is typed as an input with optional members', () => {
    expectTypeOf<Input<typeof input>['id']>().toEqualTypeOf<string>();
    expectTypeOf<Input<typeof input>['email']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Input<typeof input>['limit']>().toEqualTypeOf<number | undefined>();
  });
});

describe('exampleOf', () => {
  test.each([
    ['a constant', z.literal('list'), 'list'],
    ['an enumeration', z.enum(['a', 'b']), 'a'],
    ['a default', z.string().default('x'), 'x'],
    [
      'formats',
      z.object({ at: z.iso.datetime(), url: z.url(), id: z.uuid(), to: z.email() }),
      expect.objectContaining({ to: 'ada@example.com' }),
    ],
    ['nullable members', z.object({ a: like({ b: 'c' }).nullable() }), { a: { b: 'c' } }],
    ['tuples', z.tuple([like({ id: 'a' }), z.literal(2)]), [{ id: 'a' }, 2]],
    ['intersections', z.intersection(like({ a: 'x' }), like({ b: 'y' })), { a: 'x', b: 'y' }],
    ['what a transform reads', like({ data: 'x' }).transform(({ data }) => data), { data: 'x' }],
    ['nothing', z.unknown().transform(() => undefined), undefined],
  ])('reads %s', (_name, schema, wanted) => {
    expect(exampleOf(schema)).toEqual(wanted);
  });

  test('names the member that shows nothing', () => {
    expect(() => exampleOf(z.object({ data: z.array(z.object({ id: z.string() })) }))).toThrow('`data[0].id`');
  });
});

describe('endpoint', () => {
  const item = like({ id: 'it_1' });

  test('reads method and path from its route', () => {
    const { method, path } = endpoint('PATCH /v1/items/{id}', {
      summary: 'x',
      input: given({ id: 'it_1' }),
      output: item,
    });
    expect({ method, path }).toEqual({ method: 'PATCH', path: '/v1/items/{id}' });
    expect(endpoint('POST', { summary: 'x', input: given({}), output: item }).path).toBe('');
    expect(() => endpoint('GET items' as 'GET', { summary: 'x', input: given({}), output: item })).toThrow(
      'A route is no method and path',
    );
  });

  test('takes its example from the schemas, and what is given from the declaration', () => {
    const parts = { summary: 'x', input: given({ id: 'it_1' }), output: item };
    expect(endpoint('GET /{id}', parts).example).toEqual({ input: { id: 'it_1' }, answer: { id: 'it_1' } });
    expect(endpoint('GET /{id}', { ...parts, example: { status: 204 } }).example).toEqual({
      input: { id: 'it_1' },
      status: 204,
    });
    expect(endpoint('GET /{id}', { ...parts, example: { answer: { id: 'b' } } }).example).toEqual({
      input: { id: 'it_1' },
      answer: { id: 'b' },
    });
  });
});

test('nothing is nothing, whatever body comes some day', () => {
  expect([undefined, '', { ok: true }].map((body) => nothing.parse(body))).toEqual([undefined, undefined, undefined]);
  expect(exampleOf(nothing)).toBeUndefined();
});

test('members become schemas at first use, so that a provider of hundreds imports quickly', () => {
  let reads = 0;
  const inner = {
    get id() {
      reads += 1;
      return 'id_1';
    },
  };
  const [answer, input] = [like({ inner }), given({ inner })];
  expect(reads).toBe(0);
  expect(answer.parse({ inner: { id: 'id_2', more: 1 } })).toEqual({ inner: { id: 'id_2', more: 1 } });
  expect(input.safeParse({ inner: { id: 'id_2' }, more: 1 }).success).toBe(false);
  expect(reads).toBe(2);
});
