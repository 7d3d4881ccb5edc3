/** How a resource is written and read: forms with brackets, ids with a prefix, lists that go on after their last item. */
import { endpoint, type QueryValue } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

/** `{ items: [{ price: 'p' }] }` as `items[0][price]=p`; null clears a field, undefined says nothing. */
export function brackets(value: unknown, name = ''): Record<string, QueryValue> {
  if (value === undefined) return {};
  if (value === null) return { [name]: '' };
  if (value instanceof Date) return { [name]: Math.floor(value.getTime() / 1000) };
  if (typeof value !== 'object') return { [name]: value as QueryValue };
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const inside = (key: string) => (name === '' ? key : `${name}[${key}]`);
  return Object.assign({}, ...entries.map(([key, item]) => brackets(item, inside(key)))) as Record<string, QueryValue>;
}

/** An endpoint that is counted by itself, besides what all calls share: https://docs.stripe.com/rate-limits (2026-10). */
export const resource: typeof endpoint = (route, options) =>
  endpoint(route, { limits: [{ requests: 25, perMs: 1000 }], ...options });

const without = (names: readonly string[], input: object) =>
  Object.fromEntries(Object.entries(input).filter(([name]) => !names.includes(name)));
/** Every write carries a key, kept for 24 hours: https://docs.stripe.com/api/idempotent_requests */
export const write = {
  encode: (input: object) => ({ form: brackets(without(['id'], input)) }),
  idempotency: { header: 'idempotency-key' },
  scopes: ['read_write'],
};
export const read = { encode: (input: object) => ({ query: brackets(without(['id'], input)) }) };

export const id = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}_\\w+$`), { error: `must be an id: ${prefix}_...` });
export const one = (example: string) => given({ id: id(example.split('_', 1)[0]!).meta({ examples: [example] }) });
export const amount = z
  .int()
  .min(1)
  .max(99_999_999)
  .meta({ examples: [2000] });
export const currency = z
  .string()
  .regex(/^[a-z]{3}$/, { error: 'must be ISO 4217 in lower case: usd' })
  .meta({ examples: ['usd'] });
export const metadata = z.record(z.string().max(40), z.string().max(500));
/** Nested objects of the vendor with many members; it judges them. */
export const more = z.looseObject({});
export const https = z.url({ protocol: /^https?$/ });

export const listed = {
  limit: z.int().min(1).max(100),
  starting_after: z.string().min(1),
  ending_before: z.string().min(1),
};
export const list = <Item extends z.ZodType>(item: Item) => ({
  ...read,
  output: like({ object: 'list', data: z.array(item), has_more: true, url: '/v1/things' }),
  paging: {
    items: <Found>(page: { readonly data: readonly Found[] }) => page.data,
    next: <Input extends object>(
      page: { readonly data: readonly unknown[]; readonly has_more: boolean },
      input: Input,
    ) => {
      const last = page.data.at(-1) as { readonly id: string } | undefined;
      return page.has_more && last !== undefined ? { ...input, starting_after: last.id } : undefined;
    },
  },
});
