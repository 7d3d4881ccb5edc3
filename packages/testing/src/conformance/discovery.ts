/** Google API discovery documents. @see https://developers.google.com/discovery/v1/reference/apis (2026-11-20) */
import { describe, type DescribedOperation, type DescribedParameter, type Description } from './description.ts';
import { isNode, type Node } from './json-schema.ts';

export function readDiscovery(source: string, document: Node): Description {
  const root = new URL(String(document['rootUrl']));
  const common = parametersOf(document['parameters']);
  const operations = methodsOf(document).map((method): DescribedOperation => {
    const [request, response] = [method['request'], method['response']];
    const bodies = request === undefined ? [] : [{ mediaType: 'application/json', schema: request }];
    const answers = response === undefined ? [] : [{ mediaType: 'application/json', schema: response }];
    return {
      method: String(method['httpMethod']),
      path: `/${String(document['servicePath'])}${String(method['path'])}`.replace('//', '/'),
      hosts: [root.host],
      parameters: [...parametersOf(method['parameters']), ...common],
      bodies,
      bodyRequired: bodies.length > 0,
      // One answer for every success; errors are not described.
      answers: [{ status: '2XX', bodies: answers }],
    };
  });
  return describe(source, document, operations);
}

function methodsOf(node: Node): Node[] {
  const own = isNode(node['methods']) ? (Object.values(node['methods']) as Node[]) : [];
  const nested = isNode(node['resources']) ? (Object.values(node['resources']) as Node[]) : [];
  return [...own, ...nested.flatMap(methodsOf)];
}

function parametersOf(nodes: unknown): DescribedParameter[] {
  if (!isNode(nodes)) return [];
  return Object.entries(nodes).map(([name, node]) => {
    const { location, required, ...schema } = node as Node;
    return { name, place: location === 'path' ? 'path' : 'query', required: required === true, schema };
  });
}
