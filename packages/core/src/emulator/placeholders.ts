/** Stand-ins for values that only exist in a board, for the functions of a definition that ask for them. */
import type { Clock } from '../clock.ts';
import type { Api } from '../endpoint.ts';
import { at, text } from '../json.ts';
import type { AnyDefinition } from '../provider.ts';
import { accepts, checkInput, jsonSchemaOf, type Schema } from '../schema.ts';
import { configurationError } from '../errors.ts';

/** What an unknown value is called. One DNS label and one path segment, so that it fits wherever values go. */
export const placeholder = 'emulated';

/** An object in which every name has a value: the known ones their own, all others the placeholder. */
export function anyValues(known: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, string>> {
  const value = (name: string | symbol) =>
    typeof name !== 'string' ? undefined : Object.hasOwn(known, name) ? known[name] : placeholder;
  return new Proxy(known, { get: (_target, name) => value(name), has: () => true }) as Readonly<Record<string, string>>;
}

/** Values of the app fields that say what they look like. */
export function appExamples({ app = {} }: AnyDefinition): Readonly<Record<string, string>> {
  const examples = Object.entries(app).map(([name, { example }]) => [name, example] as const);
  return Object.fromEntries(examples.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Undefined where a function of the definition needs more than placeholders. */
export function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** Values for a schema's fields: the examples that the fields declare. */
export function exampleValues(schema: Schema | undefined): Readonly<Record<string, string>> {
  const properties = schema === undefined ? undefined : at(jsonSchemaOf(schema), 'properties');
  const fields = Object.entries((properties ?? {}) as Readonly<Record<string, unknown>>);
  const examples = fields.map(([name, field]) => [name, text(at(field, 'examples', 0))] as const);
  return Object.fromEntries(examples.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** An `Api` for `encode`: it has values for everything and sends nothing. */
export function placeholderApi(definition: AnyDefinition, clock: Clock): Api {
  const refuse = () => {
    throw configurationError('emulator_only', 'An `encode` function sends requests.', 'Make it an operation instead.');
  };
  const examples = Object.values(definition.auth).flatMap((method) =>
    method.kind === 'oauth2' ? [] : [method.example],
  );
  return {
    method: Object.keys(definition.auth)[0]!,
    account: { id: placeholder, name: placeholder },
    metadata: anyValues(),
    scopes: null,
    app: anyValues(appExamples(definition)),
    apiVersion: definition.api.version ?? placeholder,
    stub: true,
    clock,
    call: refuse,
    pages: refuse,
    request: refuse,
    stream: refuse,
    sdk: refuse,
    reportLoss: () => undefined,
    settings: () => anyValues() as never,
    credentials(schema) {
      const example = examples.find((candidate) => accepts(schema, candidate));
      return (example === undefined ? anyValues() : checkInput(schema, example, 'the example')) as never;
    },
  };
}
