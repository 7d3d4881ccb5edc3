import { describe, expect, expectTypeOf, test } from 'vitest';
import * as zod from 'zod';

import { given, like, secret, z } from '../src/fields.ts';
import { lazySchema, schemaOf } from '../src/lazy-schema.ts';
import { accepts, checkInput, jsonSchemaOf } from '../src/schema.ts';

/** Counts how often a schema is made. */
function counted<S extends object>(make: () => S) {
  const count = { made: 0 };
  const schema = lazySchema(() => {
    count.made++;
    return make();
  });
  return { count, schema };
}

describe('R12 a schema that is made at first use', () => {
  test('is not made by what derives others from it, and once by their use', () => {
    const { count, schema } = counted(() => zod.object({ name: zod.string().min(2) }));
    const longer = schema.extend({ age: zod.int().optional() }).partial();
    const listed = schema
      .array()
      .min(1)
      .refine((list) => list.length < 3, { error: 'at most two' });
    const copied = z.strictObject({ inner: schema, more: z.array(schema) });
    const extended = z.object({ id: z.string() }).extend(schema.shape);
    expect(count.made).toBe(0);
    expect(accepts(longer, { age: 1 })).toBe(true);
    expect(accepts(listed, [{ name: 'A' }])).toBe(false);
    expect(accepts(copied, { inner: { name: 'Al' }, more: [{ name: 'B' }] })).toBe(false);
    expect(checkInput(extended, { id: '1', name: 'Ada' }, 'It')).toEqual({ id: '1', name: 'Ada' });
    expect(count.made).toBe(1);
  });

  test('is that schema in every respect', () => {
    const { schema } = counted(() => zod.object({ name: zod.string() }).meta({ title: 'Person' }));
    expect(schema).toBeInstanceOf(zod.ZodObject);
    expect(schema instanceof zod.ZodString).toBe(false);
    expect('safeParse' in schema).toBe(true);
    expect(schema.meta()).toEqual({ title: 'Person' });
    expect(z.string().meta()).toBeUndefined();
    expect(Object.keys(schema.shape)).toEqual(['name']);
    expect(Object.hasOwn(schema.shape, 'name') && !Object.hasOwn(schema.shape, 'other')).toBe(true);
    expect(schema.safeParse({ name: 1 }).error?.issues[0]?.path).toEqual(['name']);
    expect(schema['~standard'].validate({ name: 'Ada' })).toEqual({ value: { name: 'Ada' } });
    expect(jsonSchemaOf(schema)).toMatchObject({ title: 'Person', required: ['name'] });
    // Maps, as those of zod's registries, know the schema and not its stand-in.
    expect(zod.globalRegistry.get(schemaOf(schema))).toEqual({ title: 'Person' });
  });

  test('works inside schemas that zod itself makes', () => {
    const { schema } = counted(() => zod.string().min(2));
    const whole = zod.object({ name: schema, list: zod.array(schema), either: zod.union([zod.int(), schema]) });
    expect(accepts(whole, { name: 'Ada', list: ['Bo'], either: 'Cy' })).toBe(true);
    expect(accepts(whole, { name: 'Ada', list: ['B'], either: 'Cy' })).toBe(false);
    const key = secret('Key', { help: 'Where it is.', example: 'k_1' });
    const mixed = zod.strictObject({ key, name: z.string().optional(), inner: like({ id: 'a' }), again: key });
    const note = { title: 'Key', description: 'Where it is.', examples: ['k_1'], secret: true };
    expect(jsonSchemaOf(mixed)).toMatchObject({
      required: ['key', 'inner', 'again'],
      properties: { key: note, name: { type: 'string' }, inner: { required: ['id'] }, again: note },
    });
  });

  test('hands the schemas themselves to the one that is made of them', () => {
    const text = z.string();
    const whole = z.object({ text, list: z.array(text), either: z.union([text, z.int()]) });
    const { shape } = schemaOf(whole);
    expect([shape.text, shape.list.element, shape.either.options[0]]).toEqual([
      schemaOf(text),
      schemaOf(text),
      schemaOf(text),
    ]);
    expect(shape.text === text).toBe(false);
  });

  test('may name itself through a getter', () => {
    const tree = z.object({
      name: z.string(),
      get children() {
        return z.array(tree);
      },
    });
    expect(accepts(tree, { name: 'a', children: [{ name: 'b', children: [] }] })).toBe(true);
    expect(accepts(tree, { name: 'a', children: [{ name: 'b' }] })).toBe(false);
  });

  test('throws what is wrong with its declaration at first use, each time', () => {
    const unmade = lazySchema<zod.ZodString>(() => {
      throw new TypeError('declared wrongly');
    }).optional();
    for (const _ of [1, 2]) expect(() => accepts(unmade, 'x')).toThrow('declared wrongly');
  });

  test('has the types that zod gives', () => {
    const person = z.object({ name: z.string(), born: z.iso.date().optional(), tags: z.array(z.enum(['a', 'b'])) });
    expectTypeOf<z.output<typeof person>>().toEqualTypeOf<{
      name: string;
      born?: string | undefined;
      tags: ('a' | 'b')[];
    }>();
    expectTypeOf(z.string().min(1).optional()).toEqualTypeOf(zod.string().min(1).optional());
  });
});

