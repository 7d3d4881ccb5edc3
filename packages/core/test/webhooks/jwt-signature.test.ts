import { createHash } from 'node:crypto';

import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTHeaderParameters, type JWTPayload } from 'jose';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../src/bytes.ts';
import { Secret } from '../../src/secret.ts';
import { jwtSignature } from '../../src/webhooks/jwt-signature.ts';
import { delivery, judge, now, withHeader, type DeliveryInit } from './deliveries.ts';
import { createVendorKeys, type VendorKeys } from './vendor-keys.ts';

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

const body = '{\n  "webhook_type": "ITEM"\n}';
const seconds = now / 1000;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const claims: JWTPayload = { iat: seconds, request_body_sha256: sha256(body) };
const audience = 'https://app.example/webhooks/acme';

let ec: KeyPair;
let rsa: KeyPair;
let vendor: VendorKeys;

beforeAll(async () => {
  ec = await generateKeyPair('ES256', { extractable: true });
  rsa = await generateKeyPair('RS256', { extractable: true });
});

beforeEach(async () => {
  vendor = createVendorKeys([
    { ...(await exportJWK(ec.publicKey)), kid: 'ec', alg: 'ES256', use: 'sig' },
    { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', alg: 'RS256', use: 'sig' },
  ]);
});

function token(payload: JWTPayload, header: Partial<JWTHeaderParameters> = {}, pair = ec): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'ec', ...header }).sign(pair.privateKey);
}

const withToken = (text: string, init: DeliveryInit = { body }): DeliveryInit =>
  withHeader(init, 'x-verification', text);
const signsBody = () =>
  jwtSignature({ header: 'x-verification', keys: vendor.single('ES256'), bodyHash: 'request_body_sha256' });
const verdictOf = async (text: string, init?: DeliveryInit) =>
  judge(signsBody(), withToken(text, init), 'app secret', vendor.tools);

