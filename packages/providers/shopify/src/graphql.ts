/** GraphQL documents written as the answers they give: one sample is the selection, the schema and the example. */
import { at, text, vendorErrors, type Answer, type Failure, type Json } from '@plugboard/core';
import { like, type Members, z } from '@plugboard/core/fields';

export const route = 'POST /graphql.json';

/** Global ids name their type. */
export const gid = (type: string) =>
  z.string().regex(new RegExp(`^gid://shopify/${type}/[\\w-]+$`), { error: `must be gid://shopify/${type}/...` });
export const id = (type: string, number = '1001') => gid(type).meta({ examples: [`gid://shopify/${type}/${number}`] });
export const cursor = z.string().min(1);

type Variables = Readonly<Record<string, string>>;

/** Members of a sample as a selection set; `args` holds the arguments of fields by their name. */
function select(sample: Members, args: Readonly<Record<string, string>> = {}): string {
  const fields = Object.entries(sample).map(([name, value]) => {
    const [inner] = Array.isArray(value) ? (value as readonly unknown[]) : [value];
    const isObject = typeof inner === 'object' && inner !== null && !(inner instanceof z.ZodType);
    return `${name}${args[name] ?? ''}${isObject ? ` { ${select(inner as Members, args)} }` : ''}`;
  });
  return fields.join(' ');
}

interface Operation {
  readonly kind: 'query' | 'mutation';
  readonly field: string;
  readonly variables: Variables;
  /** Behind the arguments of the field. */
  readonly directive?: string;
}

function document({ kind, field, variables, directive = '' }: Operation, selection: string): string {
  const names = Object.keys(variables);
  const passed = names.filter((name) => !directive.includes(`$${name}`));
  const list = (items: readonly string[]) => (items.length === 0 ? '' : `(${items.join(', ')})`);
  const declared = list(names.map((name) => `$${name}: ${variables[name] ?? ''}`));
  return `${kind} ${field}${declared} { ${field}${list(passed.map((name) => `${name}: $${name}`))}${directive} { ${selection} } }`;
}

/** Documents are written when a call is made: to tell a schema from a sample makes it. */
function call<Shape extends z.ZodType>(operation: Operation, selection: () => string, shape: Shape) {
  return {
    encode: (variables: object) => ({ json: { query: document(operation, selection()), variables } }),
    output: z
      .looseObject({ data: z.looseObject({ [operation.field]: shape }) })
      .transform(({ data }) => data[operation.field] as z.output<Shape>),
  };
}

/** One object by its variables. */
export function query<R extends Members, N extends Members>(
  field: string,
  variables: Variables,
  parts: readonly [R, N],
) {
  const [required, nullish] = parts;
  const selection = () => select({ ...required, ...nullish }, lists);
  return { ...call({ kind: 'query', field, variables }, selection, like(required, nullish)), repeat: 'safe' as const };
}

/** Sub-lists are read up to this many; their `pageInfo` tells whether there are more. */
const lists = { lineItems: '(first: 100)', variants: '(first: 100)' };

/** A connection: a page when awaited, all nodes when iterated. */
export function list<R extends Members, N extends Members>(
  field: string,
  variables: Variables,
  parts: readonly [R, N],
) {
  const [required, nullish] = parts;
  const selection = () => `nodes { ${select({ ...required, ...nullish }, lists)} } pageInfo { hasNextPage endCursor }`;
  const page = like({
    nodes: [like(required, nullish)],
    pageInfo: like({ hasNextPage: true }, { endCursor: 'eyJsYXN0X2lkIjoxfQ==' }),
  });
  const all = { first: 'Int!', after: 'String', ...variables };
  return {
    ...call({ kind: 'query', field, variables: all }, selection, page),
    encode: ({ first = 50, ...rest }: { first?: number | undefined }) => ({
      json: { query: document({ kind: 'query', field, variables: all }, selection()), variables: { first, ...rest } },
    }),
    repeat: 'safe' as const,
    paging: {
      items: <Item>(found: { readonly nodes: readonly Item[] }) => found.nodes,
      next: <Input extends object>(
        {
          pageInfo,
        }: { readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string | null | undefined } },
        input: Input,
      ) => (pageInfo.hasNextPage && pageInfo.endCursor ? { ...input, after: pageInfo.endCursor } : undefined),
    },
  };
}

/** A mutation; what it refuses (`userErrors`) is a failure, see `errors`. */
export function mutation<R extends Members>(field: string, variables: Variables, payload: R, directive?: string) {
  const selection = () => `${select(payload, lists)} userErrors { field message }`;
  const shape = like({
    ...payload,
    userErrors: z.array(z.looseObject({ message: z.string() })).meta({ examples: [[]] }),
  });
  return call({ kind: 'mutation', field, variables, ...(directive !== undefined && { directive }) }, selection, shape);
}

