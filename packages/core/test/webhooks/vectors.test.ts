import { describe, expect, it } from 'vitest';

import { hideNodeCrypto } from '../support/vault.ts';
import published from '../vectors/webhooks.json' with { type: 'json' };
import { bytesOf, judge, withHeader, type DeliveryInit } from './deliveries.ts';
import { schemes, type Scheme } from './schemes.ts';

interface Vector {
  readonly name: string;
  readonly scheme: string;
  readonly secret: string;
  readonly url?: string;
  /** ISO time at which it is fresh. */
  readonly at?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const vectors = (published as unknown as readonly Vector[]).map(({ name, scheme: schemeName, secret, at, ...rest }) => {
  const scheme: Scheme = schemes[schemeName]!;
  const init: DeliveryInit = { ...rest, ...(at !== undefined && { at: Date.parse(at) }) };
  // Of the two families of Standard Webhooks, the one that came is needed.
  const needs = schemeName === 'standard' ? Object.keys(rest.headers) : scheme.needs;
  return { ...scheme, name, schemeName, secret, init, needs };
});

it('every scheme has a vector', () => {
  expect(vectors.map(({ schemeName }) => schemeName)).toEqual(expect.arrayContaining(Object.keys(schemes)));
});

describe.each(['node:crypto', 'WebCrypto'])('R54 vectors, on %s', (platform) => {
  describe.each(vectors)('$name', ({ verify, secret, init, needs }) => {
    it('is accepted', async () => {
      if (platform === 'WebCrypto') hideNodeCrypto();
      expect(await judge(verify, init, secret)).toBe('ok');
    });

    it('E01 is refused without any one of its headers, and with an empty one', async () => {
      if (platform === 'WebCrypto') hideNodeCrypto();
      for (const name of needs) {
        expect(await judge(verify, withHeader(init, name, null), secret), name).toBe('signature_missing');
        expect(await judge(verify, withHeader(init, name, ''), secret), name).toBe('signature_missing');
      }
    });

    it('is refused under another secret', async () => {
      if (platform === 'WebCrypto') hideNodeCrypto();
      const middle = Math.floor(secret.length / 2);
      const other = secret.slice(0, middle) + (secret[middle] === 'b' ? 'c' : 'b') + secret.slice(middle + 1);
      expect(await judge(verify, init, other)).not.toBe('ok');
    });
  });

  it.each(vectors.filter(({ coversBody }) => coversBody !== false))(
    'E05 $name is refused with one bit of the body changed, or with a byte more or less',
    async ({ verify, secret, init }) => {
      if (platform === 'WebCrypto') hideNodeCrypto();
      const body = bytesOf(init.body);
      const flipped = body.slice();
      flipped[flipped.length - 1]! ^= 1;
      for (const changed of [flipped, body.subarray(0, -1), new Uint8Array([...body, 0x20])]) {
        expect(await judge(verify, { ...init, body: changed }, secret)).not.toBe('ok');
      }
    },
  );
});
