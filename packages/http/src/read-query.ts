/** The declared members of a query. Each may be given once; a repeated one is an attack or a mistake, never a choice. */
import { checkInput, invalidInput } from '@plugboard/core';
import type { z } from 'zod';

/** A vendor that needs a value before the redirect takes it from the query as `input.<name>`. */
export const inputPrefix = 'input.';

/** @throws PlugboardError kind `invalid_request`, code `invalid_input`. */
export function readQuery(url: string, schema: z.ZodObject): unknown {
  const params = new URL(url).searchParams;
  const known = (name: string) =>
    Object.hasOwn(schema.shape, name) || ('input' in schema.shape && name.startsWith(inputPrefix));
  const names = [...new Set(params.keys())].filter(known);
  const repeated = names.filter((name) => params.getAll(name).length > 1);
  if (repeated.length > 0) {
    const fields = repeated.map((path) => ({ path: path.slice(0, 60), message: 'must be given once' }));
    throw invalidInput('The query', fields);
  }
  const given = names.map((name) => [name, params.get(name)] as const);
  const input = given.flatMap(([name, value]) =>
    name.startsWith(inputPrefix) ? [[name.slice(inputPrefix.length), value] as const] : [],
  );
  const plain = given.filter(([name]) => !name.startsWith(inputPrefix) && name !== 'input');
  const members = { ...Object.fromEntries(plain), ...(input.length > 0 && { input: Object.fromEntries(input) }) };
  return checkInput(schema, members, 'The query');
}
