/**
 * A value that must not be seen. The text sits in a private field, so logging, JSON, string templates, `util.inspect`
 * and spreading show only a placeholder; `reveal()` is the one way out, and easy to search for.
 */
const marker = Symbol.for('plugboard.secret');
const placeholder = '[secret]';

export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Of the class and not of each object: a property more takes as long as all the rest of making one. */
  get [marker](): true {
    return true;
  }

  /** The text itself. Call it where the value leaves for its vendor or the vault, nowhere else. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return placeholder;
  }

  toJSON(): string {
    return placeholder;
  }

  get [Symbol.toStringTag](): string {
    return 'Secret';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return placeholder;
  }
}

/** True for secrets of this library, also across two copies of the package in one tree. */
export function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && marker in value;
}

/** The text of a secret or of a plain string. */
export function reveal(value: Secret | string): string {
  return typeof value === 'string' ? value : value.reveal();
}

/** The same structure with every secret as plain text: only for what goes straight into the vault. */
export function revealAll(value: unknown): unknown {
  if (isSecret(value)) return value.reveal();
  if (Array.isArray(value)) return value.map(revealAll);
  if (value instanceof Date || value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revealAll(item)]));
}

/** Every secret text in a structure: what redaction must remove from anything that quotes it. */
export function secretTexts(value: unknown, found: string[] = []): string[] {
  if (isSecret(value)) found.push(value.reveal());
  else if (Array.isArray(value)) for (const item of value) secretTexts(item, found);
  else if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) secretTexts(item, found);
  return found;
}

/** Every text of a connection's credentials: before they are stored some are plain, afterwards none is. */
export function allTexts(credentials: Readonly<Record<string, Secret | string | undefined>>): string[] {
  return Object.values(credentials).flatMap((value) => (value === undefined ? [] : [reveal(value)]));
}

/** A header that holds a secret, and what stands after its scheme: a vendor quotes the token alone. */
export function headerTexts(value: string): string[] {
  return [value, value.slice(value.lastIndexOf(' ') + 1)];
}

const sensitive = /assertion|code|password|secret|token|verifier/i;
/** In an answer a code says what happened, and a type what kind of token it is. */
const issued = /(?:assertion|secret|token)$/i;

/** The texts of a body whose names say that they are secret, at any depth. */
export function sensitiveTexts(value: unknown, names = sensitive, named = false): string[] {
  if (typeof value === 'string') return named ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item) => sensitiveTexts(item, names, named));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => sensitiveTexts(item, names, named || names.test(name)));
}

/** The same for what a token endpoint answers: nobody knows these texts before. */
export function issuedTexts(answer: unknown): string[] {
  return sensitiveTexts(answer, issued);
}
