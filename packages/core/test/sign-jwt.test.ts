import { constants, createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { readPrivateKey, signJwt } from '../src/auth/sign-jwt.ts';
import { decodeBase64url, decodeUtf8 } from '../src/bytes.ts';
import { exampleEcJwk, exampleEcKey, exampleRsaKey, exampleRsaPem } from '../src/example-key.ts';

const rsa = createPrivateKey(exampleRsaPem);
const pkcs1 = rsa.export({ type: 'pkcs1', format: 'pem' }) as string;
const claims = { iat: 1_700_000_000, iss: 'client' };
const partsOf = (token: string) => token.split('.').map((part) => decodeBase64url(part)!);

describe('a JWT', () => {
  test('is signed with RS256, the same bytes each time, and holds what was given in that order', async () => {
    const token = await signJwt({ alg: 'RS256', typ: 'JWT' }, claims, exampleRsaKey());
    expect(await signJwt({ alg: 'RS256', typ: 'JWT' }, claims, exampleRsaKey())).toBe(token);
    const [header, body, signature] = partsOf(token);
    expect([header, body].map((part) => decodeUtf8(part!))).toEqual([
      '{"alg":"RS256","typ":"JWT"}',
      '{"iat":1700000000,"iss":"client"}',
    ]);
    const signed = Buffer.from(token.slice(0, token.lastIndexOf('.')));
    expect(verify('sha256', signed, createPublicKey(rsa), signature!)).toBe(true);
  });

  test('is signed with ES256 as two numbers, not as DER (RFC 7518 section 3.4)', async () => {
    const token = await signJwt({ alg: 'ES256', kid: 'k1' }, claims, exampleEcKey());
    const signature = partsOf(token)[2]!;
    expect(signature).toHaveLength(64);
    const key = createPublicKey({ key: { ...exampleEcJwk }, format: 'jwk' });
    const signed = Buffer.from(token.slice(0, token.lastIndexOf('.')));
    expect(verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  test.each(['PS256', 'EdDSA', 'HS256'] as const)('is signed with %s as OpenSSL verifies it', async (alg) => {
    const ed = generateKeyPairSync('ed25519');
    const secret = Buffer.alloc(32, 7);
    const key = {
      PS256: exampleRsaKey(),
      EdDSA: ed.privateKey.export({ type: 'pkcs8', format: 'der' }),
      HS256: secret,
    };
    const token = await signJwt({ alg }, claims, key[alg]);
    const signature = partsOf(token)[2]!;
    const signed = Buffer.from(token.slice(0, token.lastIndexOf('.')));
    const padding = { key: createPublicKey(rsa), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    const good = {
      PS256: () => verify('sha256', signed, padding, signature),
      EdDSA: () => verify(null, signed, ed.publicKey, signature),
      HS256: () => createHmac('sha256', secret).update(signed).digest().equals(signature),
    };
    expect(good[alg]()).toBe(true);
  });

  test('is signed with no key of another kind, or a short one', async () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({
      type: 'pkcs8',
      format: 'der',
    });
    for (const [alg, key] of [
      ['RS256', short],
      ['RS256', exampleEcKey()],
      ['ES256', exampleRsaKey()],
      ['RS256', new Uint8Array(8)],
      ['PS256', short],
      ['EdDSA', exampleRsaKey()],
    ] as const) {
      await expect(signJwt({ alg }, claims, key)).rejects.toMatchObject({
        code: 'invalid_input',
        fields: [{ path: 'privateKey' }],
      });
    }
    await expect(signJwt({ alg: 'HS256' }, claims, new Uint8Array(31))).rejects.toMatchObject({
      fields: [{ path: 'secret', message: 'is not a secret of 32 bytes or more' }],
    });
  });
});

describe('a private key', () => {
  test('is read from PKCS#8 and PKCS#1, with line breaks of any kind', () => {
    expect(pkcs1).toContain('BEGIN RSA PRIVATE KEY');
    for (const pem of [exampleRsaPem, pkcs1]) {
      const forms = [pem, pem.replaceAll('\n', '\\n'), pem.replaceAll('\n', '\r\n'), ` ${pem}\n`, pem.trim()];
      for (const form of forms) expect(readPrivateKey(form), form.slice(0, 40)).toEqual(exampleRsaKey());
    }
  });

  test('of any length is wrapped as OpenSSL wraps it', () => {
    for (const modulusLength of [512, 1024, 2048]) {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength });
      const wrapped = readPrivateKey(privateKey.export({ type: 'pkcs1', format: 'pem' }) as string);
      expect(Buffer.from(wrapped!).equals(privateKey.export({ type: 'pkcs8', format: 'der' }))).toBe(true);
    }
  });

  test.each([
    [5, '19', '05'],
    [127, '8193', '7f'],
    [128, '8195', '8180'],
    [256, '820116', '820100'],
  ])('of %i bytes has its length in DER (X.690 section 8.1.3)', (length, whole, own) => {
    const key = Buffer.alloc(length, 7);
    const pem = `-----BEGIN RSA PRIVATE KEY-----\n${key.toString('base64')}\n-----END RSA PRIVATE KEY-----`;
    const head = '020100300d06092a864886f70d0101010500';
    expect(Buffer.from(readPrivateKey(pem)!).toString('hex')).toBe(`30${whole}${head}04${own}${key.toString('hex')}`);
  });

  test('is read from nothing else', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const others = [
      '',
      'PRIVATE KEY',
      exampleRsaPem.replace('END PRIVATE KEY', 'END RSA PRIVATE KEY'),
      exampleRsaPem.replace('MII', '!!!'),
      exampleRsaPem.repeat(2),
      '-----BEGIN PRIVATE KEY-----\n\n-----END PRIVATE KEY-----',
      publicKey.export({ type: 'spki', format: 'pem' }) as string,
    ];
    for (const pem of others) expect(readPrivateKey(pem), pem.slice(0, 40)).toBeUndefined();
  });
});