/** What each builder accepts and what it refuses: zod itself is asked the same. */
const samples: Readonly<Record<string, Sample>> = {
  array: [(from) => from.array(from.int()), [1], ['1']],
  base64: [(from) => from.base64(), 'aGk=', '*'],
  boolean: [(from) => from.boolean(), true, 1],
  coerce: [(from) => from.coerce.number(), '1', 'x'],
  custom: [(from) => from.custom((value) => value === 1), 1, 2],
  date: [(from) => from.date(), new Date(0), 0],
  discriminatedUnion: [
    (from) => from.discriminatedUnion('kind', [from.object({ kind: from.literal('a') })]),
    { kind: 'a' },
    { kind: 'b' },
  ],
  e164: [(from) => from.e164(), '+4930123456', '0301'],
  email: [(from) => from.email(), 'ada@example.com', 'ada'],
  enum: [(from) => from.enum(['a']), 'a', 'b'],
  exactOptional: [(from) => from.object({ a: from.exactOptional(from.int()) }), {}, { a: undefined }],
  hostname: [(from) => from.hostname(), 'example.com', '-'],
  instanceof: [(from) => from.instanceof(Uint8Array), new Uint8Array(1), 'x'],
  int: [(from) => from.int().min(1), 1, 1.5],
  int32: [(from) => from.int32(), 1, 2 ** 40],
  iso: [(from) => from.object({ a: from.iso.date(), b: from.iso.datetime() }), dates(), { a: 1, b: 2 }],
  json: [(from) => from.json(), { a: [1] }, undefined],
  literal: [(from) => from.literal('a'), 'a', 'b'],
  looseObject: [(from) => from.looseObject({ a: from.int() }), { a: 1, b: 2 }, { b: 2 }],
  never: [(from) => from.object({ a: from.never().optional() }), {}, { a: 1 }],
  number: [(from) => from.number().max(2), 1.5, 3],
  object: [(from) => from.object({ a: from.int() }), { a: 1 }, { a: 'x' }],
  record: [(from) => from.record(from.string(), from.int()), { a: 1 }, { a: 'x' }],
  strictObject: [(from) => from.strictObject({ a: from.int() }), { a: 1 }, { a: 1, b: 2 }],
  string: [(from) => from.string().trim().min(1), 'a', ' '],
  tuple: [(from) => from.tuple([from.int()]), [1], ['x']],
  undefined: [(from) => from.undefined(), undefined, 1],
  union: [(from) => from.union([from.int(), from.literal('a')]), 'a', 'b'],
  unknown: [(from) => from.object({ a: from.unknown() }), { a: 1 }, 1],
  url: [(from) => from.url({ protocol: /^https$/ }), 'https://example.com', 'http://example.com'],
  uuid: [(from) => from.uuid(), '0190a5f2-7c1e-7d3a-9b4f-2f6d8c1e5a70', 'x'],
  xor: [(from) => from.xor([from.object({ a: from.int() }), from.object({ b: from.int() })]), { a: 1 }, { a: 1, b: 1 }],
};

type Sample = readonly [build: (from: typeof z) => zod.ZodType, good: unknown, bad: unknown];

function dates() {
  return { a: '2026-11-20', b: '2026-11-20T10:00:00Z' };
}

describe('R12 the builders of fields', () => {
  test('are all judged here', () => {
    const others = ['ZodObject', 'ZodString', 'ZodType', 'regexes'];
    expect(Object.keys(z).toSorted()).toEqual([...Object.keys(samples), ...others].toSorted());
  });

  test.each(Object.entries(samples))('%s judges as that of zod', (_name, [build, good, bad]) => {
    const own = build(z);
    const original = build(zod as unknown as typeof z);
    for (const value of [good, bad])
      expect(own['~standard'].validate(value)).toEqual(original['~standard'].validate(value));
    expect([accepts(own, good), accepts(own, bad)]).toEqual([true, false]);
    expect(jsonSchemaOf(own)).toEqual(jsonSchemaOf(original));
  });

  test('R12 are the same as without waiting where a provider combines them', () => {
    const input = given({ id: 'cus_1', key: secret('Key') }, { limit: z.int().min(1).max(100).default(10) });
    const output = like({ id: 'cus_1' }, { tags: [z.string().meta({ examples: ['vip'] })] });
    expect(() => checkInput(input, { id: '', key: 'k' }, 'It')).toThrow('id: Too small');
    expect(checkInput(input, { id: 'a', key: ' k ' }, 'It')).toMatchObject({ id: 'a' });
    expect(checkInput(output, { id: 'a', tags: null, other: 1 }, 'It')).toEqual({ id: 'a', tags: null, other: 1 });
    expectTypeOf<z.input<typeof input>>().toExtend<{ id: string; key: string; limit?: number | undefined }>();
  });
});