describe('tokens that sign the body', () => {
  it('are accepted, with the time they were issued', async () => {
    const { headers } = delivery(withToken(await token(claims)));
    const verdict = await signsBody()(delivery({ headers, body }), [new Secret('app secret')], vendor.tools);
    expect(verdict).toEqual({ ok: true, secretIndex: 0, timestamp: new Date(now) });
  });

  it('E02 are believed by the secret alone with which their keys are asked for, where no claim names the receiver', async () => {
    const keysOf = ({ secret }: { readonly secret?: Secret | string | undefined }) => secret;
    const scheme = jwtSignature({
      header: 'x-verification',
      keys: vendor.single('ES256'),
      bodyHash: 'request_body_sha256',
      keysOf,
    });
    const sent = delivery(withToken(await token(claims)));
    const secrets = ['another', 'mine', 'mine'].map((text) => new Secret(text));
    const asMine = { ...vendor.tools, app: { secret: new Secret('mine') } };
    expect(await scheme(sent, secrets, asMine)).toMatchObject({ ok: true, secretIndex: 1 });
    expect(await scheme(sent, secrets.slice(0, 1), asMine)).toEqual({ ok: false, reason: 'signature_invalid' });
    expect(await scheme(sent, secrets, { ...vendor.tools, app: {} })).toEqual({
      ok: false,
      reason: 'signature_invalid',
    });
  });

  it('E02 verify under no blank secret', async () => {
    const sent = delivery(withToken(await token(claims)));
    const secrets = [new Secret(' '), new Secret('app secret')];
    expect(await signsBody()(sent, secrets, vendor.tools)).toMatchObject({ ok: true, secretIndex: 1 });
  });

  it('R54 equal a vector made elsewhere', async () => {
    const known = createVendorKeys([
      {
        kty: 'EC',
        crv: 'P-256',
        kid: 'test-kid-1',
        x: 'xBDqwdo2Kyti_6EjrNZf1Wq3ecK2fReIaOk0EjHruVI',
        y: 't-UELiJ7BJ98V5yiaY_THUq2jHauBR41e8ZHGSUDcuI',
      },
    ]);
    const text =
      'eyJhbGciOiJFUzI1NiIsImtpZCI6InRlc3Qta2lkLTEiLCJ0eXAiOiJKV1QifQ.eyJpYXQiOjE3MDAwMDAwMDAsInJlcXVlc3RfYm9keV9zaGEyNTYiOiI3MWY5NDYwMjk0NmZiNjAzY2I2MTkxMzI4ODAyNGIyOWQ1Zjg1MGZmODFhMWYwY2ZhZTVhNDAyZDg3MWMxY2RkIn0.-tBpcGT8CX319jDT_ggM7hBhEMgySP8V6Y4pIdmZ9SbJX_hpYO4e8bljB1yHuSnJO9jlJKgd_WVz_sQtTcFctw';
    const sent = '{"webhook_type":"ITEM","webhook_code":"ERROR","item_id":"item-1","environment":"sandbox"}';
    const verify = jwtSignature({
      header: 'x-verification',
      keys: known.single('ES256'),
      bodyHash: 'request_body_sha256',
    });
    const judged = (init: DeliveryInit) => judge(verify, withToken(text, init), 'app secret', known.tools);
    expect(await judged({ body: sent })).toBe('ok');
    expect(await judged({ body: sent.replace('item-1', 'item-2') })).toBe('signature_invalid');
    expect(await judged({ body: sent, at: now + 301_000 })).toBe('timestamp_outside_tolerance');
  });

  it('E05 are refused for any other body', async () => {
    const text = await token(claims);
    for (const other of [`${body} `, body.replace('\n', '\r\n'), '', JSON.stringify(JSON.parse(body))]) {
      expect(await verdictOf(text, { body: other })).toBe('signature_invalid');
    }
    const upper = { ...claims, request_body_sha256: sha256(body).toUpperCase() };
    expect(await verdictOf(await token(upper))).toBe('signature_invalid');
    for (const odd of [undefined, null, 0, '', [sha256(body)]]) {
      expect(await verdictOf(await token({ ...claims, request_body_sha256: odd }))).toBe('signature_invalid');
    }
  });

  it('E03 are refused 301 s away in either direction, without `iat`, with a fraction, and when expired', async () => {
    const at = (iat: unknown, more: JWTPayload = {}) => token({ ...claims, ...more, iat: iat as number });
    expect(await verdictOf(await at(seconds - 299))).toBe('ok');
    expect(await verdictOf(await at(seconds + 299))).toBe('ok');
    expect(await verdictOf(await at(seconds - 301))).toBe('timestamp_outside_tolerance');
    expect(await verdictOf(await at(seconds + 301))).toBe('timestamp_outside_tolerance');
    expect(await verdictOf(await at(undefined))).toBe('timestamp_invalid');
    expect(await verdictOf(await at(seconds + 0.5))).toBe('timestamp_invalid');
    expect(await verdictOf(await at(seconds, { exp: seconds - 31 }))).toBe('timestamp_outside_tolerance');
    expect(await verdictOf(await at(seconds, { nbf: seconds + 31 }))).toBe('signature_invalid');
  });
});

describe('E14 the algorithm is pinned', () => {
  it('`none` is refused', async () => {
    const unsigned = new UnsecuredJWT(claims).encode();
    const [, payload] = unsigned.split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'none', kid: 'ec' })).toString('base64url');
    expect(await verdictOf(unsigned)).toBe('signature_invalid');
    expect(await verdictOf(`${header}.${payload!}.`)).toBe('signature_invalid');
  });

  it('a symmetric token under the bytes of the public key is refused', async () => {
    const jwk = await exportJWK(ec.publicKey);
    for (const key of [JSON.stringify(jwk), jwk.x!, 'app secret']) {
      const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'ec' }).sign(encodeUtf8(key));
      expect(await verdictOf(forged)).toBe('signature_invalid');
    }
  });

  it('a good signature of another algorithm, or by another key, is refused', async () => {
    const other = await generateKeyPair('ES256');
    expect(await verdictOf(await token(claims, { alg: 'RS256', kid: 'rsa' }, rsa))).toBe('signature_invalid');
    expect(await verdictOf(await token(claims, {}, other))).toBe('signature_invalid');
  });

  it('keys and addresses inside the token are never used', async () => {
    const own = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(own.publicKey)), kid: 'own' };
    const inside = { jwk, jku: 'http://169.254.169.254/keys', x5u: 'http://169.254.169.254/cert' };
    expect(await verdictOf(await token(claims, { ...inside, kid: 'own' }, own))).toBe('signature_invalid');
    expect(await verdictOf(await token(claims, { ...inside, kid: 'ec' }, own))).toBe('signature_invalid');
    expect(vendor.requests).toEqual(['own', 'ec']);
  });
});

