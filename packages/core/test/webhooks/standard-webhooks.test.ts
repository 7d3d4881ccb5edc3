import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isSecret, Secret } from '../../src/secret.ts';
import {
  checkStandardWebhookSecret,
  generateStandardWebhookSecret,
  parseStandardWebhookSecret,
} from '../../src/webhooks/standard-webhook-secret.ts';
import { signStandardWebhook, standardWebhooks } from '../../src/webhooks/standard-webhooks.ts';
import { hideNodeCrypto } from '../support/vault.ts';
import { delivery, judge, now, withHeader } from './deliveries.ts';

const verify = standardWebhooks({ prefixes: ['svix', 'webhook'] });
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const at = new Date(now);
const body = '{"test": 2432232314}';
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const otherSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const privateKey = 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==';
const publicKey = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=';
const configurationError = (code: string) => expect.objectContaining({ kind: 'configuration', code }) as unknown;

const sign = (secrets: string | readonly string[] = secret, prefix?: string) =>
  signStandardWebhook({ id, at, body }, secrets, prefix);

/** The published example: its id, its body, its time. */
const published = (signature: string) => ({
  headers: { 'webhook-id': id, 'webhook-timestamp': '1614265330', 'webhook-signature': signature },
  body,
  at: 1_614_265_330_000,
});
const good = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const wrong = 'Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=';

describe('E06 the list of signatures', () => {
  it.each([
    [`v1,${wrong} v2,${wrong}`, 'signature_invalid'],
    [`v1,${wrong} ${good} v2,${wrong}`, 'ok'],
    [`v2,${wrong} v3,x ${good}`, 'ok'],
    [good.replace('v1,', 'v2,'), 'signature_invalid'],
    [good.replace('v1,', 'V1,'), 'signature_invalid'],
    [good.replace('v1,', 'v1a,'), 'signature_invalid'],
    [good.slice('v1,'.length), 'signature_invalid'],
    [good.slice(0, 8), 'signature_invalid'],
    ['v1,', 'signature_invalid'],
    ['v1', 'signature_invalid'],
    [' ', 'signature_missing'],
    [`${good},x`, 'signature_invalid'],
    [good.replace('=', ''), 'signature_invalid'],
    [`${good}  ${good}`, 'ok'],
  ])('E01 %s: %s', async (signature, verdict) => {
    expect(await judge(verify, published(signature), secret)).toBe(verdict);
  });

  it('of old and new secrets is accepted under either, and says under which', async () => {
    const both = await sign([otherSecret, secret]);
    expect(both['webhook-signature']!.split(' ')).toHaveLength(2);
    for (const held of [secret, otherSecret]) expect(await judge(verify, { headers: both, body }, held)).toBe('ok');
    const secrets = [privateKey, otherSecret, secret].map((text) => new Secret(text));
    const { headers } = delivery({ headers: await sign() });
    expect(await verify(delivery({ headers, body }), secrets)).toEqual({
      ok: true,
      secretIndex: 2,
      deliveryId: id,
      deliveryIdSigned: true,
      timestamp: at,
    });
  });

  it('E13 holds ten at most', async () => {
    const others = (count: number) => `v1,${wrong} `.repeat(count);
    expect(await judge(verify, published(`${others(9)}${good}`), secret)).toBe('ok');
    expect(await judge(verify, published(`${others(10)}${good}`), secret)).toBe('signature_invalid');
    expect(await judge(verify, published(`${others(10_000)}${good}`), secret)).toBe('signature_invalid');
  });

  it('may be joined by another separator where the sender says so', async () => {
    const joined = published(`v1,${wrong}, ${good}`);
    expect(await judge(verify, joined, secret)).toBe('signature_invalid');
    expect(await judge(standardWebhooks({ separator: ', ' }), joined, secret)).toBe('ok');
  });

  it('E01 that came twice is refused', async () => {
    const { headers } = delivery({ headers: published(good).headers });
    headers.append('webhook-signature', good);
    expect(await judge(verify, { ...published(good), headers }, secret)).toBe('signature_invalid');
  });
});

