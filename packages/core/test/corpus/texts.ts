/** Texts that parsers trip over. */
import fc from 'fast-check';

const pieces = ['%', '%2', '%00', '%ff', '%E2%82', '%2e%2e%2f', '..', '//', '\\', '__proto__', 'constructor', '\u0000', '\ud800',
  '\u202e', '\ufeff', '\u2028', 'é', 'e\u0301', '．', '＠', '／', '{}', '[]', '[[[[', '"', '\\"', "'", '`', '1e999', '-0', '0x10', 'NaN', 'null',
  ',', ';', ';;', '=', '==', '&', ':', '.', '..', ' ', '\t', '\r\n', '\n\n', '<', '>', '@', '#', '?', '*', '$', 'a', 'A', '0', '9'.repeat(20),
  'a'.repeat(64), 'a'.repeat(300)]; // prettier-ignore

/** Anything, with a liking for what has a meaning to some parser; up to a few hundred characters. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 12 }).map((list) => list.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
); // prettier-ignore

/** Texts of bytes that a header may carry. */
export const headerText: fc.Arbitrary<string> = hostileText.map((text) =>
  // oxlint-disable-next-line no-control-regex -- what no header carries
  text.replaceAll(/[^\x01-\xff]|[\r\n]/g, '~').trim(),
);

/** A text that was right, with characters taken away, put in, exchanged or changed in case. */
export function nearly(right: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(),
    drop: fc.nat({ max: 2 }),
    put: fc.oneof(fc.constantFrom(...pieces, ''), fc.string({ maxLength: 2 })),
  });
  return fc.tuple(right, fc.array(change, { minLength: 1, maxLength: 3 })).map(([text, changes]) =>
    changes.reduce((left, { at, drop, put }) => {
      const place = at % (left.length + 1);
      return left.slice(0, place) + put + left.slice(place + drop);
    }, text),
  );
}
