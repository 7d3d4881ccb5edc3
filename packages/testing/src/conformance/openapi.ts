/** OpenAPI 3.0 and 3.1, and Swagger 2.0. */
import {
  describe,
  type DescribedAnswer,
  type DescribedBody,
  type DescribedOperation,
  type DescribedParameter,
  type Description,
} from './description.ts';
import { dereference, isNode, textOf, type Node } from './json-schema.ts';

const methods = ['get', 'post', 'put', 'patch', 'delete'];

export function readOpenApi(source: string, document: Node): Description {
  const operations = operationsOf(document, ({ item, method, path, operation }): DescribedOperation => {
    const servers = [operation['servers'], item['servers'], document['servers']].find(Array.isArray) ?? [];
    const bases = (servers as Node[]).map(({ url }) => splitUrl(String(url)));
    const body = dereference(document, operation['requestBody']);
    return {
      method,
      path: (bases[0]?.path ?? '') + path,
      hosts: bases.flatMap(({ host }) => (host === undefined ? [] : [host])),
      parameters: parametersOf(document, item, operation).flatMap((node) =>
        readParameter(node, node['schema'] ?? anySchema(node)),
      ),
      bodies: bodiesOf(body['content']),
      bodyRequired: body['required'] === true,
      answers: answersOf(document, operation, ({ content }) => bodiesOf(content)),
    };
  });
  return describe(source, document, operations);
}

export function readSwagger(source: string, document: Node): Description {
  const host = document['host'];
  const operations = operationsOf(document, ({ item, method, path, operation }): DescribedOperation => {
    const nodes = parametersOf(document, item, operation);
    const form = nodes.filter((node) => node['in'] === 'formData');
    const json = nodes.find((node) => node['in'] === 'body');
    const consumes = listOf(operation['consumes'] ?? document['consumes']);
    const produces = listOf(operation['produces'] ?? document['produces']);
    return {
      method,
      path: (textOf(document['basePath']) ?? '').replace(/\/$/, '') + path,
      hosts: typeof host === 'string' ? [host] : [],
      // Here a parameter is its own schema.
      parameters: nodes.flatMap((node) => readParameter(node, withoutRequired(node))),
      bodies:
        form.length > 0
          ? consumes.map((mediaType) => ({ mediaType, schema: formSchema(form) }))
          : json
            ? [{ mediaType: 'application/json', schema: json['schema'] }]
            : [],
      bodyRequired: json?.['required'] === true,
      answers: answersOf(document, operation, ({ schema }) =>
        schema === undefined
          ? []
          : (produces.length > 0 ? produces : ['application/json']).map((mediaType) => ({ mediaType, schema })),
      ),
    };
  });
  return describe(source, document, operations);
}

interface Found {
  readonly item: Node;
  readonly method: string;
  readonly path: string;
  readonly operation: Node;
}

function operationsOf(document: Node, read: (found: Found) => DescribedOperation): DescribedOperation[] {
  const paths = isNode(document['paths']) ? document['paths'] : {};
  return Object.entries(paths).flatMap(([path, value]) => {
    const item = dereference(document, value);
    return methods
      .filter((method) => isNode(item[method]))
      .map((method) => read({ item, method: method.toUpperCase(), path, operation: item[method] as Node }));
  });
}

/** Those of the operation win over those of its path. */
function parametersOf(document: Node, item: Node, operation: Node): Node[] {
  const all = [...listOf(item['parameters']), ...listOf(operation['parameters'])].map((node) =>
    dereference(document, node),
  );
  return [...new Map(all.map((node) => [`${String(node['in'])} ${String(node['name'])}`, node])).values()];
}

function readParameter(node: Node, schema: unknown): DescribedParameter[] {
  const place = node['in'];
  if (place !== 'path' && place !== 'query' && place !== 'header') return [];
  const required = node['required'] === true;
  return [{ name: String(node['name']), place, required, schema, deep: node['style'] === 'deepObject' }];
}

function anySchema({ content }: Node): unknown {
  return isNode(content) ? (Object.values(content)[0] as Node | undefined)?.['schema'] : undefined;
}

function bodiesOf(content: unknown): DescribedBody[] {
  return isNode(content)
    ? Object.entries(content).map(([mediaType, body]) => ({ mediaType, schema: (body as Node)['schema'] }))
    : [];
}

function answersOf(document: Node, operation: Node, bodies: (answer: Node) => DescribedBody[]): DescribedAnswer[] {
  const responses = isNode(operation['responses']) ? operation['responses'] : {};
  return Object.entries(responses).map(([status, node]) => ({
    status: status.toUpperCase(),
    bodies: bodies(dereference(document, node)),
  }));
}

function formSchema(parameters: readonly Node[]): Node {
  const required = parameters.filter((node) => node['required'] === true).map((node) => node['name']);
  const properties = Object.fromEntries(parameters.map((node) => [String(node['name']), withoutRequired(node)]));
  return { type: 'object', properties, required };
}

function withoutRequired({ required: _required, name: _name, in: _in, ...schema }: Node): Node {
  return schema;
}

function splitUrl(url: string): { host?: string; path: string } {
  const [, host, rest = ''] = /^(?:https?:)?\/\/([^/]+)(\/.*)?$/.exec(url) ?? [];
  const path = (host === undefined ? url : rest).replace(/\/$/, '');
  return host === undefined ? { path } : { host, path };
}

function listOf<T = string>(value: unknown): T[] {
  return Array.isArray(value) ? (value as T[]) : [];
}