describe('tokens that do not sign the body', () => {
  const verify = () =>
    jwtSignature({
      header: 'authorization',
      prefix: 'Bearer ',
      keys: vendor.set('RS256'),
      audience: ({ url }) => url.href,
      claims: (_, account) => ({
        iss: ['https://accounts.example', 'accounts.example'],
        email: account,
        email_verified: true,
      }),
      required: ['exp'],
      toleranceSeconds: 3600,
    });
  const good = {
    iss: 'https://accounts.example',
    aud: audience,
    email: 'push@project.example',
    email_verified: true,
    iat: seconds - 3500,
    exp: seconds + 100,
  };
  const sent = async (payload: JWTPayload, secrets: string | readonly string[] = 'push@project.example') => {
    const text = await token(payload, { alg: 'RS256', kid: 'rsa' }, rsa);
    return judge(
      verify(),
      { headers: { authorization: `Bearer ${text}` }, url: audience, body },
      secrets,
      vendor.tools,
    );
  };

  it('are accepted when all claims hold, for one of the secrets', async () => {
    expect(await sent(good)).toBe('ok');
    expect(await sent({ ...good, iss: 'accounts.example', aud: ['other', audience] })).toBe('ok');
    expect(await sent(good, ['other@project.example', 'push@project.example'])).toBe('ok');
  });

  it.each([
    { iss: 'https://accounts.example.evil' },
    { aud: 'https://other.example' },
    { aud: [] },
    { email: 'other@project.example' },
    { email_verified: false },
    { email_verified: 'true' },
  ])('are refused with %j', async (change) => {
    expect(await sent({ ...good, ...change })).toBe('signature_invalid');
  });

  it.each(['iss', 'aud', 'email', 'email_verified', 'exp'] as const)('are refused without `%s`', async (name) => {
    const { [name]: _, ...rest } = good;
    expect(await sent(rest)).toBe('signature_invalid');
  });

  it('what nobody configured is held by nobody', async () => {
    const unset = jwtSignature({
      header: 'x-verification',
      keys: vendor.single('ES256'),
      audience: () => undefined as unknown as string,
    });
    for (const aud of [undefined, '', 'undefined']) {
      const text = await token({ iat: seconds, ...(aud !== undefined && { aud }) });
      expect(await judge(unset, withToken(text), 'x', vendor.tools)).toBe('signature_invalid');
    }
  });

  it('must be bound to the receiver at least', () => {
    const options = { header: 'x-verification', keys: vendor.set('RS256'), claims: () => ({ iss: 'x' }) };
    expect(() => jwtSignature(options)).toThrow(
      expect.objectContaining({ kind: 'configuration', code: 'invalid_definition' }) as Error,
    );
  });
});