describe.each(['node:crypto', 'WebCrypto'])('v1a, on %s', (platform) => {
  it('is made by whsk_ and verified by whpk_, beside v1 in one header', async () => {
    if (platform === 'WebCrypto') hideNodeCrypto();
    const headers = await sign([secret, privateKey]);
    expect(await judge(verify, { headers, body }, publicKey)).toBe('ok');
    expect(await judge(verify, { headers, body }, secret)).toBe('ok');
    expect(await judge(verify, { headers, body: `${body} ` }, publicKey)).toBe('signature_invalid');
    const onlyV1 = await sign(secret);
    expect(await judge(verify, { headers: onlyV1, body }, publicKey)).toBe('signature_invalid');
  });

  it('equals the published signature', async () => {
    if (platform === 'WebCrypto') hideNodeCrypto();
    const headers = await signStandardWebhook({ id, at: new Date(1_614_265_330_000), body }, [secret, privateKey]);
    expect(headers).toEqual(
      published(`${good} v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==`)
        .headers,
    );
  });

  it('E07 in another spelling or length is refused, nothing throws', async () => {
    if (platform === 'WebCrypto') hideNodeCrypto();
    const headers = await sign(privateKey);
    const value = headers['webhook-signature']!;
    const spellings = [value.replace('==', ''), value.replace(/.==$/, '/=='), value.replaceAll('/', '_'), `${value}=`];
    const lengths = Array.from({ length: 200 }, (_, length) => `v1a,${'A'.repeat(length)}`);
    for (const signature of [...spellings.filter((text) => text !== value), ...lengths]) {
      const init = withHeader({ headers, body }, 'webhook-signature', signature);
      expect(await judge(verify, init, publicKey), signature).toBe('signature_invalid');
    }
  });
});

describe('header families', () => {
  it('either family is read, and of two the first that is complete', async () => {
    const svix = await sign(secret, 'svix');
    const webhook = await sign(secret);
    expect(await judge(verify, { headers: svix, body }, secret)).toBe('ok');
    expect(await judge(verify, { headers: { ...svix, ...webhook }, body }, secret)).toBe('ok');
    const wrongFirst = { ...webhook, ...svix, 'svix-signature': `v1,${wrong}` };
    expect(await judge(verify, { headers: wrongFirst, body }, secret)).toBe('signature_invalid');
    for (const missing of ['svix-id', 'svix-timestamp', 'svix-signature']) {
      const headers = { ...svix, ...webhook, [missing]: '' };
      expect(await judge(verify, { headers, body }, secret)).toBe('ok');
    }
  });

  it('E01 parts of two families never make one', async () => {
    const svix = await sign(secret, 'svix');
    const webhook = await sign(secret);
    const parts = ['id', 'timestamp', 'signature'];
    for (const missing of parts) {
      const headers = { ...svix, ...webhook };
      delete headers[`svix-${missing}`];
      delete headers[`webhook-${parts[(parts.indexOf(missing) + 1) % 3]!}`];
      expect(await judge(verify, { headers, body }, secret)).toBe('signature_missing');
    }
  });

  it('only declared families are read', async () => {
    expect(await judge(standardWebhooks(), { headers: await sign(secret, 'svix'), body }, secret)).toBe(
      'signature_missing',
    );
  });
});

describe('E03 id and timestamp', () => {
  it('borders between id, timestamp and body cannot be moved', async () => {
    const digits = '1700000000.{}';
    const headers = await signStandardWebhook({ id: 'msg_1', at, body: digits }, secret);
    expect(await judge(verify, { headers, body: digits }, secret)).toBe('ok');
    const moved = { ...headers, 'webhook-id': 'msg_1.1700000000' };
    expect(await judge(verify, { headers: moved, body: '{}' }, secret)).toBe('malformed');
  });

  it.each(['a.b', 'a b', 'a'.repeat(256), 'é', '\u0001', 'msg_1, msg_1'])('the id %j is refused', async (odd) => {
    const headers = { ...(await sign()), 'webhook-id': odd };
    expect(await judge(verify, { headers, body }, secret)).toBe('malformed');
    await expect(signStandardWebhook({ id: odd, at, body }, secret)).rejects.toEqual(
      configurationError('invalid_message_id'),
    );
  });

  it.each([
    [-301, 'timestamp_outside_tolerance'],
    [-300, 'ok'],
    [300, 'ok'],
    [301, 'timestamp_outside_tolerance'],
  ])('%i s away: %s', async (seconds, verdict) => {
    const headers = await sign();
    expect(await judge(verify, { headers, body, at: now + seconds * 1000 }, secret)).toBe(verdict);
  });

  it('the tolerance is declared per sender', async () => {
    const wide = standardWebhooks({ toleranceSeconds: 3600 });
    const init = { headers: await sign(), body, at: now + 3_600_000 };
    expect(await judge(wide, init, secret)).toBe('ok');
    expect(await judge(verify, init, secret)).toBe('timestamp_outside_tolerance');
    expect(() => standardWebhooks({ toleranceSeconds: 0 })).toThrow('toleranceSeconds');
  });
});

