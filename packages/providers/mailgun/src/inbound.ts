/** Routes of inbound mail, and addresses that get none: mailgun-go v5 (2026-07). */
import { endpoint, type Api } from '@plugboard/core';
import { given, like, nothing, z } from '@plugboard/core/fields';

import { domainOf, type MaybeDomain } from './connection.ts';
import { domain, ofDomain, offset, skipping, some } from './operations.ts';

const route = like(
  { id: '4f3bad2335335426750048c6', expression: 'match_recipient("alice@mg.example.com")', actions: ['stop()'] },
  { priority: 0, description: 'Sample route', created_at: 'Wed, 15 Feb 2012 13:03:31 GMT' },
);
const one = given({ id: '4f3bad2335335426750048c6' });
const words = { priority: z.int().min(0), description: z.string() };
const actions = z
  .array(some)
  .min(1)
  .meta({ examples: [['forward("https://app.example.com/hooks")']] });
const expression = some.meta({ examples: ['match_recipient("alice@mg.example.com")'] });

export const routes = {
  list: endpoint('GET /v3/routes', {
    summary: 'Lists the routes of inbound mail.',
    input: skipping,
    output: like({ total_count: 2, items: [route] }),
    paging: offset,
  }),
  get: endpoint('GET /v3/routes/{id}', { summary: 'Reads a route.', input: one, output: like({ route }) }),
  create: endpoint('POST /v3/routes', {
    summary:
      'Adds a route: which mail, and what becomes of it: `forward("https://...")`, `store(notify="...")`, `stop()`.',
    input: given({ expression, actions }, words),
    encode: ({ actions: action, ...rest }) => ({ form: { ...rest, action } }),
    output: like({ route }, { message: 'Route has been created' }),
  }),
  update: endpoint('PUT /v3/routes/{id}', {
    summary: 'Changes a route; what is not given stays.',
    repeat: 'safe',
    input: one.extend(given({}, { expression, actions, ...words }).shape),
    encode: ({ id, actions: action, ...rest }) => ({ path: { id }, form: { ...rest, action } }),
    // The bare route, unlike the others.
    output: route,
  }),
  delete: endpoint('DELETE /v3/routes/{id}', {
    summary: 'Removes a route.',
    repeat: 'safe',
    input: one,
    output: nothing,
  }),
};

const pageLinks = (kind: string) => {
  const next = `https://api.mailgun.net/v3/mg.example.com/${kind}?page=next&address=alice%40example.com&limit=1`;
  return like({}, { next });
};
const address = z.email().meta({ examples: ['alice@example.com'] });
const created_at = 'Fri, 21 Oct 2011 11:02:55 GMT';

/** What the four lists of addresses have in common. @param facts what is known of an address besides itself */
function suppressions<Fact extends z.ZodType, const Kind extends string, Shape extends z.ZodRawShape>(
  kind: Kind,
  { what, fact, input }: { what: string; fact: Fact; input: z.ZodObject<Shape> },
) {
  const path = `/v3/{domain}/${kind}` as const;
  const ofAddress = {
    input: given({ address }, { domain }),
    encode: (named: MaybeDomain & { address: string }, api: Api) => ({
      path: { domain: domainOf(named, api), address: named.address },
    }),
  };
  return {
    list: endpoint(`GET ${path}`, {
      summary: `Lists addresses that ${what}; a page without items is the last one.`,
      // `page` and `address` are the vendor's cursor.
      input: given({}, { domain, limit: z.int().min(1).max(1000), page: z.literal('next'), address: some }),
      encode: ({ domain: own, ...query }, api) => ({ ...ofDomain({ domain: own }, api), query }),
      output: like({ items: [fact] }, { paging: pageLinks(kind) }),
      paging: {
        items: (page) => page.items as readonly z.output<Fact>[],
        // The vendor's link is read and never followed: the credential must not go where an answer says.
        next(page, asked) {
          const link = page.paging?.next ?? '';
          const last = URL.canParse(link) ? new URL(link).searchParams.get('address') : null;
          return page.items.length === 0 || last === null
            ? undefined
            : { ...asked, page: 'next' as const, address: last };
        },
      },
    }),
    get: endpoint(`GET ${path}/{address}`, {
      summary: `Reads whether an address is one that ${what}.`,
      ...ofAddress,
      output: fact,
    }),
    add: endpoint(`POST ${path}`, {
      summary: `Adds an address to those that ${what}.`,
      repeat: 'safe',
      input: input.extend(given({ address }, { domain }).shape),
      encode: (named, api) => {
        const { domain: own, ...form } = named as MaybeDomain & Readonly<Record<string, string>>;
        return { ...ofDomain({ domain: own }, api), form };
      },
      output: nothing,
      example: { answer: { message: '1 address has been added' } },
    }),
    remove: endpoint(`DELETE ${path}/{address}`, {
      summary: `Removes an address from those that ${what}.`,
      repeat: 'safe',
      ...ofAddress,
      output: nothing,
      example: { answer: { message: 'The address has been removed' } },
    }),
  };
}

export const bounces = suppressions('bounces', {
  what: 'have bounced',
  fact: like({ address: 'alice@example.com' }, { code: '550', error: 'No such mailbox', created_at }),
  input: given({}, { code: z.string().regex(/^[45]\d\d$/), error: some }),
});
export const unsubscribes = suppressions('unsubscribes', {
  what: 'have unsubscribed',
  fact: like({ address: 'alice@example.com' }, { tags: ['*'], created_at }),
  input: given({}, { tag: some }),
});
export const complaints = suppressions('complaints', {
  what: 'have complained of spam',
  fact: like({ address: 'alice@example.com' }, { created_at }),
  input: given({}),
});
