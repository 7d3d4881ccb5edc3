/** A vendor's published description, whatever its format, as what a check needs to know. */
import { compileSchema, type CheckValue, type Node, type SchemaUse } from './json-schema.ts';

export interface DescribedParameter {
  readonly name: string;
  readonly place: 'path' | 'query' | 'header';
  readonly required: boolean;
  /** Undefined when the description does not say. */
  readonly schema?: unknown;
  /** `filter[name]=...`: members of one object. */
  readonly deep?: boolean;
}

export interface DescribedBody {
  readonly mediaType: string;
  readonly schema?: unknown;
}

export interface DescribedAnswer {
  /** `200`, `4XX` or `default`. */
  readonly status: string;
  /** Empty when nothing is said about a body. */
  readonly bodies: readonly DescribedBody[];
}

export interface DescribedOperation {
  readonly method: string;
  /** The whole path, base included: `/v1/lists/{id}`. */
  readonly path: string;
  /** Empty when the description names none. */
  readonly hosts: readonly string[];
  readonly parameters: readonly DescribedParameter[];
  readonly bodies: readonly DescribedBody[];
  readonly bodyRequired: boolean;
  /** Undefined when the description knows requests only. */
  readonly answers?: readonly DescribedAnswer[];
}

export interface Description {
  /** File name, for messages. */
  readonly source: string;
  readonly operations: readonly DescribedOperation[];
  /** Judges a request by its body alone, where the vendor has one address for everything (GraphQL). */
  readonly exchange?: (exchange: { readonly body: unknown; readonly answer: unknown }) => string[];
  /** Compiles a schema of an operation above. */
  check(schema: unknown, use: SchemaUse): CheckValue;
}

export function describe(source: string, document: Node, operations: readonly DescribedOperation[]): Description {
  const compiled = new Map<string, Map<unknown, CheckValue>>();
  return {
    source,
    operations,
    check(schema, use) {
      const key = `${use.side} ${use.texts === true} ${use.excerpt === true}`;
      const known = compiled.get(key) ?? new Map<unknown, CheckValue>();
      compiled.set(key, known);
      const check = known.get(schema) ?? compileSchema(document, schema, use);
      known.set(schema, check);
      return check;
    },
  };
}

export interface FoundOperation {
  readonly operation: DescribedOperation;
  /** Values of the path's parameters, decoded. */
  readonly values: Readonly<Record<string, string>>;
}

/** Operations for a method and address, of the most literal path. The host is judged apart. */
export function findOperations({ operations }: Description, method: string, url: URL): readonly FoundOperation[] {
  const matches = operations.flatMap((operation): FoundOperation[] => {
    const values = operation.method === method ? matchPath(operation.path, url.pathname) : undefined;
    return values === undefined ? [] : [{ operation, values }];
  });
  const count = ({ values }: FoundOperation) => Object.keys(values).length;
  const fewest = Math.min(...matches.map(count));
  return matches.filter((match) => count(match) === fewest);
}

/** True when the address is on a host that the description names; `{part}` stands for any text in it. */
export function isOnHost({ hosts }: DescribedOperation, url: URL): boolean {
  return hosts.length === 0 || hosts.some((host) => matchText(host, url.host) !== undefined);
}

function matchPath(template: string, path: string): Record<string, string> | undefined {
  // Descriptions have a thousand paths: both ends are compared before a pattern is made.
  const fits = path.startsWith(template.split('{', 1)[0]!) && `${path}/`.includes(`${template.split('}').at(-1)!}/`);
  if (!fits) return undefined;
  const found = matchText(template, path);
  return found && Object.fromEntries(Object.entries(found).map(([name, value]) => [name, decodeURIComponent(value)]));
}

/** `{+name}` (RFC 6570 section 3.2.3) also stands for several segments. */
function matchText(template: string, value: string): Record<string, string> | undefined {
  const names: string[] = [];
  const pattern = template.split(/(\{[^{}]*\})/).map((part, index) => {
    if (index % 2 === 0) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    names.push(part.replaceAll(/[{}+]/g, ''));
    return part.startsWith('{+') ? '(.+)' : '([^/]+)';
  });
  const match = new RegExp(`^${pattern.join('')}/?$`).exec(value);
  return match === null ? undefined : Object.fromEntries(names.map((name, index) => [name, match[index + 1] ?? '']));
}
