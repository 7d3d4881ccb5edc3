/** One size for every change, and one for an evening: `pnpm reliability --full`. The scenarios are the same code. */
export const full: boolean = process.env['PLUGBOARD_RELIABILITY'] === 'full';

export function sized<T>(small: T, large: T): T {
  return full ? large : small;
}
