/** A vendor of numbered records, in each process its own and all alike. */
import {
  apiKey,
  createPlugboard,
  defineProvider,
  endpoint,
  handlerWire,
  header,
  silentLog,
  streamOf,
} from '@plugboard/core';
import { secret } from '@plugboard/core/fields';
import { postgresStore } from '@plugboard/storage-postgres';
import type { Pool } from 'pg';
import { z } from 'zod';

export interface VendorShape {
  readonly records: number;
  readonly pageSize: number;
  /** Characters that each record carries beside its number. */
  readonly weight?: number;
}

const list = endpoint('GET /records', {
  summary: 'Lists records.',
  input: z.strictObject({ after: z.int().optional(), since: z.string().optional() }),
  output: z.looseObject({
    items: z.array(z.looseObject({ id: z.int(), text: z.string() })),
    next: z.int().nullable(),
  }),
  paging: {
    items: ({ items }) => items,
    next: ({ next }, input) => (next === null ? undefined : { ...input, after: next }),
  },
  example: { input: {}, answer: { items: [{ id: 1, text: '' }], next: null } },
});

const numbers = defineProvider({
  id: 'numbers',
  name: 'Numbers',
  category: 'commerce',
  summary: 'A vendor of numbered records.',
  docs: {
    home: 'https://numbers.example',
    keys: 'https://numbers.example',
    reference: 'https://numbers.example',
    checked: '2026-11-20',
  },
  hosts: ['numbers.example'],
  auth: {
    key: apiKey({
      credentials: z.strictObject({ key: secret('Key') }),
      sign: header('x-key', 'key'),
      example: { key: 'k' },
    }),
  },
  api: {
    baseUrl: 'https://numbers.example',
    errors: { examples: { invalidCredentials: { status: 401, is: { kind: 'auth', code: 'unauthorized' } } } },
  },
  account: async () => ({ kind: 'known', account: { id: 'acct-1', name: 'One' } }),
  healthCheck: async () => ({ status: 'unknown' }),
  operations: { records: { list } },
  streams: { records: streamOf(list, { summary: 'Records.', since: (since) => ({ since }) }) },
});

/** @param aheadMs how far this board's time, and that of its store, is ahead of everybody's. */
export function createNumbersBoard(
  pool: Pool,
  { schema, key, aheadMs = 0, ...shape }: VendorShape & { schema: string; key: string; aheadMs?: number },
) {
  const text = 'x'.repeat(shape.weight ?? 0);
  const vendor = (request: Request) => {
    const after = Number(new URL(request.url).searchParams.get('after') ?? 0);
    const end = Math.min(after + shape.pageSize, shape.records);
    const items = Array.from({ length: end - after }, (_, index) => ({ id: after + index + 1, text }));
    return Response.json({ items, next: end < shape.records ? end : null });
  };
  const clock = { now: () => Date.now() + aheadMs, monotonic: () => performance.now(), random: () => Math.random() };
  const store = postgresStore(pool, {
    schema,
    ...(aheadMs > 0 && { clock: { ...clock, sleep: async () => undefined, after: () => () => undefined } }),
  });
  return createPlugboard({
    url: 'https://app.example.com/integrations',
    mode: 'test',
    env: {},
    log: silentLog,
    keys: { k1: key },
    providers: [numbers()],
    store,
    wire: handlerWire(vendor),
  });
}
