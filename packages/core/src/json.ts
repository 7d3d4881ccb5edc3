import { PlugboardError } from './errors.ts';

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export interface ParseJsonOptions {
  /** Deepest nesting accepted. Default 64. */
  readonly maxDepth?: number;
  /** Return integers beyond 2^53 as strings instead of rounding them: vendors send 64-bit ids as numbers. */
  readonly bigIntegers?: 'string';
}

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * The only JSON parser of the library: bounded depth, keys that could reach a prototype are dropped.
 * @throws PlugboardError kind `invalid_response`, code `not_json` or `json_too_deep`; the text is never quoted.
 */
export function parseJson(text: string, options: ParseJsonOptions = {}): Json {
  if (tooDeep(text, options.maxDepth ?? 64)) {
    throw new PlugboardError({
      kind: 'invalid_response',
      code: 'json_too_deep',
      message: 'The JSON is nested too deep.',
    });
  }
  let value: unknown;
  try {
    value = options.bigIntegers === undefined ? JSON.parse(text) : JSON.parse(text, keepBigIntegers);
  } catch {
    throw new PlugboardError({ kind: 'invalid_response', code: 'not_json', message: 'The text is not valid JSON.' });
  }
  return (mayReachPrototype(text) ? withoutForbiddenKeys(value) : value) as Json;
}

/** One text for one value, whatever order its members were stored in. Members without a value do not count. */
export function canonicalJson(value: Json | undefined): string {
  return JSON.stringify(inOrder(value));
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const entries = Object.entries(value);
  if (entries.length > 1) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, inOrder(item)]));
}

/** The value of an own property of an object; undefined for anything else. */
export function member(value: unknown, key: string): Json | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, Json>)[key];
}

/** Follows own properties and array indexes: `at(body, 'error', 'code')`. */
export function at(value: unknown, ...path: readonly (string | number)[]): Json | undefined {
  let current: unknown = value;
  for (const key of path) current = Array.isArray(current) ? current[Number(key)] : member(current, String(key));
  return current as Json | undefined;
}

/** The value when it is a non-empty string. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A number, or a string of digits as vendors send them, as a finite number. */
export function number(value: unknown): number | undefined {
  const candidate = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof candidate === 'number' && Number.isFinite(candidate) ? candidate : undefined;
}

function keepBigIntegers(_key: string, value: unknown, context?: { source?: string }): unknown {
  const unsafe = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
  return unsafe && context?.source !== undefined && /^-?\d+$/.test(context.source) ? context.source : value;
}

/** Counts brackets outside strings, without recursion, before the parser sees the text. */
function tooDeep(text: string, maxDepth: number): boolean {
  if (!hasMoreBrackets(text, maxDepth)) return false;
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 0x5c) index++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

/** Nothing is nested deeper than it has brackets, and nearly every text has few: a search tells without reading it all. */
function hasMoreBrackets(text: string, most: number): boolean {
  let found = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++found > most) return true;
    }
  }
  return false;
}

/** Cheap test first: a key can also be written with escapes, hence the backslash. */
function mayReachPrototype(text: string): boolean {
  return (
    text.includes('\\u') ||
    // Engines search six characters or less five times as fast as more, and most texts have neither part.
    (text.includes('proto') && (text.includes('__proto__') || text.includes('prototype'))) ||
    (text.includes('struct') && text.includes('constructor'))
  );
}

function withoutForbiddenKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutForbiddenKeys);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !forbiddenKeys.has(key));
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutForbiddenKeys(item)]));
}
