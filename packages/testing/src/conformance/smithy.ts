/**
 * Smithy models in their JSON form, as far as the HTTP bindings of REST protocols: method, path, query, headers, and what
 * the body is. XML bodies themselves are not compared.
 * @see https://smithy.io/2.0/spec/http-bindings.html (2026-11-20)
 */
import {
  describe,
  type DescribedBody,
  type DescribedOperation,
  type DescribedParameter,
  type Description,
} from './description.ts';
import { isNode, textOf, type Node } from './json-schema.ts';

const trait = (name: string) => `smithy.api#${name}`;

export function isSmithy(document: Node): boolean {
  return String(document['smithy']).startsWith('2.') && isNode(document['shapes']);
}

export function readSmithy(source: string, document: Node): Description {
  const shapes = document['shapes'] as Readonly<Record<string, Node>>;
  const operations = Object.values(shapes).flatMap((shape): DescribedOperation[] => {
    const http = traitsOf(shape)[trait('http')];
    return shape['type'] === 'operation' && isNode(http) ? [readOperation(shapes, shape, http)] : [];
  });
  return describe(source, document, operations);
}

function readOperation(shapes: Readonly<Record<string, Node>>, shape: Node, http: Node): DescribedOperation {
  const [path = '', literals = ''] = String(http['uri']).split('?');
  const members = Object.entries((targetOf(shapes, shape['input'])?.['members'] ?? {}) as Record<string, Node>);
  const payload = members.map(([, member]) => member).find((member) => trait('httpPayload') in traitsOf(member));
  return {
    method: String(http['method']),
    // `{key+}` stands for several segments.
    path: path.replaceAll(/\{(\w+)\+\}/g, '{+$1}'),
    // Where the service lives is a set of rules, not a list.
    hosts: [],
    parameters: [
      ...members.flatMap(([name, member]) => readParameter(shapes, name, member)),
      ...[...new URLSearchParams(literals)].flatMap(([name, value]) => literal(name, value)),
    ],
    bodies: payload === undefined ? [] : [bodyOf(shapes, payload)],
    bodyRequired: payload !== undefined && trait('required') in traitsOf(payload),
  };
}

function readParameter(shapes: Readonly<Record<string, Node>>, label: string, member: Node): DescribedParameter[] {
  const traits = traitsOf(member);
  const required = trait('required') in traits;
  const schema = schemaOf(targetOf(shapes, member));
  if (trait('httpLabel') in traits) return [{ name: label, place: 'path', required, schema }];
  const [query, header] = [textOf(traits[trait('httpQuery')]), textOf(traits[trait('httpHeader')])];
  if (query !== undefined) return [{ name: query, place: 'query', required, schema }];
  return header === undefined ? [] : [{ name: header, place: 'header', required, schema }];
}

/** A part of the path template that tells one operation from another; `x-id` is for the logs of AWS's own SDKs. */
function literal(name: string, value: string): DescribedParameter[] {
  if (name === 'x-id') return [];
  return [{ name, place: 'query', required: true, ...(value !== '' && { schema: { enum: [value] } }) }];
}

function bodyOf(shapes: Readonly<Record<string, Node>>, payload: Node): DescribedBody {
  return { mediaType: targetOf(shapes, payload)?.['type'] === 'structure' ? 'application/xml' : '*/*' };
}

/** What a text in an address must be. */
function schemaOf(shape: Node | undefined): unknown {
  switch (shape?.['type']) {
    case 'integer':
    case 'long':
      return { type: 'integer' };
    case 'boolean':
      return { type: 'boolean' };
    case 'enum':
      return { enum: enumValues(shape) };
    default:
      return undefined;
  }
}

function enumValues(shape: Node): unknown[] {
  return Object.values((shape['members'] ?? {}) as Record<string, Node>).map(
    (member) => traitsOf(member)[trait('enumValue')],
  );
}

function targetOf(shapes: Readonly<Record<string, Node>>, reference: unknown): Node | undefined {
  const target = isNode(reference) ? textOf(reference['target']) : undefined;
  return target === undefined ? undefined : shapes[target];
}

function traitsOf(shape: Node): Node {
  return isNode(shape['traits']) ? shape['traits'] : {};
}
