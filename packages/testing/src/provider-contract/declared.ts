/** What a definition declares, in the form in which the suite goes through it. */
import type { AnyDefinition, AuthMethod, Endpoint, JsonObject, Operation, Stream } from '@plugboard/core';
import { accepts, jsonSchemaOf, type Schema } from '@plugboard/core/provider-kit';

export type DeclaredEndpoint = Endpoint<Schema, Schema, unknown>;
type Declaration = DeclaredEndpoint | Operation | Stream;

export interface Named<T> {
  /** `profiles.upsert`. */
  readonly name: string;
  readonly declared: T;
}

export function declarationsOf({ operations }: AnyDefinition): readonly Named<Declaration>[] {
  return Object.entries(operations).flatMap(([group, members]) =>
    Object.entries(members).map(([name, declared]) => ({
      name: `${group}.${name}`,
      declared: declared as unknown as Declaration,
    })),
  );
}

export function endpointsOf(definition: AnyDefinition): readonly Named<DeclaredEndpoint>[] {
  return declarationsOf(definition).filter(
    (entry): entry is Named<DeclaredEndpoint> => entry.declared.kind === 'endpoint',
  );
}

/** Endpoints whose example has a JSON body that matters: one that takes anything says nothing. */
export function answeringEndpoints(definition: AnyDefinition): readonly Named<DeclaredEndpoint>[] {
  return endpointsOf(definition).filter(
    ({ declared }) => typeof declared.example.answer === 'object' && judgesAnswer(declared),
  );
}

/** False for outputs that accept whatever comes. */
export function judgesAnswer({ output, decode }: DeclaredEndpoint): boolean {
  return decode !== undefined || !accepts(output, Symbol.for('nothing that a vendor sends'));
}

/** Names that an input schema requires. */
export function requiredOf(schema: Schema): readonly string[] {
  const required = jsonSchemaOf(schema)?.['required'];
  return Array.isArray(required) ? (required as string[]) : [];
}

/** Credentials that pass a method's schema. */
export function exampleFields(method: AuthMethod): JsonObject {
  return method.kind === 'oauth2' ? {} : method.example;
}
