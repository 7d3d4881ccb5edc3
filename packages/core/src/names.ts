/** Names of members as vendors spell them, and as callers do. */

type Camel<Name extends string> = Name extends `${infer A}_${infer B}` ? `${A}${Capitalize<Camel<B>>}` : Name;

/** An object's type with its outermost names in camelCase. */
export type CamelNames<T> = { [Key in keyof T as Key extends string ? Camel<Key> : Key]: T[Key] };

/** `ITEM_LOGIN_REQUIRED`, `Item.LoginRequired`, `itemLoginRequired` as `item_login_required`. */
export function snakeCase(code: string): string {
  const words = code.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').split(/[^A-Za-z0-9]+/);
  const name = words
    .filter((word) => word !== '')
    .join('_')
    .toLowerCase();
  return /^[a-z]/.test(name) ? name : `code_${name}`;
}

/** An input with its outermost names in snake_case and without undefined members; what is inside keeps its names. */
export function snakeNames(input: object): Record<string, unknown> {
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]: [string, unknown]) => [snakeCase(name), value]));
}

/** An answer with its outermost names in camelCase; what is inside keeps its names. */
export function camelNames<T extends object>(answer: T): CamelNames<T> {
  const camel = (name: string) => name.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [camel(name), value])) as CamelNames<T>;
}