/** Refusals of a mutation: https://shopify.dev/docs/api/admin-graphql (2026-10). */
function userErrors(answer: Answer): Failure | undefined {
  const data = at(answer.tryJson(), 'data');
  const payloads = typeof data === 'object' && data !== null ? Object.values(data as Record<string, Json>) : [];
  const first = payloads.map((payload) => at(payload, 'userErrors', 0)).find((found) => found !== undefined);
  if (first === undefined) return undefined;
  const field = at(first, 'field');
  const where = Array.isArray(field) ? `${field.join('.')}: ` : '';
  return {
    kind: 'invalid_request',
    code: 'user_error',
    hint: 'The input is well-formed, and the shop refuses it; see `vendor.message`.',
    vendor: { code: text(at(first, 'code')) ?? 'userErrors', message: where + (text(at(first, 'message')) ?? '') },
  };
}

/** What an id does not find is null and no error. */
function nothing(answer: Answer): Failure | undefined {
  const data = at(answer.tryJson(), 'data');
  if (at(answer.tryJson(), 'errors') !== undefined || typeof data !== 'object' || data === null) return undefined;
  const found = Object.values(data);
  return found.length > 0 && found.every((value) => value === null)
    ? { kind: 'not_found', code: 'not_found' }
    : undefined;
}

/** The bucket says when it will hold enough: https://shopify.dev/docs/api/usage/rate-limits (2026-10). */
function throttled(answer: Answer): Failure | undefined {
  const body = answer.tryJson();
  if (at(body, 'errors', 0, 'extensions', 'code') !== 'THROTTLED') return undefined;
  const cost = at(body, 'extensions', 'cost');
  const [asked, left, rate] = [
    Number(at(cost, 'requestedQueryCost')),
    Number(at(cost, 'throttleStatus', 'currentlyAvailable')),
    Number(at(cost, 'throttleStatus', 'restoreRate')),
  ];
  const wait = rate > 0 && asked > left ? Math.ceil(((asked - left) / rate) * 1000) : 1000;
  return { kind: 'rate_limited', code: 'throttled', retryAfterMs: wait, vendor: { code: 'THROTTLED' } };
}

const failed = (code: string, message: string, more: Record<string, Json> = {}) => ({
  status: 200,
  body: { errors: [{ message, extensions: { code } }], ...more },
});

export const errors = vendorErrors({
  code: (answer) => {
    const first = at(answer.tryJson(), 'errors', 0);
    return first === undefined ? undefined : (text(at(first, 'extensions', 'code')) ?? 'graphql_error');
  },
  message: ['errors', 0, 'message'],
  insideSuccess: true,
  codes: {
    ACCESS_DENIED: { kind: 'permission', hint: 'The app lacks a scope, or approval for protected customer data.' },
    MAX_COST_EXCEEDED: { kind: 'invalid_request', hint: 'Ask for fewer items at once: a query may cost 1000 points.' },
    INTERNAL_SERVER_ERROR: 'unavailable',
    SHOP_INACTIVE: 'permission',
  },
  otherwise: { kind: 'invalid_request', code: 'graphql_error' },
  classify(answer) {
    if (answer.status === 402) return { kind: 'permission', code: 'shop_frozen' };
    if (answer.status === 423) return { kind: 'permission', code: 'shop_locked' };
    return answer.status === 200 ? (throttled(answer) ?? userErrors(answer) ?? nothing(answer)) : undefined;
  },
  examples: {
    invalidCredentials: {
      status: 401,
      body: { errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' },
      is: { kind: 'auth', code: 'unauthorized' },
    },
    missingScope: {
      ...failed('ACCESS_DENIED', 'Access denied for orders field.'),
      is: { kind: 'permission', code: 'access_denied' },
    },
    throttled: {
      ...failed('THROTTLED', 'Throttled', {
        extensions: {
          cost: {
            requestedQueryCost: 202,
            actualQueryCost: null,
            throttleStatus: { maximumAvailable: 1000, currentlyAvailable: 118, restoreRate: 50 },
          },
        },
      }),
      is: { kind: 'rate_limited', code: 'throttled', retryAfterMs: 1680, retryable: true },
    },
    tooExpensive: {
      ...failed('MAX_COST_EXCEEDED', 'Query cost is 2522.'),
      is: { kind: 'invalid_request', code: 'max_cost_exceeded' },
    },
    badDocument: {
      ...failed('undefinedField', "Field 'x' doesn't exist."),
      is: { kind: 'invalid_request', code: 'graphql_error' },
    },
    userError: {
      status: 200,
      body: {
        data: { productCreate: { product: null, userErrors: [{ field: ['title'], message: "Title can't be blank" }] } },
      },
      is: { kind: 'invalid_request', code: 'user_error', retryable: false },
    },
    noSuchId: { status: 200, body: { data: { order: null } }, is: { kind: 'not_found', code: 'not_found' } },
    notFound: { status: 404, body: { errors: 'Not Found' }, is: { kind: 'not_found', code: 'not_found' } },
    frozen: { status: 402, body: { errors: 'Unavailable Shop' }, is: { kind: 'permission', code: 'shop_frozen' } },
    locked: { status: 423, body: { errors: 'Locked' }, is: { kind: 'permission', code: 'shop_locked' } },
    rateLimited: {
      status: 429,
      headers: { 'retry-after': '2' },
      is: { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: 2000 },
    },
    outage: { status: 503, is: { kind: 'unavailable', code: 'unavailable' } },
  },
});
