import { describe, expect, it } from 'vitest';

import { Secret } from '../../src/secret.ts';
import { hmacSignature, hmacSigner, type HmacSignatureOptions } from '../../src/webhooks/hmac-signature.ts';
import { hideNodeCrypto } from '../support/vault.ts';
import { body, digest, listed, plain, secret, signed, stamped, url } from './acme.ts';
import { delivery, judge, now, withHeader } from './deliveries.ts';
import { hmacSchemes } from './schemes.ts';

describe('E01 the signature header', () => {
  const schemes = Object.entries<HmacSignatureOptions>(hmacSchemes).filter(([name]) => name !== 'twilio');

  it.each(schemes)('%s: absent, empty, twice or 10 KB long is refused', async (_, options) => {
    const verify = hmacSignature(options);
    const key = options.keyEncoding === 'base64' ? 'c2VjcmV0' : secret;
    const good = await signed(options, key);
    expect(await judge(verify, good, key)).toBe('ok');

    const value = new Headers(good.headers).get(options.header)!;
    expect(await judge(verify, withHeader(good, options.header, null), key)).toBe('signature_missing');
    expect(await judge(verify, withHeader(good, options.header, ''), key)).toBe('signature_missing');
    expect(await judge(verify, withHeader(good, options.header, `${value}, ${value}`), key)).toBe('signature_invalid');
    expect(await judge(verify, withHeader(good, options.header, value.padEnd(10_240, 'a')), key)).toBe(
      'signature_invalid',
    );
  });

  it.each(['stamped', 'listed'] as const)('%s: a timestamp that came twice is refused', async (kind) => {
    const options = { stamped, listed }[kind];
    const [header, value] =
      kind === 'stamped'
        ? ['x-timestamp', '1700000000, 1700000000']
        : ['x-signature', `t=1700000000,t=1700000000,v1=${digest(secret, '1700000000.', body)}`];
    const verdict = await judge(hmacSignature(options), withHeader(await signed(options), header, value), secret);
    expect(verdict).toBe(kind === 'stamped' ? 'timestamp_invalid' : 'signature_invalid');
  });
});

describe('E02 secrets', () => {
  it.each([[[]], [['']], [[' \t\n']]])('none that is usable: %j verifies nothing', async (secrets) => {
    expect(await judge(hmacSignature(plain), await signed(plain), secrets)).toBe('key_unavailable');
    const blank = { headers: { 'x-signature': `sha256=${digest(secrets[0] ?? '', body)}` }, body };
    expect(await judge(hmacSignature(plain), blank, secrets)).toBe('key_unavailable');
  });

  it('of another encoding than declared verify nothing', async () => {
    const options = { ...plain, keyEncoding: 'base64' } as const;
    const key = Buffer.from('key').toString('base64');
    const good = await signed(options, key);
    expect(new Headers(good.headers).get('x-signature')).toBe(`sha256=${digest('key', body)}`);
    expect(await judge(hmacSignature(options), good, key)).toBe('ok');
    expect(await judge(hmacSignature(options), good, ['!!', '====', 'a2V5Cg', key])).toBe('ok');
    expect(await judge(hmacSignature(options), good, ['!!', '====', 'a2V5Cg'])).toBe('key_unavailable');
  });

  it('say by their place which one verified, blank ones counted', async () => {
    const { headers } = await signed(plain);
    const secrets = ['other', '', secret].map((text) => new Secret(text));
    expect(await hmacSignature(plain)(delivery({ headers, body }), secrets)).toEqual({
      ok: true,
      secretIndex: 2,
    });
  });
});

describe('E06 rotation', () => {
  it('old, new or both signatures, under the old, the new or both secrets', async () => {
    const verify = hmacSignature(listed);
    const signatures = (...keys: readonly string[]) => ({
      headers: {
        'x-signature': ['t=1700000000', ...keys.map((key) => `v1=${digest(key, '1700000000.', body)}`)].join(','),
      },
      body,
    });
    expect(await judge(verify, signatures('old'), ['new', 'old'])).toBe('ok');
    expect(await judge(verify, signatures('new'), ['new', 'old'])).toBe('ok');
    expect(await judge(verify, signatures('old', 'new'), ['new'])).toBe('ok');
    expect(await judge(verify, signatures('old', 'new'), ['old'])).toBe('ok');
    expect(await judge(verify, signatures('old'), ['new'])).toBe('signature_invalid');
    expect(await judge(verify, { ...signatures('old'), at: now + 301_000 }, 'old')).toBe('timestamp_outside_tolerance');
  });

  it('signatures of other versions are passed over and do not verify', async () => {
    const mac = digest(secret, '1700000000.', body);
    const verify = hmacSignature(listed);
    const sent = (value: string) => judge(verify, { headers: { 'x-signature': value }, body }, secret);
    expect(await sent(`v0=${mac},t=1700000000,v2=x,v1=${mac},k`)).toBe('ok');
    expect(await sent(`,t=1700000000,,v1=${mac},`)).toBe('ok');
    expect(await sent(`t=1700000000,v0=${mac}`)).toBe('signature_invalid');
    expect(await sent(`v1=${mac}`)).toBe('signature_invalid');
    expect(await sent(`t=1700000000,v1=`)).toBe('signature_invalid');
  });
});

