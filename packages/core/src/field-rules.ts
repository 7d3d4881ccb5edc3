/** Small rules for the fields of our own inputs, and the check that applies them. Values are never quoted. */
import { invalidInput, type FieldIssue } from './errors.ts';

/** Says what is wrong with a value; undefined when nothing is. */
export type Rule = (value: unknown) => string | undefined;
export type Rules<T> = { readonly [Field in keyof T]-?: Rule };

/** The years 1 to 9999, which ISO 8601 and every database can hold. */
const earliestMs = -62_135_596_800_000;
const latestMs = 253_402_300_799_999;
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Each field must be accepted by its rule, and fields without a rule are refused.
 * @throws PlugboardError kind `invalid_request`, code `invalid_input`, with one entry in `fields` for each refused field.
 */
export function checkFields<T extends object>(subject: string, value: T, rules: Rules<T>): void {
  if (!isPlainObject(value)) throw invalidInput(subject, [{ path: '', message: 'must be an object' }]);
  if (isAccepted(value, rules)) return;
  const known = Object.entries<Rule>(rules).map(([path, rule]) => ({ path, message: rule(value[path]) }));
  const unknown = Object.keys(value).filter((path) => !Object.hasOwn(rules, path));
  const issues: FieldIssue[] = [
    ...known.filter((issue): issue is FieldIssue => issue.message !== undefined),
    ...unknown.map((path) => ({ path, message: 'is not a field of this input' })),
  ];
  if (issues.length > 0) throw invalidInput(subject, issues);
}

/** The same where fields may be left out, which is not the same as to be undefined. */
export function checkGiven<T extends object>(subject: string, value: Partial<T>, rules: Rules<T>): void {
  if (isPlainObject(value) && areGiven(value, rules)) return;
  const given = Object.entries(rules).filter(([field]) => Object.hasOwn(Object(value) as object, field));
  checkFields(subject, value, Object.fromEntries(given) as Rules<Partial<T>>);
}

function areGiven(value: Readonly<Record<string, unknown>>, rules: Readonly<Record<string, Rule>>): boolean {
  return Object.keys(value).every((path) => Object.hasOwn(rules, path) && rules[path]!(value[path]) === undefined);
}

/** Whether there is nothing to say: nearly always, so that no list is made of it. */
function isAccepted(value: Readonly<Record<string, unknown>>, rules: Readonly<Record<string, Rule>>): boolean {
  for (const path in rules) if (rules[path]!(value[path]) !== undefined) return false;
  for (const path of Object.keys(value)) if (!Object.hasOwn(rules, path)) return false;
  return true;
}

export function nullable(rule: Rule): Rule {
  return (value) => (value === null ? undefined : rule(value));
}

export function optional(rule: Rule): Rule {
  return (value) => (value === undefined ? undefined : rule(value));
}

export function oneOf(values: readonly string[]): Rule {
  return (value) => (values.includes(value as string) ? undefined : `must be one of ${values.join(', ')}`);
}

export function flag(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'must be true or false';
}

/** Both bounds included; the default upper one is that of four-byte integers. */
export function integer(smallest: number, largest = 2 ** 31 - 1): Rule {
  const message = `must be a whole number from ${smallest} to ${largest}`;
  return (value) => {
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= smallest && value <= largest;
    return fits ? undefined : message;
  };
}

/** A text of at most `longest` UTF-16 units that every database can hold. */
export function text(longest: number, options: { readonly empty?: boolean } = {}): Rule {
  return (value) => {
    if (typeof value !== 'string') return 'must be a text';
    if (value === '' && options.empty !== true) return 'must not be empty';
    if (value.length > longest) return `must have at most ${longest} characters`;
    return storable(value);
  };
}

export function date(value: unknown): string | undefined {
  const time = value instanceof Date ? value.getTime() : Number.NaN;
  return time >= earliestMs && time <= latestMs ? undefined : 'must be a date of the years 1 to 9999';
}

export function bytes(most: number): Rule {
  return (value) => {
    if (!(value instanceof Uint8Array) || value.length === 0) return 'must be bytes, at least one';
    return value.length <= most ? undefined : `must have at most ${most} bytes`;
  };
}

export function list(most: number, rule: Rule): Rule {
  return (value) => {
    if (!Array.isArray(value) || value.length > most) return `must be a list of at most ${most} entries`;
    return firstProblem(value, rule);
  };
}

/** A plain object of JSON values, at most `longest` characters as JSON. Members that are undefined count as absent. */
export function jsonObject(longest: number, deepest: number): Rule {
  return (value) => {
    if (!isPlainObject(value)) return 'must be a JSON object';
    const problem = jsonProblem(value, deepest);
    if (problem !== undefined) return problem;
    return JSON.stringify(value).length <= longest ? undefined : `must have at most ${longest} characters as JSON`;
  };
}

function jsonProblem(value: unknown, levels: number): string | undefined {
  if (value === null || value === undefined || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'must hold finite numbers only';
  if (typeof value === 'string') return storable(value);
  if (levels === 0) return 'is nested too deep';
  if (Array.isArray(value)) return firstProblem(value, (item) => jsonProblem(item, levels - 1));
  if (!isPlainObject(value)) return 'must hold JSON values only';
  const keys = Object.keys(value);
  if (keys.some((key) => forbiddenKeys.has(key))) return 'must not have a key that reaches a prototype';
  return firstProblem(keys, storable) ?? firstProblem(Object.values(value), (item) => jsonProblem(item, levels - 1));
}

/** Databases refuse NUL, and half a surrogate pair has no UTF-8. Anything else is kept as it is, never normalised. */
function storable(value: unknown): string | undefined {
  const held = typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
  return held ? undefined : 'must not contain NUL or half of a surrogate pair';
}

function firstProblem(values: readonly unknown[], rule: Rule): string | undefined {
  for (const value of values) {
    const problem = rule(value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
