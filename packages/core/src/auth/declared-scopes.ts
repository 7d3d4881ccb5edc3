/** What a provider says of its vendor's scopes. */

/** A scope that is needed, or several of which any one is enough. */
export type ScopeNeed = string | readonly string[];

/** Scopes asked by default, and every other one the provider knows, each with a reason for the consent page. */
export interface DeclaredScopes {
  readonly ask: readonly string[];
  readonly known: Readonly<Record<string, string>>;
  readonly separator?: ' ' | ',';
  /** Environment name of what is asked for instead of `ask`, with spaces between, where each server knows others. */
  readonly env?: string;
  /** App field that, once set, names the permissions at the vendor: then none are asked for by default. */
  readonly unless?: string;
  /** Scopes that a granted one includes, for vendors that answer the shortest list (`write_x` includes `read_x`). */
  readonly implies?: (scope: string) => readonly string[];
}
