/** GraphQL: an introspection result. A document is validated, its variables coerced, and its answer executed. */
import {
  buildClientSchema,
  execute,
  getOperationAST,
  getVariableValues,
  isLeafType,
  parse,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type IntrospectionQuery,
} from 'graphql';

import type { Node } from './json-schema.ts';

/** One request of a GraphQL endpoint, and the answer that it is shown to give. */
export interface GraphqlExchange {
  readonly body: unknown;
  readonly answer: unknown;
}

export type JudgeExchange = (exchange: GraphqlExchange) => string[];

export function isIntrospection(document: Node): boolean {
  return introspectionOf(document) !== undefined;
}

/** Problems of an exchange: what the schema does not know, and what it would not answer. */
export function readGraphql(document: Node): JudgeExchange {
  const schema = buildClientSchema(introspectionOf(document)!, { assumeValid: true });
  acceptAnyScalar(schema);
  return ({ body, answer }) => {
    const { query, variables } = Object(body) as { query?: unknown; variables?: unknown };
    if (typeof query !== 'string') return ['the body holds no GraphQL `query`'];
    const parsed = parsedOf(query);
    if (typeof parsed === 'string') return [parsed];
    const invalid = validate(schema, parsed).map(({ message }) => message);
    if (invalid.length > 0) return invalid;
    const definitions = getOperationAST(parsed)?.variableDefinitions ?? [];
    const given = (variables ?? {}) as Record<string, unknown>;
    const names = new Set(definitions.map(({ variable }) => variable.name.value));
    const unknown = Object.keys(given).filter((name) => !names.has(name));
    const { errors = [] } = getVariableValues(schema, definitions, given);
    return [
      ...unknown.map((name) => `the document declares no variable \`${name}\``),
      ...errors.map(({ message }) => message),
      ...answerProblems(schema, parsed, { variables: given, answer }),
    ];
  };
}

function introspectionOf(document: Node): IntrospectionQuery | undefined {
  const data = (document['data'] ?? document) as { readonly __schema?: unknown };
  return data.__schema === undefined ? undefined : (data as IntrospectionQuery);
}

function parsedOf(query: string): DocumentNode | string {
  try {
    return parse(query);
  } catch (error) {
    return error instanceof Error ? error.message : 'the document cannot be read';
  }
}

/** The example's data as the vendor's own: what it lacks, or has of another kind, becomes an error of the execution. */
function answerProblems(
  schema: GraphQLSchema,
  document: DocumentNode,
  { variables, answer }: { readonly variables: Record<string, unknown>; readonly answer: unknown },
): string[] {
  const { data } = Object(answer) as { data?: unknown };
  if (data === undefined) return ['the example answer holds no `data`'];
  const result = execute({ schema, document, rootValue: data, variableValues: variables });
  if (result instanceof Promise) return ['the example answer holds promises'];
  const problems = (result.errors ?? []).map(({ message }) => `answer: ${message}`);
  const kept = JSON.stringify(result.data);
  return problems.length > 0 || kept === JSON.stringify(ordered(data, result.data))
    ? problems
    : ['answer: holds what the document does not ask for'];
}

/** Members in the order of the other value: an answer's own order says nothing. */
function ordered(value: unknown, like: unknown): unknown {
  if (Array.isArray(value))
    return value.map((item, index) => ordered(item, Array.isArray(like) ? like[index] : undefined));
  if (typeof value !== 'object' || value === null) return value;
  const names = [...new Set([...Object.keys(Object(like) as object), ...Object.keys(value)])];
  const members = value as Record<string, unknown>;
  return Object.fromEntries(
    names.flatMap((name) =>
      name in members ? [[name, ordered(members[name], (Object(like) as Record<string, unknown>)[name])]] : [],
    ),
  );
}

/** An introspection result knows no grammar of a vendor's own scalars: any leaf passes, an object or list does not. */
function acceptAnyScalar(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isLeafType(type) || !('specifiedByURL' in type) || builtIn.has(type.name)) continue;
    type.serialize = (value: unknown) => {
      if (typeof value === 'object' && value !== null) throw new TypeError(`${type.name} is no object`);
      return value;
    };
  }
}

const builtIn: ReadonlySet<string> = new Set(['String', 'Int', 'Float', 'Boolean', 'ID']);
