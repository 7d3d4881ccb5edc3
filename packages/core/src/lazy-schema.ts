/**
 * Schemas that are made when they are first used. A provider declares hundreds, and a process that imports it may use a
 * handful: to make them all takes longer than everything else at import.
 */

import { globalRegistry, type ZodType } from 'zod';

/** Reads the schema behind a stand-in. A symbol of the registry, so that two copies of this file know each other's. */
const made = Symbol.for('plugboard.schema');

/** Methods that derive a schema from a schema: they wait too. Everything else that is asked of a stand-in makes it. */
const derives: ReadonlySet<PropertyKey> = new Set([
  'and',
  'array',
  'catch',
  'check',
  'default',
  'endsWith',
  'exactOptional',
  'extend',
  'length',
  'max',
  'meta',
  'min',
  'multipleOf',
  'nullable',
  'nullish',
  'omit',
  'optional',
  'or',
  'partial',
  'pick',
  'pipe',
  'positive',
  'prefault',
  'refine',
  'regex',
  'required',
  'startsWith',
  'superRefine',
  'toLowerCase',
  'toUpperCase',
  'transform',
  'trim',
]);

interface Standing {
  readonly make: () => object;
  /** Of a schema: what zod keeps for itself. */
  readonly inner?: () => object;
}

/**
 * Stands in for the schema that `make` makes, and is it in every respect but identity: a map knows only what `schemaOf`
 * gives. `make` runs once, at the first use; what is wrong with the declaration is thrown then.
 */
export function lazySchema<S extends object>(make: () => S): S {
  let schema: S | undefined;
  let view: object | undefined;
  const target: Standing = {
    make: () => (schema ??= schemaOf(make())),
    inner: () => (view ??= viewOf(proxy as unknown as ZodType, target.make() as ZodType)),
  };
  const proxy = new Proxy(target, standIn);
  return proxy as unknown as S;
}

/**
 * What zod reads of a stand-in that somebody put into a schema of zod's own: there the writer of JSON Schema and the
 * registry of notes look things up by identity, so both learn that these two are one.
 */
function viewOf(proxy: ZodType, schema: ZodType): object {
  const notes = schema.meta();
  if (notes !== undefined) globalRegistry.add(proxy, notes);
  const write = (schema._zod as unknown as { processJSONSchema?: Writer }).processJSONSchema;
  if (write === undefined) return schema._zod;
  const processJSONSchema: Writer = (context, ...rest) => {
    if (!context.seen.has(schema)) context.seen.set(schema, context.seen.get(proxy));
    write(context, ...rest);
  };
  return Object.create(schema._zod, { processJSONSchema: { value: processJSONSchema } }) as object;
}

type Writer = (context: { readonly seen: Map<object, unknown> }, ...rest: unknown[]) => void;

/** A function that makes schemas, as one whose schemas are made at first use. */
export function lazily<F>(make: F): F {
  const call = make as (...args: unknown[]) => object;
  return ((...args: unknown[]) => lazySchema(() => call(...args.map(settle)))) as F;
}

/** Stands in for an object that is no schema: whatever is asked of it makes it. */
const reader: ProxyHandler<Standing> = {
  get: ({ make }, key) => (key === made ? make() : (Reflect.get(make(), key) as unknown)),
  has: ({ make }, key) => Reflect.has(make(), key),
  ownKeys: ({ make }) => Reflect.ownKeys(make()),
  getOwnPropertyDescriptor({ make }, key) {
    const found = Reflect.getOwnPropertyDescriptor(make(), key);
    // The stand-in itself has none of them, and a proxy may not call them fixed.
    return found && { ...found, configurable: true };
  },
  getPrototypeOf: ({ make }) => Reflect.getPrototypeOf(make()),
};

const standIn: ProxyHandler<Standing> = {
  ...reader,
  get({ make, inner }, key) {
    if (key === made) return make();
    if (key === '_zod') return inner?.();
    // Often read only to extend another object.
    if (key === 'shape') return new Proxy<Standing>({ make: () => Reflect.get(make(), key) as object }, reader);
    if (!derives.has(key)) return Reflect.get(make(), key) as unknown;
    return (...args: unknown[]) => {
      // Without arguments it reads what was written, and gives no schema.
      if (key === 'meta' && args.length === 0) return derive(make(), key, args);
      return lazySchema(() => derive(make(), key, args.map(settle)));
    };
  },
};

function derive(schema: object, key: PropertyKey, args: readonly unknown[]): object {
  return (Reflect.get(schema, key) as (...args: unknown[]) => object).apply(schema, [...args]);
}

/** The schema itself, of a stand-in or of what is none: what other schemas are made of is asked for often. */
export function schemaOf<S extends object>(schema: S): S {
  return (schema as { readonly [made]?: S })[made] ?? schema;
}

/** An argument with the schemas themselves: members of an object, items of a list. Getters stay for whom they wait. */
function settle(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const schema = schemaOf(value);
  if (schema !== value) return schema;
  if (Array.isArray(value)) return value.map((item) => settle(item));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const settled = {};
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    const { get } = property;
    Object.defineProperty(
      settled,
      name,
      get === undefined
        ? { ...property, value: settle(property.value) }
        : { ...property, get: () => settle(get.call(value)) },
    );
  }
  return settled;
}
