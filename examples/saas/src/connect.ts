/** Connecting any vendor by one of its ways, with values that its emulator takes. */
import { at, jsonSchemaOf, text, type AuthMethod, type Connection, type Schema } from '@plugboard/core';
import type { Caller } from '@plugboard/http';

import { definitions, type Board, type ProviderId } from './board.ts';

export type Values = Readonly<Record<string, string>>;

/** The vendor's way to connect of that name; default its first, which is the recommended one. */
export function methodOf(provider: string, name?: string): readonly [string, AuthMethod] {
  const ways = Object.entries(definitions.get(provider)?.auth ?? {});
  const found = name === undefined ? ways[0] : ways.find(([each]) => each === name);
  if (found === undefined) throw new Error(`${provider} has no way to connect called ${name}.`);
  return found;
}

/** What passes: the declared example of the credentials, or of what an OAuth vendor needs before the redirect. */
export function exampleOf(method: AuthMethod): Values {
  return method.kind === 'oauth2' ? inputOf(method.input) : method.example;
}

/** Stores credentials. A step in the browser is prepared first, as its page would. */
export async function connectByFields(
  board: Board,
  provider: ProviderId,
  { method, credentials, caller }: { readonly method: string; readonly credentials: Values; readonly caller: Caller },
): Promise<Connection> {
  const [, declared] = methodOf(provider, method);
  const began =
    declared.kind === 'browser'
      ? { flow: (await board.prepare(provider, { ...caller, method, input: inputOf(declared.input) })).flow }
      : {};
  return board.connect(provider, { ...caller, ...began, method, credentials } as never);
}

/** Values that a vendor needs before a redirect or a step in the browser, as their schema shows them. */
function inputOf(schema: Schema | undefined): Values {
  const properties = schema === undefined ? undefined : at(jsonSchemaOf(schema), 'properties');
  const values = Object.entries(Object(properties) as object).flatMap(([name, property]) => {
    const example = text(at(property, 'examples', 0));
    return example === undefined ? [] : [[name, example] as const];
  });
  return Object.fromEntries(values);
}