describe('E07 signatures of any length', () => {
  it.each(Object.entries<HmacSignatureOptions>(hmacSchemes))(
    '%s: 0 to 200 bytes are refused, nothing throws',
    async (_, options) => {
      const verify = hmacSignature(options);
      const key = options.keyEncoding === 'base64' ? 'c2VjcmV0' : secret;
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      const good = await signed({ ...options, content: () => [body] }, key);
      const start = new Headers(good.headers).get(options.header)!.replace(/[0-9A-Za-z+/]{27,}=*$/, '');
      for (let length = 0; length <= 200; length++) {
        const init = withHeader(
          { ...good, headers: { ...form, ...good.headers } },
          options.header,
          start + 'a'.repeat(length),
        );
        expect(await judge(verify, init, key)).toMatch(/^signature_/);
      }
    },
  );
});

describe('E13 limits', () => {
  const mac = digest(secret, '1700000000.', body);
  const sent = (...signatures: readonly string[]) => ({
    headers: { 'x-signature': `t=1700000000,${signatures.map((text) => `v1=${text}`).join(',')}` },
    body,
  });

  it('ten signatures are looked at, eleven are too many', async () => {
    const others = Array.from({ length: 10 }, () => 'f'.repeat(64));
    expect(await judge(hmacSignature(listed), sent(...others.slice(1), mac), secret)).toBe('ok');
    expect(await judge(hmacSignature(listed), sent(...others, mac), secret)).toBe('signature_invalid');
  });

  it('10,000 signatures, or one of 8 KB, are refused before anything is computed', async () => {
    hideNodeCrypto();
    const sign = crypto.subtle.sign.bind(crypto.subtle);
    let computed = 0;
    crypto.subtle.sign = (...args) => (computed++, sign(...args));
    try {
      for (const many of [Array.from({ length: 10_000 }, () => 'f'), [mac, 'f'.repeat(8192)]]) {
        expect(await judge(hmacSignature(listed), sent(...many), secret)).toBe('signature_invalid');
      }
      expect(computed).toBe(0);
      expect(await judge(hmacSignature(listed), sent(mac), secret)).toBe('ok');
      expect(computed).toBe(1);
    } finally {
      Reflect.deleteProperty(crypto.subtle, 'sign');
    }
  });

  it('20 secrets verify, 21 are a mistake of the configuration', async () => {
    const twenty = [...Array.from({ length: 19 }, (_, index) => `other ${index}`), secret];
    expect(await judge(hmacSignature(plain), await signed(plain), twenty)).toBe('ok');
    await expect(judge(hmacSignature(plain), await signed(plain), [...twenty, 'one more'])).rejects.toMatchObject({
      kind: 'configuration',
      code: 'too_many_secrets',
    });
  });
});

describe('E05 a body that was parsed', () => {
  it.each([[body], [JSON.parse(body)], [undefined], [[...Buffer.from(body)]]])(
    '%j is a mistake of the caller',
    async (parsed) => {
      const { headers } = await signed(plain);
      const sent = { ...delivery({ headers, body }), body: parsed as Uint8Array };
      await expect(hmacSignature(plain)(sent, [new Secret(secret)])).rejects.toMatchObject({
        kind: 'configuration',
        code: 'body_not_bytes',
      });
    },
  );
});

describe('hmacSignature', () => {
  it('a content that says why it cannot be signed refuses with that reason, and cannot be signed here', async () => {
    const options: HmacSignatureOptions = { ...plain, content: () => 'malformed' };
    const init = { headers: { 'x-signature': 'sha256=00' }, body };
    expect(await judge(hmacSignature(options), init, secret)).toBe('malformed');
    await expect(hmacSigner(options)({ body, url, at: new Date(now) }, secret)).rejects.toMatchObject({
      code: 'webhook_not_signable',
    });
  });

  it('refuses to sign with what is no key, or at no time', async () => {
    const at = new Date(now);
    const base64 = hmacSigner({ ...plain, keyEncoding: 'base64' });
    await expect(base64({ body, url, at }, 'no base64!')).rejects.toMatchObject({ code: 'webhook_not_signable' });
    const relative = hmacSigner(plain)({ body, url: '/webhooks/acme', at }, secret);
    await expect(relative).rejects.toMatchObject({ code: 'webhook_not_signable' });
    await expect(hmacSigner(plain)({ body, url, at }, '')).rejects.toMatchObject({ code: 'webhook_not_signable' });
    await expect(hmacSigner(stamped)({ body, url, at: new Date(Number.NaN) }, secret)).rejects.toMatchObject({
      code: 'invalid_timestamp',
    });
  });

  it('asks for alternatives only after the first form, and only while none matches', async () => {
    let asked = 0;
    const alternatives = () => (asked++, [['other'], ['third']]);
    const verify = hmacSignature({ ...plain, alternatives });
    const sent = (text: string) => ({ headers: { 'x-signature': `sha256=${digest(secret, text)}` }, body });
    expect(await judge(verify, sent(body), secret)).toBe('ok');
    expect(asked).toBe(0);
    expect(await judge(verify, sent('third'), secret)).toBe('ok');
    expect(await judge(verify, sent('fourth'), secret)).toBe('signature_invalid');
    expect(asked).toBe(2);
  });
});

it('where a scheme has no time, both sides see an empty one', async () => {
  const scheme = {
    ...plain,
    content: ({ body: bytes }: { readonly body: Uint8Array }, timestamp: string) => [`${timestamp}.`, bytes],
  };
  const headers = await hmacSigner(scheme)({ body, url, at: new Date(now) }, secret);
  expect(await judge(hmacSignature(scheme), { headers, body }, secret)).toBe('ok');
  expect(await judge(hmacSignature(plain), { headers, body: `.${body}` }, secret)).toBe('ok');
});
