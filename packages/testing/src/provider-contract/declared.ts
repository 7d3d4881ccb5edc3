/** What a definition declares, in the form in which the suite goes through it. */
import type { AnyDefinition, AuthMethod, Endpoint, JsonObject, OAuth2Method, Operation, Stream } from '@plugboard/core';
import { accepts, type Schema } from '@plugboard/core/provider-kit';

export type DeclaredEndpoint = Endpoint<Schema, Schema, unknown>;
export type Declaration = DeclaredEndpoint | Operation | Stream;

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

/** Whether a connection by that method can do it. */
export function isServedBy(method: string, { methods }: Declaration): boolean {
  return methods?.includes(method) ?? true;
}

export function endpointsOf(definition: AnyDefinition): readonly Named<DeclaredEndpoint>[] {
  return declarationsOf(definition).filter(
    (entry): entry is Named<DeclaredEndpoint> => entry.declared.kind === 'endpoint',
  );
}

/** False for outputs that accept whatever comes. */
export function judgesAnswer({ output, decode }: DeclaredEndpoint): boolean {
  return decode !== undefined || !accepts(output, Symbol.for('nothing that a vendor sends'));
}

/** Members of an accepted value without which the schema refuses it. */
export function neededOf(schema: Schema, value: unknown): readonly string[] {
  const members = Object.entries(Object(value) as object);
  const without = (name: string) => Object.fromEntries(members.filter(([other]) => other !== name));
  return members.map(([name]) => name).filter((name) => !accepts(schema, without(name)));
}

/** Methods that are OAuth flows, by name. */
export function oauthMethods({ auth }: AnyDefinition): readonly (readonly [string, OAuth2Method])[] {
  return Object.entries(auth).filter((entry): entry is [string, OAuth2Method] => entry[1].kind === 'oauth2');
}

/** Credentials that pass a method's schema. */
export function exampleFields(method: AuthMethod): JsonObject {
  return method.kind === 'oauth2' ? {} : method.example;
}
