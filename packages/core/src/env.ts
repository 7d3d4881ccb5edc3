/** The only reader of environment variables, and only when a board is created. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The process environment where the runtime has one. */
export function processEnvironment(): Environment {
  return (globalThis as { process?: { env?: Environment } }).process?.env ?? {};
}
