/** What an entry of these lists is, and reasons that hold in more than one of them. */
export interface Equivalent {
  /** Below packages/core/src. */
  readonly file: string;
  /** What is changed, on one line; over 120 characters it ends in dots after 117. */
  readonly code: string;
  /** What it is changed to. Absent: whatever it is changed to. */
  readonly as?: readonly string[];
  readonly why: string;
}

export const shortcut = 'Only spares work: the longer way has the same outcome.';
export const returnsNothing = 'A function that returns nothing returns undefined.';
