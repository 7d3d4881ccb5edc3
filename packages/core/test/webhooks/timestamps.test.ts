import { describe, expect, it } from 'vitest';

import { Secret } from '../../src/secret.ts';
import { checkTimestamp } from '../../src/webhooks/freshness.ts';
import { hmacSignature, type HmacSignatureOptions } from '../../src/webhooks/hmac-signature.ts';
import { body, digest, secret, signed, stamped } from './acme.ts';
import { delivery, judge, now, withHeader } from './deliveries.ts';

describe('E03 timestamps', () => {
  const inSeconds: HmacSignatureOptions = stamped;
  const inMilliseconds: HmacSignatureOptions = {
    ...stamped,
    timestamp: { header: 'x-timestamp', unit: 'milliseconds' },
  };
  const at = (options: HmacSignatureOptions, timestamp: string, receivedAt = now) =>
    judge(
      hmacSignature(options),
      {
        headers: { 'x-timestamp': timestamp, 'x-signature': `sha256=${digest(secret, `${timestamp}.`, body)}` },
        body,
        at: receivedAt,
      },
      secret,
    );

  it.each([-300, -299, 0, 299, 300])('%i s away are accepted', async (offset) => {
    expect(await at(inSeconds, String(now / 1000 + offset))).toBe('ok');
    expect(await at(inMilliseconds, String(now + offset * 1000))).toBe('ok');
  });

  it.each([-301, 301, -86_400, 86_400])('%i s away are refused', async (offset) => {
    expect(await at(inSeconds, String(now / 1000 + offset))).toBe('timestamp_outside_tolerance');
    expect(await at(inMilliseconds, String(now + offset * 1000))).toBe('timestamp_outside_tolerance');
  });

  it('seconds are counted whole, milliseconds one by one', async () => {
    expect(await at(inSeconds, String(now / 1000 - 300), now + 999)).toBe('ok');
    expect(await at(inSeconds, String(now / 1000 - 300), now + 1000)).toBe('timestamp_outside_tolerance');
    expect(await at(inMilliseconds, String(now + 300_000))).toBe('ok');
    expect(await at(inMilliseconds, String(now + 300_001))).toBe('timestamp_outside_tolerance');
  });

  const odd = ['1e9', '1700000000abc', '0x6553f100', '+1700000000', '-1700000000', '01700000000', '1700000000.0'];
  it.each([...odd, '1'.repeat(20), '1 700000000', 'now', 'NaN', 'Infinity', '0'])(
    '%s is no timestamp',
    async (text) => {
      expect(await at(inSeconds, text)).toBe('timestamp_invalid');
    },
  );

  it('has 15 digits at most', async () => {
    expect(await at(inMilliseconds, '9'.repeat(15))).toBe('timestamp_outside_tolerance');
    expect(await at(inMilliseconds, '9'.repeat(16))).toBe('timestamp_invalid');
  });

  it('an empty text is none, not the beginning of time', () => {
    for (const unit of ['seconds', 'milliseconds'] as const)
      expect(checkTimestamp('', { unit }, 0)).toBe('timestamp_invalid');
  });

  it('the wrong unit is refused in both directions', async () => {
    expect(await at(inSeconds, String(now))).toBe('timestamp_outside_tolerance');
    expect(await at(inMilliseconds, String(now / 1000))).toBe('timestamp_outside_tolerance');
  });

  it.each(['', 'soon', '2026-13-01', 'Tue, 99 Apr 2026 03:50:12 GMT'])(
    '%j is no date of a vendor that writes dates',
    async (text) => {
      const unit = { parse: Date.parse, format: (date: Date) => date.toUTCString() };
      const options: HmacSignatureOptions = { ...stamped, timestamp: { header: 'x-timestamp', unit } };
      expect(await at(options, new Date(now).toUTCString())).toBe('ok');
      expect(await at(options, new Date(now - 301_000).toUTCString())).toBe('timestamp_outside_tolerance');
      expect(await at(options, text)).toBe(text === '' ? 'signature_missing' : 'timestamp_invalid');
    },
  );

  it('is the one in its own header where one is declared, whatever else the signature header says', async () => {
    const form = {
      read: (value: string) => ({ signatures: [value], timestamp: '1700000000' }),
      write: (text: string) => text,
    };
    const options: HmacSignatureOptions = { ...stamped, form };
    const old = String(now / 1000 - 301);
    const headers = { 'x-signature': digest(secret, `${old}.`, body), 'x-timestamp': old };
    expect(await judge(hmacSignature(options), { headers, body }, secret)).toBe('timestamp_outside_tolerance');
    const noHeader = { headers: { 'x-signature': digest(secret, '1700000000.', body) }, body };
    expect(await judge(hmacSignature(options), noHeader, secret)).toBe('signature_missing');
  });

  it.each([0, -1, Number.NaN, Infinity])('a tolerance of %d is refused when the scheme is declared', (seconds) => {
    const timestamp = { header: 'x-timestamp', unit: 'seconds', toleranceSeconds: seconds } as const;
    expect(() => hmacSignature({ ...stamped, timestamp })).toThrow(
      expect.objectContaining({ kind: 'configuration', code: 'invalid_definition' }),
    );
  });

  it('is part of the verdict, the delivery id too', async () => {
    const init = await signed({ ...stamped, deliveryId: 'x-id' });
    const headers = withHeader(init, 'x-id', 'delivery-1').headers!;
    const verify = hmacSignature({ ...stamped, deliveryId: 'x-id' });
    expect(await verify(delivery({ headers, body }), [new Secret(secret)])).toEqual({
      ok: true,
      secretIndex: 0,
      deliveryId: 'delivery-1',
      timestamp: new Date(now),
    });
    expect(await judge(verify, withHeader(init, 'x-id', 'a'.repeat(256)), secret)).toBe('malformed');
    const unnamed = await verify(delivery(withHeader(init, 'x-id', '')), [new Secret(secret)]);
    expect(unnamed).toEqual({ ok: true, secretIndex: 0, timestamp: new Date(now) });
  });
});
