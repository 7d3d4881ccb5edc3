import { createPrivateKey, createPublicKey, sign } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { decodeHex, encodeHex } from '../../src/bytes.ts';
import { ed25519Example, ed25519Match, ed25519Signature, ed25519Signer } from '../../src/webhooks/ed25519-signature.ts';
import { ed25519Key, signEd25519 } from '../../src/webhooks/ed25519.ts';
import { hideNodeCrypto } from '../support/vault.ts';
import { judge, now, withHeader } from './deliveries.ts';
import { discord } from './schemes.ts';

const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const pkcs8 = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex');
const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
const body = '{"type":1}';
const timestamp = String(now / 1000);
const signature = sign(null, Buffer.from(timestamp + body), privateKey);
const headers = { 'x-signature-timestamp': timestamp, 'x-signature-ed25519': signature.toString('hex') };

describe.each(['node:crypto', 'WebCrypto'])('Ed25519, on %s', (platform) => {
  it('E07 signatures of 0 to 200 characters are refused, nothing throws', async () => {
    if (platform === 'WebCrypto') hideNodeCrypto();
    for (let length = 0; length <= 200; length++) {
      const init = withHeader({ headers, body }, 'x-signature-ed25519', 'a'.repeat(length));
      const reason = length === 0 ? 'signature_missing' : 'signature_invalid';
      expect(await judge(discord, init, publicKey.toString('hex'))).toBe(reason);
    }
  });

  it('R54 no single changed bit of signature, timestamp or body passes', async () => {
    if (platform === 'WebCrypto') hideNodeCrypto();
    const key = publicKey.toString('hex');
    expect(await judge(discord, { headers, body }, key)).toBe('ok');
    for (let bit = 0; bit < 512; bit++) {
      const changed = Buffer.from(signature);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const init = withHeader({ headers, body }, 'x-signature-ed25519', changed.toString('hex'));
      expect(await judge(discord, init, key)).toBe('signature_invalid');
    }
    const later = withHeader({ headers, body }, 'x-signature-timestamp', String(now / 1000 + 1));
    expect(await judge(discord, later, key)).toBe('signature_invalid');
    expect(await judge(discord, { headers, body: `${body} ` }, key)).toBe('signature_invalid');
  });

  it('signs the same bytes as node:crypto', async () => {
    if (platform === 'WebCrypto') hideNodeCrypto();
    const data = Buffer.from('data');
    const made = await signEd25519(decodeHex(seed)!, data);
    expect(Buffer.from(made)).toEqual(sign(null, data, privateKey));
    expect(await ed25519Key(publicKey)([data], [made])).toBe(true);
    expect(await ed25519Key(publicKey)([Buffer.from('date')], [made])).toBe(false);
  });

  it('joins texts and bytes anew for each delivery, whatever the one before was like', async () => {
    if (platform === 'WebCrypto') hideNodeCrypto();
    const judgeParts = ed25519Key(publicKey);
    const deliveries = [
      ['größer', Buffer.alloc(200_000, 1)],
      ['größer', Buffer.alloc(5_000, 2)],
      ['ö', Buffer.from('{}')],
      ['größer'],
      [''],
    ];
    for (const parts of deliveries) {
      const joined = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
      const made = sign(null, joined, privateKey);
      expect(await judgeParts(parts, [made])).toBe(true);
      expect(await judgeParts(['x', ...parts], [made])).toBe(false);
      expect(await judgeParts(parts, [Buffer.alloc(64), made])).toBe(true);
      // Nothing is left of another delivery where this one is the first.
      expect(await ed25519Key(publicKey)(parts, [made])).toBe(true);
    }
  });
});

