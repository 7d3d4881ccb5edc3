/** Texts of codes and tokens: distinct, in the vendor's style, and the same in every run. They protect nothing. */
import { encodeUtf8 } from '../../bytes.ts';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const length = 24;

export interface TokenTexts {
  /** A text that starts as the sample does and was never given out before. */
  next(sample: string): string;
}

/** @param seed Servers with different seeds give out different tokens. */
export function createTokenTexts(seed: string): TokenTexts {
  const random = seededRandom(seed);
  let issued = 0;
  return {
    next(sample) {
      const drawn = Array.from({ length }, () => letters[Math.floor(random() * letters.length)]!);
      // The number makes two texts differ whatever was drawn.
      return `${stylePrefix(sample)}${drawn.join('')}${(issued++).toString(36)}`;
    },
  };
}

/** What tokens of a vendor have in common: `xoxb-`, `ya29.`, `shpat_`; else the first three characters. */
function stylePrefix(sample: string): string {
  const marked = /^(?:[A-Za-z0-9]{1,6}[-_.|/]+){1,3}/.exec(sample);
  return marked?.[0] ?? sample.slice(0, 3);
}

/** Mulberry32 over an FNV-1a hash of the seed: short, public domain, good enough to look like chance. */
function seededRandom(seed: string): () => number {
  let state = 0x811c9dc5;
  for (const byte of encodeUtf8(seed)) state = Math.imul(state ^ byte, 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
}
