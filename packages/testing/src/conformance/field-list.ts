/**
 * Lists of the edges and fields of one node of a graph API: names and what is required, no schemas of answers.
 * @see https://github.com/facebook/facebook-business-sdk-codegen (2026-11-20), whose files have this form
 */
import { describe, type DescribedOperation, type DescribedParameter, type Description } from './description.ts';
import { isNode, textOf, type Node } from './json-schema.ts';

/** @param nodePath Path of the node that the file is about: `/{version}/act_{account}`. */
export function readFieldList(source: string, document: Node, nodePath: string): Description {
  const fields = (document['fields'] as Node[]).map(({ name }) => String(name));
  const operations = (document['apis'] as Node[]).map((api): DescribedOperation => {
    const endpoint = (textOf(api['endpoint']) ?? '').replace(/^\//, '');
    const parameters = (api['params'] as Node[]).map(readParameter);
    const required = parameters.filter((parameter) => parameter.required).map(({ name }) => name);
    const properties = Object.fromEntries(parameters.map(({ name }) => [name, true]));
    const method = String(api['method']);
    const inBody = method === 'POST' || method === 'DELETE';
    const schema = { type: 'object', properties, required };
    const bodies = ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'];
    return {
      method,
      path: endpoint === '' ? nodePath : `${nodePath}/${endpoint}`,
      hosts: [],
      // `fields` picks from the answer; of this node the list knows them, of others it does not.
      parameters: [
        ...(inBody ? [] : parameters),
        fieldsParameter(endpoint === '' ? fields : undefined),
        ...pagingParameters,
      ],
      bodies: inBody ? bodies.map((mediaType) => ({ mediaType, schema })) : [],
      bodyRequired: required.length > 0,
    };
  });
  return describe(source, document, operations);
}

function readParameter(node: Node): DescribedParameter {
  return { name: String(node['name']), place: 'query', required: node['required'] === true };
}

function fieldsParameter(names: readonly string[] | undefined): DescribedParameter {
  // Also `insights{spend}`: a field with fields of its own.
  const schema = names && {
    type: 'string',
    pattern: `^(${names.join('|')})(\\{.*\\})?(,(${names.join('|')})(\\{.*\\})?)*$`,
  };
  return { name: 'fields', place: 'query', required: false, ...(schema && { schema }) };
}

const pagingParameters = ['limit', 'after', 'before'].map((name): DescribedParameter => ({
  name,
  place: 'query',
  required: false,
}));

export function isFieldList(document: Node): boolean {
  return Array.isArray(document['apis']) && Array.isArray(document['fields']) && document['apis'].every(isNode);
}
