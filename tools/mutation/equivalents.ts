/** Changes of security code that no caller could notice, each with its reason. Whatever else survives is owed a test. */
export interface Equivalent {
  /** Below packages/core/src. */
  readonly file: string;
  /** What is changed, on one line; over 120 characters it ends in dots after 117. */
  readonly code: string;
  /** What it is changed to. Absent: whatever it is changed to. */
  readonly as?: readonly string[];
  readonly why: string;
}

export const equivalents: readonly Equivalent[] = [];