describe('E02 secrets', () => {
  const unusable = [
    'whsec_',
    'whpk_',
    'whsk_',
    '',
    ' ',
    'whsec_!!!!',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS',
    'whpk_AAAA',
  ];

  it.each(unusable)('%j is no key: verifies nothing, and is refused at configuration', async (text) => {
    expect(await judge(verify, published(good), text)).toBe('key_unavailable');
    expect(await judge(verify, published(good), [text, secret])).toBe('ok');
    expect(parseStandardWebhookSecret(text)).toBeUndefined();
    expect(() => checkStandardWebhookSecret(text)).toThrow(configurationError('invalid_webhook_secret') as Error);
    await expect(sign(text)).rejects.toEqual(configurationError('invalid_webhook_secret'));
  });

  it('messages about them quote nothing of them', () => {
    for (const text of ['whsec_do-not-print', 'whpk_do-not-print']) {
      try {
        checkStandardWebhookSecret(text);
        expect.unreachable();
      } catch (error) {
        expect(JSON.stringify(error) + String(error)).not.toContain('do-not-print');
      }
    }
  });

  it('a private key verifies nothing, a public key signs nothing, no key signs nothing', async () => {
    expect(await judge(verify, { headers: await sign(privateKey), body }, privateKey)).toBe('key_unavailable');
    await expect(sign(publicKey)).rejects.toEqual(configurationError('invalid_webhook_secret'));
    await expect(sign([])).rejects.toEqual(configurationError('invalid_webhook_secret'));
  });

  it('new ones have 24 to 64 random bytes', () => {
    const made = Array.from({ length: 100 }, () => generateStandardWebhookSecret());
    expect(made.every(isSecret)).toBe(true);
    expect(new Set(made.map((one) => one.reveal())).size).toBe(100);
    for (const bytes of [24, 32, 64]) {
      const text = generateStandardWebhookSecret(bytes).reveal();
      expect(Buffer.from(text.replace('whsec_', ''), 'base64')).toHaveLength(bytes);
      expect(checkStandardWebhookSecret(text)).toMatchObject({ kind: 'symmetric' });
    }
    for (const bytes of [0, 23, 65, 32.5, Number.NaN]) {
      expect(() => generateStandardWebhookSecret(bytes)).toThrow(configurationError('invalid_secret_length') as Error);
    }
  });
});

describe('R50 properties', () => {
  it('what is signed verifies, with one bit of the body changed it does not', async () => {
    const ids = fc.stringMatching(/^[\w-]{1,40}$/);
    const bytes = fc.uint8Array({ maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(ids, bytes, fc.nat(), async (messageId, content, position) => {
        const key = generateStandardWebhookSecret();
        const headers = await signStandardWebhook({ id: messageId, at, body: content }, key);
        const held = key.reveal();
        expect(await judge(verify, { headers, body: content }, held)).toBe('ok');
        expect(
          await judge(verify, { headers: { ...headers, 'webhook-id': `${messageId}x` }, body: content }, held),
        ).toBe('signature_invalid');
        const longer = new Uint8Array([...content, position % 256]);
        expect(await judge(verify, { headers, body: longer }, held)).toBe('signature_invalid');
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  it('no header makes it throw, or pass', async () => {
    const value = fc.oneof(fc.string({ maxLength: 60 }), fc.constant('1700000000'), fc.constant(good));
    const keys = fc.constantFrom(secret, publicKey);
    await fc.assert(
      fc.asyncProperty(value, value, value, keys, async (messageId, timestamp, signature, key) => {
        const headers = { 'webhook-id': messageId, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
        expect(await judge(verify, { headers, body }, key)).not.toBe('ok');
      }),
      { numRuns: 500, seed: 5 },
    );
  });
});

describe('the halves of a key pair', () => {
  const base64 = (length: number) => Buffer.alloc(length, 7).toString('base64');

  it('are 32 bytes, and the private one stands before its public one', () => {
    expect(parseStandardWebhookSecret(`whpk_${base64(32)}`)).toEqual({
      kind: 'public',
      bytes: new Uint8Array(32).fill(7),
    });
    expect(parseStandardWebhookSecret(`whsk_${base64(64)}`)).toEqual({
      kind: 'private',
      bytes: new Uint8Array(32).fill(7),
    });
  });

  it.each(['whpk_!!!', 'whsk_!!!', 'whpk_', 'whsk_', `whpk_${base64(31)}`, `whpk_${base64(64)}`, `whsk_${base64(32)}`])(
    '%s is none',
    (secret) => expect(parseStandardWebhookSecret(secret)).toBeUndefined(),
  );
});
