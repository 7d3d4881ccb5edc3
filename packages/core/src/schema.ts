import type { StandardSchemaV1 } from '@standard-schema/spec';

import { invalidInput, PlugboardError, type FieldIssue } from './errors.ts';
import type { JsonObject } from './json.ts';

/**
 * Any schema library that speaks Standard Schema (zod, valibot, arktype ...). The engine binds to this interface;
 * providers use zod.
 */
export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>;
export type Input<S> = S extends StandardSchemaV1<infer I, unknown> ? I : never;
export type Output<S> = S extends StandardSchemaV1<unknown, infer O> ? O : never;

/** The same schema without its library's types, so that declarations show plain objects and tie nobody to a version. */
export type PlainSchema<S> = S extends StandardSchemaV1<infer I, infer O> ? Schema<I, O> : never;

/**
 * Validates what a caller handed in.
 * @throws PlugboardError kind `invalid_request`, code `invalid_input`, with one entry in `fields` for each refused field.
 */
export function checkInput<S extends Schema>(schema: S, value: unknown, subject: string): Output<S> {
  const result = run(schema, value);
  if (result.issues !== undefined) throw invalidInput(subject, fieldIssues(result.issues));
  return result.value as Output<S>;
}

/**
 * Validates what a vendor or the database answered.
 * @throws PlugboardError kind `invalid_response`, code `unexpected_shape`, naming the fields and never the values.
 */
export function checkAnswer<S extends Schema>(schema: S, value: unknown, subject: string): Output<S> {
  const result = run(schema, value);
  if (result.issues === undefined) return result.value as Output<S>;
  const fields = fieldIssues(result.issues);
  throw new PlugboardError({
    kind: 'invalid_response',
    code: 'unexpected_shape',
    message: `${subject} is not what the vendor promises: ${fields.map((field) => `${field.path || '(root)'}: ${field.message}`).join('; ')}`,
    hint: 'The vendor may have changed its API; look for a newer version of the provider package.',
    fields,
  });
}

/** True when the schema accepts the value. */
export function accepts(schema: Schema, value: unknown): boolean {
  return run(schema, value).issues === undefined;
}

/** The JSON Schema of the accepted input, for forms, docs and the CLI; undefined when the library offers none. */
export function jsonSchemaOf(schema: Schema): JsonObject | undefined {
  const standard = schema['~standard'] as { jsonSchema?: { input(options: object): JsonObject } };
  // What JSON cannot hold (dates, undefined) becomes «anything» instead of an error.
  return standard.jsonSchema?.input({ target: 'draft-2020-12', libraryOptions: { unrepresentable: 'any' } });
}

function run(schema: Schema, value: unknown): StandardSchemaV1.Result<unknown> {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) {
    throw new PlugboardError({
      kind: 'configuration',
      code: 'async_schema',
      message: 'A schema validates asynchronously, which Plugboard does not support.',
      hint: 'Move the asynchronous check into the operation.',
    });
  }
  return result;
}

function fieldIssues(issues: readonly StandardSchemaV1.Issue[]): FieldIssue[] {
  return issues.flatMap((issue): FieldIssue | FieldIssue[] => {
    const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
    const unknown = unknownMembers(issue);
    if (unknown.length === 0) return { path: path.join('.'), message: issue.message };
    return unknown.map((name) => ({ path: [...path, name].join('.'), message: 'is an unrecognized field' }));
  });
}

/** Names that zod found too many: it tells them in words, at the object that holds them. */
function unknownMembers(issue: StandardSchemaV1.Issue): readonly string[] {
  const { code, keys } = issue as { readonly code?: unknown; readonly keys?: unknown };
  return code === 'unrecognized_keys' && Array.isArray(keys) ? keys.map((key) => String(key).slice(0, 60)) : [];
}
