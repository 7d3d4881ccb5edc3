import { parseJson } from './json.ts';

/** Nothing inside a memory store is reachable through what went in or came out. */
export function copyOf<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, copyValue(value)])) as T;
}

function copyValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return new Date(value);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  return parseJson(JSON.stringify(value));
}