describe('ed25519Signature', () => {
  it('one signature has one spelling', async () => {
    const init = withHeader({ headers, body }, 'x-signature-ed25519', signature.toString('hex').toUpperCase());
    expect(await judge(discord, init, publicKey.toString('hex'))).toBe('signature_invalid');
  });

  it('E03 is fresh for 300 s in both directions, which the vendor leaves to the receiver', async () => {
    const key = publicKey.toString('hex');
    for (const [seconds, verdict] of [
      [-301, 'timestamp_outside_tolerance'],
      [-299, 'ok'],
      [299, 'ok'],
      [301, 'timestamp_outside_tolerance'],
    ] as const) {
      expect(await judge(discord, { headers, body, at: now + seconds * 1000 }, key)).toBe(verdict);
    }
  });

  it.each(['', 'abcd', 'zz'.repeat(32), `${'ab'.repeat(32)}ab`, publicKey.toString('base64')])(
    'E02 %j is no public key and verifies nothing',
    async (text) => {
      expect(await judge(discord, { headers, body }, text)).toBe('key_unavailable');
    },
  );

  it('reads keys and signatures in base64 where declared, with no timestamp where there is none', async () => {
    const verify = ed25519Signature({ header: 'x-signature', encoding: 'base64', keyEncoding: 'base64' });
    const made = { headers: { 'x-signature': sign(null, Buffer.from(body), privateKey).toString('base64') }, body };
    expect(await judge(verify, made, publicKey.toString('base64'))).toBe('ok');
    expect(await judge(verify, { ...made, body: '{}' }, publicKey.toString('base64'))).toBe('signature_invalid');
  });

  it('E06 verifies under any of several keys', async () => {
    expect(await judge(discord, { headers, body }, ['11'.repeat(32), publicKey.toString('hex')])).toBe('ok');
    expect(await judge(discord, { headers, body }, ['11'.repeat(32), '22'.repeat(32)])).toBe('signature_invalid');
  });
});

describe('ed25519Signer', () => {
  const options = {
    header: 'x-signature-ed25519',
    timestamp: { header: 'x-signature-timestamp', unit: 'seconds' },
    content: ({ body: bytes }, at) => [at, bytes],
  } satisfies Parameters<typeof ed25519Signer>[0];
  const signer = ed25519Signer(options);
  const delivery = { body, url: 'https://app.example.com/webhooks', at: new Date(now) };

  it('signs with the pair that everybody knows, as node:crypto does', async () => {
    expect(ed25519Example).toEqual({ publicKey: publicKey.toString('hex'), seed });
    expect(await signer(delivery, ed25519Example.publicKey)).toEqual(headers);
  });

  it('signs for no other key: nobody but the vendor can', async () => {
    for (const secret of ['', 'x', seed, 'e'.repeat(64)])
      await expect(signer(delivery, secret)).rejects.toMatchObject({ code: 'webhook_not_signable' });
  });
});

it.each(['node:crypto', 'WebCrypto'])('one of several signatures is enough, on %s', async (runtime) => {
  if (runtime === 'WebCrypto') hideNodeCrypto();
  const data = new TextEncoder().encode('message');
  const signature = encodeHex(await signEd25519(decodeHex(ed25519Example.seed)!, data));
  const wrong = signature.replace(/^../, (start) => (start === '00' ? '01' : '00'));
  const key = ed25519Key(decodeHex(ed25519Example.publicKey)!);
  const matches = async (...signatures: string[]) => ed25519Match('hex').matches(key, [data], signatures);
  expect(await matches(wrong, signature)).toBe(true);
  expect(await matches(signature, wrong)).toBe(true);
  expect(await matches('x', wrong, signature.toUpperCase())).toBe(false);
  expect(await matches()).toBe(false);
});

it('asks no key about what is no signature', async () => {
  let asked = 0;
  const key = () => (asked++, true);
  const matches = async (...texts: string[]) => ed25519Match('hex').matches(key, [], texts);
  for (const texts of [[], ['x'], ['x', 'AB'.repeat(64)]]) expect(await matches(...texts)).toBe(false);
  expect(asked).toBe(0);
  expect(await matches('x', 'ab'.repeat(64))).toBe(true);
});
