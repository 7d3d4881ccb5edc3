import type { AnyDefinition } from './provider.ts';
import type { AppValues } from './auth/auth.ts';
import { isSecret, Secret } from './secret.ts';

/** What the host would have registered: the given values, and for the rest what stand-ins accept and no vendor does. */
export function stubAppValues(definition: AnyDefinition, given: Readonly<Record<string, unknown>>): AppValues {
  const fields = Object.entries(definition.app ?? {});
  return Object.fromEntries(
    fields.map(([name, field]) => {
      const value = given[name];
      if (isSecret(value)) return [name, value];
      const text = typeof value === 'string' ? value : (field.example ?? `stub-${definition.id}-${name}`);
      return [name, field.secret === true ? new Secret(text) : text];
    }),
  );
}
