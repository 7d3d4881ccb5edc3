import { expect, test } from 'vitest';
import { z } from 'zod';

import { endpoint } from '../src/endpoint.ts';
import type { AnyDefinition } from '../src/provider.ts';
import { createLimitsOf } from '../src/provider-limits.ts';
import type { RateLimit } from '../src/transport/transport.ts';

const perMinute = (requests: number, more: Partial<RateLimit> = {}): RateLimit => ({
  requests,
  perMs: 60_000,
  ...more,
});

function get(...limits: readonly RateLimit[]) {
  return endpoint('GET /', {
    summary: 'Answers.',
    input: z.strictObject({}),
    output: z.looseObject({}),
    ...(limits.length > 0 && { limits }),
    example: { input: {}, answer: {} },
  });
}

const shared = perMinute(15);
const always = perMinute(100);
const things = {
  list: get(shared, perMinute(500, { per: 'app' })),
  get: get(shared),
  create: get(perMinute(15)),
  remove: get(perMinute(15, { per: 'app' })),
  search: get(perMinute(100)),
  free: get(),
};
const definition = { api: { limits: [always] }, operations: { things } } as unknown as AnyDefinition;

test('limits of the same numbers are told apart by the first operation that each was declared for', () => {
  const limitsOf = createLimitsOf(definition);
  const named = (declared: (typeof things)[keyof typeof things]) => limitsOf(declared).map(({ name }) => name);
  expect(named(things.list)).toEqual([undefined, 'things.list', undefined]);
  expect(named(things.get)).toEqual([undefined, 'things.list']);
  expect(named(things.create)).toEqual([undefined, 'things.create']);
  expect(named(things.remove)).toEqual([undefined, undefined]);
  // That of every call keeps its name, which is none.
  expect(named(things.search)).toEqual([undefined, 'things.search']);
  expect(named(things.free)).toEqual([undefined]);
  expect(limitsOf()).toEqual([always]);
});

test('a limit is one object, whichever call asks and however often: processes count by it', () => {
  const limitsOf = createLimitsOf(definition);
  expect(limitsOf(things.list)).toBe(limitsOf(things.list));
  expect(limitsOf(things.list)[1]).toBe(limitsOf(things.get)[1]);
  expect(limitsOf(things.create)[1]).not.toBe(limitsOf(things.get)[1]);
  expect(limitsOf(things.create)[0]).toBe(always);
});

test('what is no operation of the provider is counted as it was declared', () => {
  const inner = perMinute(15);
  expect(createLimitsOf(definition)(get(inner))).toEqual([always, inner]);
});
