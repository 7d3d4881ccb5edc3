import { createHmac } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { hmacSignature, type HmacSignatureOptions } from '../../src/webhooks/hmac-signature.ts';
import { hideNodeCrypto } from '../support/vault.ts';
import { plain, secret, signed } from './acme.ts';
import { judge, withHeader } from './deliveries.ts';
import { hmacSchemes } from './schemes.ts';

describe('R50 properties', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  const text = fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }).filter((value) => value.trim() !== '');
  const latin1 = fc
    .array(
      fc.integer({ min: 0, max: 255 }).filter((code) => ![0, 10, 13].includes(code)),
      { maxLength: 80 },
    )
    .map((codes) => String.fromCharCode(...codes));

  it.each(['node:crypto', 'WebCrypto'])(
    'any body under any secret is accepted, with one bit changed it is not, on %s',
    async (platform) => {
      if (platform === 'WebCrypto') hideNodeCrypto();
      const verify = hmacSignature(plain);
      await fc.assert(
        fc.asyncProperty(bytes, text, fc.nat(), async (content, key, position) => {
          const mac = createHmac('sha256', key).update(content).digest();
          const sent = (signature: Buffer, changed = content) =>
            judge(verify, { headers: { 'x-signature': `sha256=${signature.toString('hex')}` }, body: changed }, key);
          expect(await sent(mac)).toBe('ok');
          const wrong = Buffer.from(mac);
          wrong[position % wrong.length]! ^= 1 << (position % 8);
          expect(await sent(wrong)).toBe('signature_invalid');
          if (content.length === 0) return;
          const other = content.slice();
          other[position % other.length]! ^= 1 << (position % 8);
          expect(await sent(mac, other)).toBe('signature_invalid');
        }),
        { numRuns: 300, seed: 1 },
      );
    },
  );

  it.each(Object.entries<HmacSignatureOptions>(hmacSchemes))(
    '%s: no header makes it throw, or pass',
    async (_, options) => {
      const verify = hmacSignature(options);
      const names = [options.header, options.timestamp?.header, options.deliveryId].filter(
        (name) => name !== undefined,
      );
      const values = fc.tuple(
        ...names.map(() => fc.oneof(latin1, fc.constant('1700000000'), fc.constant('1700000000000'))),
      );
      await fc.assert(
        fc.asyncProperty(values, bytes, async (all, content) => {
          const headers = Object.fromEntries(names.map((name, index) => [name, all[index]!]));
          expect(await judge(verify, { headers, body: content }, secret)).not.toBe('ok');
        }),
        { numRuns: 200, seed: 2 },
      );
    },
  );

  it('two texts of one signature never both pass', async () => {
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      const options = { ...plain, prefix: '', encoding };
      const verify = hmacSignature(options);
      const good = await signed(options);
      const value = new Headers(good.headers).get('x-signature')!;
      await fc.assert(
        fc.asyncProperty(fc.nat(value.length - 1), fc.integer({ min: 0x21, max: 0x7e }), async (at, code) => {
          const changed = value.slice(0, at) + String.fromCharCode(code) + value.slice(at + 1);
          const verdict = await judge(verify, withHeader(good, 'x-signature', changed), secret);
          expect(verdict).toBe(changed === value ? 'ok' : 'signature_invalid');
        }),
        { numRuns: 500, seed: 3 },
      );
    }
  });
});
