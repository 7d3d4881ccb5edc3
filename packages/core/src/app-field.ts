/** What a host registers with a vendor: declared by the provider, read from options or the environment. */

/** One value that the host registers with the vendor. */
export interface AppField {
  readonly title: string;
  /** Environment name it is read from when the board is created, unless given as an option. */
  readonly env: string;
  readonly secret?: boolean;
  readonly help?: string;
  /** Fields that make sense only together carry the same set name; half a set is an error. Default `oauth`. */
  readonly set?: string;
  /** May be absent even when the rest of its set is there. */
  readonly optional?: boolean;
  /** A value of the right form, never a working one, where not every text will do: what stubs run with. */
  readonly example?: string;
}

export type AppFields = Readonly<Record<string, AppField>>;
