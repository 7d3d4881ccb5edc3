/**
 * Notices that pages come round again, in the memory of two of their inputs however many there are: each input is
 * compared with one that is kept, and the one that is kept moves on at every power of two (Brent 1980).
 * @see https://doi.org/10.1007/BF01933190
 */
export function createLoopGuard(first: unknown): (next: unknown) => boolean {
  let kept = JSON.stringify(first);
  let since = 0;
  let power = 1;
  return (next) => {
    const asked = JSON.stringify(next);
    if (asked === kept) return true;
    since += 1;
    if (since === power) {
      kept = asked;
      power *= 2;
      since = 0;
    }
    return false;
  };
}
