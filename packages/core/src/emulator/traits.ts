/** What tells one request from another: the names and values of its query and of its body. */
import type { Encoded, QueryValue } from '../endpoint.ts';
import type { Json } from '../json.ts';

export type Traits = ReadonlyMap<string, string>;

export function traitsOfEncoded({ query, json, form, multipart = [] }: Encoded): Traits {
  const parts = new URLSearchParams();
  for (const { name, value, filename } of multipart)
    parts.append(name, filename ?? (typeof value === 'string' ? value : name));
  const body = [...ofQuery('body', form ?? {}), ...ofSearch('body', parts), ...ofJson(json)];
  return new Map([...ofQuery('query', query ?? {}), ...body]);
}

export function traitsOfRequest(
  url: URL,
  body: { readonly json: Json | undefined; readonly form: URLSearchParams },
): Traits {
  return new Map([...ofSearch('query', url.searchParams), ...ofSearch('body', body.form), ...ofJson(body.json)]);
}

/** How much a request looks like an example: shared names and equal values count for it, other names against it. */
export function likeness(example: Traits, request: Traits): number {
  let score = 0;
  for (const [name, value] of request) {
    if (!example.has(name)) score -= 1;
    else score += example.get(name) === value ? 2 : 1;
  }
  for (const name of example.keys()) if (!request.has(name)) score -= 1;
  return score;
}

/** True when the request has every trait. */
export function hasTraits(request: Traits, traits: Traits): boolean {
  return [...traits].every(([name, value]) => request.get(name) === value);
}

/** Traits that are only, or otherwise, in the first. */
export function newTraits(traits: Traits, old: Traits): Traits {
  return new Map([...traits].filter(([name, value]) => old.get(name) !== value));
}

function ofQuery(part: string, record: Readonly<Record<string, QueryValue>>): [string, string][] {
  const given = Object.entries(record).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => [`${part} ${name}`, String(value)]);
}

function ofSearch(part: string, search: URLSearchParams): [string, string][] {
  return [...new Set(search.keys())].map((name) => [`${part} ${name}`, search.getAll(name).join(',')]);
}

/** Objects inside the body are taken apart too: the variables of a GraphQL document, of which only some tell its page. */
function ofJson(json: unknown, path = 'body'): [string, string][] {
  if (!isObject(json)) return [];
  const given = Object.entries(json).filter(([, value]) => value !== undefined);
  return given.flatMap(([name, value]): [string, string][] => {
    if (isObject(value) && Object.keys(value).length > 0) return ofJson(value, `${path} ${name}`);
    return [[`${path} ${name}`, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
