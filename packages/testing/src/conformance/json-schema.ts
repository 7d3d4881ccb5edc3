/**
 * Schemas of vendors' descriptions as JSON Schema that a validator can compile: what OpenAPI 3.0, Swagger 2 and Google
 * discovery write in their own way, in one place. Only what a schema reaches is carried along.
 */
import addFormats from 'ajv-formats';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';

/** A node of a description: anything JSON. */
export type Node = { readonly [key: string]: unknown };

/** What a value is: a part of a request that we write, or of an answer that the vendor writes. */
export type Side = 'request' | 'answer';

export interface SchemaUse {
  readonly side: Side;
  /** Values are texts, as in a query or form, and stand for numbers and booleans. */
  readonly texts?: boolean;
  /** Nothing is required: the value is an excerpt. */
  readonly excerpt?: boolean;
}

/** Says what is wrong with a value; empty when nothing is. Values are not quoted. */
export type CheckValue = (value: unknown) => readonly string[];

/** Compiles a schema of the document that it points into. */
export function compileSchema(document: Node, schema: unknown, use: SchemaUse): CheckValue {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    logger: false,
    validateSchema: false,
    unicodeRegExp: false,
    // Each validator sees a value or two: making it faster costs more than it saves.
    code: { optimize: false },
    inlineRefs: false,
    coerceTypes: use.texts === true ? 'array' : false,
  });
  addFormats.default(ajv);
  const validate = ajv.compile(selfContained(document, schema, use)) as ValidateFunction;
  return (value) => {
    // Coercion writes into its input.
    const copy: unknown = value === undefined ? undefined : structuredClone(value);
    return validate(copy) ? [] : [...new Set((validate.errors ?? []).map(describeError))];
  };
}

function describeError({ instancePath, keyword, message, params }: ErrorObject): string {
  const name = textOf(params['unevaluatedProperty'] ?? params['additionalProperty']);
  const detail = name === undefined ? (message ?? keyword) : `\`${name}\` is not described`;
  return `${instancePath === '' ? '(root)' : instancePath}: ${detail}`;
}

function selfContained(document: Node, schema: unknown, { side, excerpt = false }: SchemaUse): Node {
  const definitions: Record<string, unknown> = {};
  const names = new Map<string, string>();
  const waiting: string[] = [];
  const nameOf = (pointer: string): string => {
    const known = names.get(pointer);
    if (known !== undefined) return known;
    const name = `d${names.size}`;
    names.set(pointer, name);
    waiting.push(pointer);
    return name;
  };
  const root = normalise(schema, { side, excerpt, nameOf, closed: true });
  for (let pointer = waiting.pop(); pointer !== undefined; pointer = waiting.pop()) {
    // A definition may be one part of a composition, so what it leaves open is closed where it is used.
    const part = resolvePointer(document, pointer);
    definitions[nameOf(pointer)] = normalise(part, { side, excerpt, nameOf, closed: false });
  }
  return { ...(root as Node), $defs: definitions };
}

interface Context {
  readonly side: Side;
  readonly excerpt: boolean;
  readonly nameOf: (pointer: string) => string;
  /** True where nothing else adds members to the same object. */
  readonly closed: boolean;
}

const annotations = new Set([
  'example',
  'examples',
  'default',
  'discriminator',
  'xml',
  'externalDocs',
  'description',
  'title',
  'deprecated',
  'enumDescriptions',
  '$schema',
  'id',
]);
const compositions = ['allOf', 'anyOf', 'oneOf'] as const;

