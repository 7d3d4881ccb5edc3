/** A value that a schema accepts, from the examples inside the schema: declared once, it serves as type and as answer. */
import { configurationError } from './errors.ts';
import { at, member, text, type Json, type JsonObject } from './json.ts';
import { jsonSchemaOf, type Schema } from './schema.ts';

/**
 * Undefined where the schema takes no value, or says nothing of its form.
 * @throws PlugboardError kind `configuration`, code `no_example`, naming the member that neither carries an example nor
 * has a form (a constant, an enumeration, a format) that gives one.
 */
export function exampleOf(schema: Schema): Json | undefined {
  const root = jsonSchemaOf(schema);
  return root === undefined ? undefined : read(root, { root, path: '' });
}

interface Place {
  readonly root: JsonObject;
  readonly path: string;
}

/** What a text of that format looks like (JSON Schema validation, section 7.3). */
const formats: Readonly<Record<string, string>> = {
  'date-time': '2026-11-20T10:00:00Z',
  date: '2026-11-20',
  time: '10:00:00Z',
  email: 'ada@example.com',
  uri: 'https://example.com/',
  uuid: '0190a5f2-7c1e-7d3a-9b4f-2f6d8c1e5a70',
};

function read(schema: Json, place: Place): Json | undefined {
  // Null is an example like any other: many vendors show it.
  for (const given of [at(schema, 'examples', 0), member(schema, 'const'), at(schema, 'enum', 0)])
    if (given !== undefined) return given;
  const fallback = member(schema, 'default');
  if (fallback !== undefined) return fallback;
  const reference = member(schema, '$ref');
  if (typeof reference === 'string') return read(resolve(place.root, reference), place);
  const arms = (member(schema, 'oneOf') ?? member(schema, 'anyOf')) as readonly Json[] | undefined;
  if (arms !== undefined) return read(arms.find((arm) => member(arm, 'type') !== 'null') ?? null, place);
  const parts = member(schema, 'allOf') as readonly Json[] | undefined;
  if (parts !== undefined) {
    return Object.assign({}, ...parts.map((part) => read(part, place))) as Json;
  }
  return ofType(schema, place);
}

function ofType(schema: Json, place: Place): Json | undefined {
  switch (text(member(schema, 'type')) ?? '') {
    case 'object':
      return readObject(schema, place);
    case 'array':
      return readArray(schema, place);
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return (member(schema, 'minimum') as number | undefined) ?? noExample(place);
    case 'string':
      return formats[text(member(schema, 'format')) ?? ''] ?? noExample(place);
    case 'null':
      return null;
    default:
      // A schema that takes anything says nothing of its form.
      return undefined;
  }
}

/** Every required member, and each optional one that has an example of its own. */
function readObject(schema: Json, place: Place): Json {
  const required = (member(schema, 'required') ?? []) as readonly string[];
  const properties = Object.entries((member(schema, 'properties') ?? {}) as JsonObject);
  const members = properties.flatMap(([name, property]): [string, Json][] => {
    const inside = { ...place, path: place.path === '' ? name : `${place.path}.${name}` };
    if (!required.includes(name) && !showsItself(property)) return [];
    const value = read(property, inside);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(members);
}

/** Whether an optional member carries an example, in itself or in what it holds. */
function showsItself(schema: Json): boolean {
  if (Array.isArray(schema)) return schema.some(showsItself);
  if (typeof schema !== 'object' || schema === null) return false;
  if (member(schema, 'examples') !== undefined) return true;
  const holders = ['properties', 'items', 'prefixItems', 'anyOf', 'oneOf', 'allOf'] as const;
  return holders.some((name) => {
    const held = member(schema, name);
    if (held === undefined) return false;
    return name === 'properties' ? Object.values(held as JsonObject).some(showsItself) : showsItself(held);
  });
}

function readArray(schema: Json, place: Place): Json {
  const tuple = member(schema, 'prefixItems') as readonly Json[] | undefined;
  if (tuple !== undefined) return tuple.map((item, index) => read(item, within(place, index)) ?? null);
  const items = member(schema, 'items');
  const item = items === undefined ? undefined : read(items, within(place, 0));
  return item === undefined ? [] : [item];
}

function within(place: Place, index: number): Place {
  return { ...place, path: `${place.path}[${index}]` };
}

/** `#/$defs/name`: the only references that schema libraries write for a schema of their own. */
function resolve(root: JsonObject, reference: string): Json {
  return (
    at(
      root,
      ...reference
        .replace(/^#\/?/, '')
        .split('/')
        .filter((part) => part !== ''),
    ) ?? {}
  );
}

function noExample({ path }: Place): never {
  throw configurationError(
    'no_example',
    `The schema shows no example at \`${path || '(root)'}\`.`,
    'Write the member as a true value with like() or given(), or add .meta({ examples: [...] }).',
  );
}
