/**
 * Sixteen hexadecimal characters that stand for a text in a name: of a prepared statement, of an index. Twice FNV-1a of
 * 32 bits, enough to keep names apart; two texts that shared one would be refused by the database, not mixed up.
 * @see http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function fingerprint(text: string): string {
  return half(text, 0x811c9dc5) + half(text, 0x01000193);
}

function half(text: string, seed: number): string {
  let hash = seed;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