describe('jwtSignature', () => {
  it('E01 an absent, empty, doubled or huge header is refused', async () => {
    const text = await token(claims);
    expect(await judge(signsBody(), { body }, 'x', vendor.tools)).toBe('signature_missing');
    expect(await verdictOf('')).toBe('signature_missing');
    expect(await verdictOf(`${text}, ${text}`)).toBe('signature_invalid');
    expect(await verdictOf(text.padEnd(10_240, 'a'))).toBe('signature_invalid');
    expect(await verdictOf(text.toLowerCase())).toBe('signature_invalid');
  });

  it('E07 nothing that is no token throws, or asks the vendor', async () => {
    const texts = ['.', '..', 'a.b.c', 'e30.e30.', 'e30.e30.e30', '[].[].[]', 'null', 'eyJraWQiOjF9.e30.e30'];
    for (const text of texts) expect(await verdictOf(text)).toBe('signature_invalid');
    const long = await token(claims, { kid: 'a'.repeat(129) });
    expect(await verdictOf(long)).toBe('signature_invalid');
    expect(vendor.requests).toEqual([]);
  });

  it('E02 without a secret, or without the means to ask, nothing is verified', async () => {
    const init = withToken(await token(claims));
    expect(await judge(signsBody(), init, [], vendor.tools)).toBe('key_unavailable');
    expect(await judge(signsBody(), init, ['', ' '], vendor.tools)).toBe('key_unavailable');
    expect(await judge(signsBody(), init, 'x')).toBe('key_unavailable');
    await expect(
      judge(
        signsBody(),
        init,
        Array.from({ length: 21 }, () => 'x'),
        vendor.tools,
      ),
    ).rejects.toMatchObject({
      code: 'too_many_secrets',
    });
  });
});

describe('E14 a token is looked at before anybody is asked for its key', () => {
  const encode = (header: object) => Buffer.from(JSON.stringify(header)).toString('base64url');

  it.each<[string, (parts: readonly string[]) => string]>([
    ['of two parts', ([header, payload]) => `${header}.${payload}`],
    ['of four parts', (parts) => [...parts, parts[2]].join('.')],
    ['of five parts', (parts) => [...parts, parts[2], parts[2]].join('.')],
    ['with an empty part', ([header, , signature]) => `${header}..${signature}`],
    ['with a space that lenient decoders skip', ([header, payload, signature = '']) =>
      `${header}.${payload}.${signature.slice(0, 9)} ${signature.slice(9)}`],
    ['with padding', ([header, payload, signature]) => `${header}.${payload}.${signature}==`],
    ['without a key id', ([, ...rest]) => [encode({ alg: 'ES256' }), ...rest].join('.')],
    ['with an empty key id', ([, ...rest]) => [encode({ alg: 'ES256', kid: '' }), ...rest].join('.')],
    ['with a number for a key id', ([, ...rest]) => [encode({ alg: 'ES256', kid: 7 }), ...rest].join('.')],
    ['with a list of key ids', ([, ...rest]) => [encode({ alg: 'ES256', kid: ['ec'] }), ...rest].join('.')],
    ['whose header is no JSON', ([, ...rest]) => ['AAAA', ...rest].join('.')],
    ['with a key id of 129 characters', ([, ...rest]) => [encode({ alg: 'ES256', kid: 'k'.repeat(129) }), ...rest].join('.')],
  ])('%s', async (_what, change) => {
    expect(await verdictOf(change((await token(claims)).split('.')))).toBe('signature_invalid');
    expect(vendor.requests).toEqual([]);
  }); // prettier-ignore

  it('and a key id of 128 characters is one', async () => {
    const kid = 'k'.repeat(128);
    vendor.keys = [{ ...vendor.keys[0]!, kid }];
    expect(await verdictOf(await token(claims, { kid }))).toBe('ok');
  });
});

it('E02 what nobody configured is held by no token', async () => {
  const empty = jwtSignature({ header: 'x-verification', keys: vendor.single('ES256'), audience: () => '' });
  expect(await judge(empty, withToken(await token({ ...claims, aud: '' })), 'app secret', vendor.tools)).toBe(
    'signature_invalid',
  );
  const unset = jwtSignature({
    header: 'x-verification',
    keys: vendor.single('ES256'),
    audience: () => audience,
    claims: () => ({ tenant: ['', undefined as never] }),
  });
  for (const tenant of ['', undefined]) {
    const sent = withToken(await token({ ...claims, aud: audience, tenant }));
    expect(await judge(unset, sent, 'app secret', vendor.tools)).toBe('signature_invalid');
  }
});

it('a tolerance that is none is refused when it is declared', () => {
  const declare = () =>
    jwtSignature({ header: 'x', keys: vendor.single('ES256'), bodyHash: 'hash', toleranceSeconds: -1 });
  expect(declare).toThrow(expect.objectContaining({ kind: 'configuration' }) as Error);
});
