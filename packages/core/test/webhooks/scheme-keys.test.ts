import { describe, expect, it } from 'vitest';

import { Secret } from '../../src/secret.ts';
import type { TimestampRule } from '../../src/webhooks/freshness.ts';
import { signatureScheme } from '../../src/webhooks/scheme.ts';

const delivery = {
  method: 'POST',
  url: new URL('https://app.example.com/hooks/x'),
  headers: new Headers(),
  body: new Uint8Array(1),
  receivedAt: 0,
};

it('makes the key of a secret once, and never takes the key of another', async () => {
  const made: string[] = [];
  const verify = signatureScheme({
    key(secret) {
      made.push(secret);
      return secret === 'no key' ? undefined : secret;
    },
    read: () => ({ signatures: ['b'], contents: [[delivery.body]] }),
    matches: (key, _content, signatures) => signatures.includes(key),
  });
  const [a, b, none] = [new Secret('a'), new Secret('b'), new Secret('no key')];
  expect(await verify(delivery, [a, b])).toEqual({ ok: true, secretIndex: 1 });
  expect(await verify(delivery, [b, a])).toEqual({ ok: true, secretIndex: 0 });
  expect(await verify(delivery, [a])).toEqual({ ok: false, reason: 'signature_invalid' });
  expect(await verify(delivery, [none])).toEqual({ ok: false, reason: 'key_unavailable' });
  expect(await verify(delivery, [none])).toEqual({ ok: false, reason: 'key_unavailable' });
  expect(made).toEqual(['a', 'b', 'no key', 'no key']);
  // Another object may hold another text: what is known is known of the object.
  expect(await verify(delivery, [new Secret('b')])).toEqual({ ok: true, secretIndex: 0 });
  expect(made).toEqual(['a', 'b', 'no key', 'no key', 'b']);
});

describe('a scheme of one’s own', () => {
  type Signed = Exclude<ReturnType<Parameters<typeof signatureScheme>[0]['read']>, string>;
  const schemeOf = (signed: Partial<Signed>, timestamp?: TimestampRule, found: boolean | Promise<boolean> = true) =>
    signatureScheme({
      key: (secret) => secret,
      read: () => ({ signatures: ['s'], contents: [[delivery.body]], ...signed }) as Signed,
      matches: () => found,
      ...(timestamp && { timestamp }),
    });
  const judge = (signed: Partial<Signed>, timestamp?: TimestampRule, found?: boolean | Promise<boolean>) =>
    schemeOf(signed, timestamp, found)(delivery, [new Secret('a')]);
  const good = { ok: true, secretIndex: 0 };

  it('tells what it knows of a delivery, and no more', async () => {
    expect(await judge({})).toStrictEqual(good);
    expect(await judge({ deliveryId: 'd' })).toStrictEqual({ ...good, deliveryId: 'd' });
    const signed = { deliveryId: 'd', deliveryIdSigned: true } as const;
    expect(await judge(signed)).toStrictEqual({ ...good, ...signed });
    expect(await judge({ ...signed, bodySigned: false })).toStrictEqual({ ...good, ...signed, bodySigned: false });
    const timed = { timestamp: new Date(1000) };
    expect(await judge({ timestamp: '1' }, { unit: 'seconds' })).toStrictEqual({ ...good, ...timed });
    const ofNoBody = { ...signed, bodySigned: false } as const;
    const verdict = await judge({ ...ofNoBody, timestamp: '1' }, { unit: 'seconds' });
    expect(verdict).toStrictEqual({ ...good, ...ofNoBody, ...timed });
  });

  it('that asks for a time takes no delivery without one', async () => {
    expect(await judge({}, { unit: 'seconds' })).toEqual({ ok: false, reason: 'signature_missing' });
    const odd = { parse: () => undefined, format: String };
    expect(await judge({ timestamp: 'x' }, { unit: odd })).toEqual({ ok: false, reason: 'timestamp_invalid' });
  });

  it('bounds the ids of deliveries', async () => {
    expect(await judge({ deliveryId: 'd'.repeat(255) })).toMatchObject(good);
    expect(await judge({ deliveryId: 'd'.repeat(256) })).toEqual({ ok: false, reason: 'malformed' });
  });

  it('says how long it believes a delivery', () => {
    expect(schemeOf({}, { unit: 'seconds' }).toleranceSeconds).toBe(300);
    expect(schemeOf({}, { unit: 'seconds', toleranceSeconds: 60 }).toleranceSeconds).toBe(60);
    expect(schemeOf({})).not.toHaveProperty('toleranceSeconds');
  });

  it('may know at once or later', async () => {
    for (const found of [true, Promise.resolve(true)]) expect(await judge({}, undefined, found)).toMatchObject(good);
    for (const found of [false, Promise.resolve(false)])
      expect(await judge({}, undefined, found)).toEqual({ ok: false, reason: 'signature_invalid' });
  });
});
