/** The limits of a provider's calls, so that every process knows each by the same name. */
import type { Endpoint } from './endpoint.ts';
import type { AnyDefinition } from './provider.ts';
import type { Schema } from './schema.ts';
import type { RateLimit } from './transport/transport.ts';

type Declared = Pick<Endpoint<Schema, Schema, unknown>, 'limits'>;

/** The limits that a call of an endpoint is counted in; without one, those of every call. */
export type LimitsOf = (endpoint?: Declared) => readonly RateLimit[];

/** Within a process a limit is the object that was declared: two of the same numbers are two, one of two endpoints is one. */
export function createLimitsOf(definition: AnyDefinition): LimitsOf {
  const always = definition.api.limits ?? [];
  const known = new WeakMap<readonly RateLimit[], readonly RateLimit[]>();
  let named: ReadonlyMap<RateLimit, RateLimit> | undefined;
  return ({ limits } = {}) => {
    if (limits === undefined) return always;
    const before = known.get(limits);
    if (before !== undefined) return before;
    const names = (named ??= nameAlike(definition));
    const all = [...always, ...limits.map((limit) => names.get(limit) ?? limit)];
    known.set(limits, all);
    return all;
  };
}

/** Those of which another has the same numbers, each named by the first operation that it holds for. */
function nameAlike({ api, operations }: AnyDefinition): ReadonlyMap<RateLimit, RateLimit> {
  const firsts = new Map<RateLimit, string>();
  for (const limit of api.limits ?? []) firsts.set(limit, '');
  for (const [group, declarations] of Object.entries(operations)) {
    for (const [name, declared] of Object.entries(declarations as Readonly<Record<string, Declared>>)) {
      for (const limit of declared.limits ?? []) if (!firsts.has(limit)) firsts.set(limit, `${group}.${name}`);
    }
  }
  const counts = new Map<string, number>();
  for (const limit of firsts.keys()) counts.set(numbersOf(limit), (counts.get(numbersOf(limit)) ?? 0) + 1);
  const named = [...firsts].filter(([limit, first]) => first !== '' && counts.get(numbersOf(limit))! > 1);
  return new Map(named.map(([limit, name]) => [limit, { name, ...limit }]));
}

function numbersOf({ requests, perMs, counts = 'requests', per = 'connection', concurrency = 0 }: RateLimit): string {
  return `${requests}/${perMs}/${concurrency} ${counts} ${per}`;
}
