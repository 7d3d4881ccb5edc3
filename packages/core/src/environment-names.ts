/** Which environment names a provider reads, and what its declaration says of each. */
import { at, text } from './json.ts';
import type { AnyDefinition } from './provider.ts';
import { jsonSchemaOf, type Schema } from './schema.ts';

export interface EnvironmentName {
  readonly name: string;
  /** What it is. */
  readonly title: string;
  /** Where to find it. */
  readonly help?: string;
  /** Never needed, whatever else is set. */
  readonly optional: boolean;
}

/** In the order of the declaration; ways to connect may share a name. */
export function environmentNames({ app = {}, auth }: AnyDefinition): readonly EnvironmentName[] {
  const found = new Map<string, EnvironmentName>();
  for (const { env: name, title, help, optional = false } of Object.values(app)) {
    found.set(name, { name, title, ...(help !== undefined && { help }), optional });
  }
  for (const method of Object.values(auth)) {
    const { env: scopes, ask = [] } = method.kind === 'oauth2' ? method.scopes : {};
    if (scopes !== undefined) {
      found.set(scopes, {
        name: scopes,
        title: 'Scopes, with spaces between',
        help: `Default: ${ask.join(' ')}`,
        optional: true,
      });
    }
    if (!('env' in method)) continue;
    for (const [field, name] of Object.entries(method.env ?? {})) {
      if (!found.has(name)) found.set(name, { name, ...wordsOf(method.credentials, field), optional: false });
    }
  }
  return [...found.values()];
}

/** Title and help of a field, in whichever of the schema's choices it stands. */
function wordsOf(schema: Schema, field: string): { readonly title: string; readonly help?: string } {
  const whole = jsonSchemaOf(schema);
  const choices = [whole, ...listOf(at(whole, 'anyOf')), ...listOf(at(whole, 'oneOf'))];
  const property = choices.map((choice) => at(choice, 'properties', field)).find((found) => found !== undefined);
  const help = text(at(property, 'description'));
  return { title: text(at(property, 'title')) ?? field, ...(help !== undefined && { help }) };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