function normalise(schema: unknown, context: Context): unknown {
  if (typeof schema === 'boolean' || !isNode(schema)) return schema ?? true;
  const { side, excerpt, nameOf, closed } = context;
  const inside = { ...context, closed: true };
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (annotations.has(key) || key.startsWith('x-')) continue;
    if (key === '$ref') result['$ref'] = `#/$defs/${nameOf(String(value))}`;
    else if (key === 'properties' || key === 'patternProperties')
      result[key] = mapValues(value, (item) => normalise(item, inside));
    else if (key === 'items' && Array.isArray(value))
      result['prefixItems'] = value.map((item) => normalise(item, inside));
    else if (key === 'items' || key === 'additionalProperties' || key === 'not') result[key] = normalise(value, inside);
    else if (key === 'allOf' || key === 'anyOf' || key === 'oneOf') {
      // Alternatives of real descriptions overlap (a number or any text), which `oneOf` forbids.
      const name = key === 'oneOf' && schema['anyOf'] === undefined ? 'anyOf' : key;
      result[name] = (value as unknown[]).map((item) => normalise(item, { ...context, closed: false }));
    } else result[key] = value;
  }
  fixType(result, schema);
  fixBounds(result);
  fixPattern(result);
  if (Array.isArray(result['required']) && !excerpt) result['required'] = requiredOn(side, schema);
  else delete result['required'];
  if (closed && side === 'request' && mayClose(result)) result['unevaluatedProperties'] = false;
  return schema['nullable'] === true ? orNull(result) : result;
}

/** A request must not carry names that the description does not know; it says nothing about objects without names. */
function mayClose(schema: Node): boolean {
  if (schema['additionalProperties'] !== undefined || schema['unevaluatedProperties'] !== undefined) return false;
  return (
    schema['properties'] !== undefined ||
    schema['$ref'] !== undefined ||
    compositions.some((key) => schema[key] !== undefined)
  );
}

function orNull(schema: Record<string, unknown>): Node {
  return { anyOf: [schema, { type: 'null' }] };
}

function fixType(result: Record<string, unknown>, schema: Node): void {
  delete result['nullable'];
  // Discovery says `any`, Swagger 2 says `file`: both are no constraint on JSON.
  if (schema['type'] === 'any' || schema['type'] === 'file') delete result['type'];
  if (schema['repeated'] === true) {
    const { type, enum: values, pattern, format } = result;
    for (const key of Object.keys(result)) delete result[key];
    Object.assign(result, {
      type: 'array',
      items: { type, ...(values !== undefined && { enum: values }), pattern, format },
    });
  }
}

/** OpenAPI 3.0 keeps the booleans of JSON Schema draft 4; discovery documents write bounds as texts. */
function fixBounds(result: Record<string, unknown>): void {
  for (const bound of ['minimum', 'maximum']) {
    if (typeof result[bound] === 'string') result[bound] = Number(result[bound]);
  }
  for (const [flag, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof result[flag] !== 'boolean') continue;
    const exclusive = result[flag];
    delete result[flag];
    if (!exclusive) continue;
    result[flag] = result[bound];
    delete result[bound];
  }
}

/** Patterns of other regular expression dialects constrain nothing here. */
function fixPattern(result: Record<string, unknown>): void {
  const pattern = textOf(result['pattern']);
  if (pattern === undefined) return void delete result['pattern'];
  try {
    new RegExp(pattern);
  } catch {
    delete result['pattern'];
  }
}

/** What only the vendor writes is not required of us, and the other way round. */
function requiredOn(side: Side, schema: Node): readonly unknown[] {
  const foreign = side === 'request' ? 'readOnly' : 'writeOnly';
  const properties = isNode(schema['properties']) ? schema['properties'] : {};
  return (schema['required'] as unknown[]).filter((name) => {
    const property = properties[String(name)];
    return !(isNode(property) && property[foreign] === true);
  });
}

/** The target of a `$ref` in this document. @throws Error when there is none. */
function resolvePointer(document: Node, reference: string): unknown {
  // Discovery documents name a schema without a path.
  const pointer = reference.startsWith('#/') ? reference.slice(2) : `schemas/${reference}`;
  let current: unknown = document;
  for (const part of pointer.split('/')) {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    current = isNode(current) || Array.isArray(current) ? (current as Node)[name] : undefined;
  }
  if (current === undefined) throw new Error(`the description has no ${reference}`);
  return current;
}

/** The node itself, or the one that it refers to. */
export function dereference(document: Node, node: unknown): Node {
  const target = isNode(node) && typeof node['$ref'] === 'string' ? resolvePointer(document, node['$ref']) : node;
  if (isNode(target) && typeof target['$ref'] === 'string') return dereference(document, target);
  return isNode(target) ? target : {};
}

/** The value when it is a text. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapValues(value: unknown, map: (item: unknown) => unknown): Node {
  return isNode(value) ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, map(item)])) : {};
}
