import { describe, expect, it } from 'vitest';

import { Secret } from '../../src/secret.ts';
import { basicToken, staticToken } from '../../src/webhooks/static-token.ts';
import { delivery, judge, withHeader } from './deliveries.ts';

const secret = 'a-long-shared-secret';
const inHeader = staticToken({ header: 'x-webhook-secret' });
const bearer = staticToken({ header: 'authorization', prefix: 'Bearer ' });
const inQuery = staticToken({ query: 'token' });

describe('staticToken', () => {
  it('accepts the secret and nothing else, where it is declared', async () => {
    expect(await judge(inHeader, { headers: { 'x-webhook-secret': secret } }, secret)).toBe('ok');
    expect(await judge(bearer, { headers: { authorization: `Bearer ${secret}` } }, secret)).toBe('ok');
    expect(await judge(inQuery, { url: `https://app.example/?a=1&token=${secret}` }, secret)).toBe('ok');

    expect(await judge(bearer, { headers: { authorization: secret } }, secret)).toBe('signature_invalid');
    expect(await judge(bearer, { headers: { authorization: `Basic ${secret}` } }, secret)).toBe('signature_invalid');
    expect(await judge(inHeader, { url: `https://app.example/?token=${secret}` }, secret)).toBe('signature_missing');
    expect(await judge(inQuery, { headers: { token: secret } }, secret)).toBe('signature_missing');
  });

  it('E01 absent, empty, twice or 10 KB long is refused', async () => {
    const good = { headers: { 'x-webhook-secret': secret } };
    const sent = (value: string | null) => judge(inHeader, withHeader(good, 'x-webhook-secret', value), secret);
    expect(await sent(null)).toBe('signature_missing');
    expect(await sent('')).toBe('signature_missing');
    expect(await sent(`${secret}, ${secret}`)).toBe('signature_invalid');
    expect(await sent(secret.padEnd(10_240, 'a'))).toBe('signature_invalid');

    const query = (search: string) => judge(inQuery, { url: `https://app.example/${search}` }, secret);
    expect(await query('')).toBe('signature_missing');
    expect(await query('?token=')).toBe('signature_missing');
    expect(await query(`?token=${secret}&token=${secret}`)).toBe('signature_invalid');
    expect(await query(`?token=${'a'.repeat(9000)}`)).toBe('signature_invalid');
  });

  it('E01 8,192 characters are the longest', async () => {
    for (const [length, verdict] of [[8_192, 'ok'], [8_193, 'signature_invalid']] as const) {
      const long = 'a'.repeat(length);
      expect(await judge(inHeader, { headers: { 'x-webhook-secret': long } }, long)).toBe(verdict);
    } // prettier-ignore
  });

  it('takes the id of a delivery from the header that was declared, and from no other', async () => {
    const headers = { 'x-webhook-secret': secret, undefined: 'x' };
    expect(await inHeader(delivery({ headers }), [new Secret(secret)])).toStrictEqual({ ok: true, secretIndex: 0 });
  });

  it('E02 no secret, or a blank one, verifies nothing', async () => {
    expect(await judge(inHeader, { headers: { 'x-webhook-secret': secret } }, [])).toBe('key_unavailable');
    expect(await judge(inHeader, { headers: { 'x-webhook-secret': ' ' } }, [' '])).toBe('key_unavailable');
  });

  it('E07 no beginning, end or relative of the secret passes', async () => {
    const relatives = Array.from({ length: 201 }, (_, length) => 'a'.repeat(length));
    const cuts = Array.from({ length: secret.length }, (_, length) => secret.slice(0, length));
    for (const text of [...relatives, ...cuts, `${secret}x`, secret.toUpperCase(), `${secret}\t`, ` ${secret}x`]) {
      const headers = { 'x-webhook-secret': text };
      // A header's outer blanks are no part of its value.
      const verdict = text.trim() === secret ? 'ok' : text.trim() === '' ? 'signature_missing' : 'signature_invalid';
      expect(await judge(inHeader, { headers }, secret), text).toBe(verdict);
    }
  });

  it('tells the id of the delivery and the secret', async () => {
    const verify = staticToken({ header: 'x-webhook-secret', deliveryId: 'x-request-id' });
    const headers = { 'x-webhook-secret': secret, 'x-request-id': 'r1' };
    expect(await verify(delivery({ headers }), [new Secret('other'), new Secret(secret)])).toEqual({
      ok: true,
      secretIndex: 1,
      deliveryId: 'r1',
    });
  });
});

describe('basicToken', () => {
  it('compares user and password', async () => {
    const verify = basicToken();
    // RFC 7617, sections 2 and 2.1.
    const aladdin = { headers: { authorization: 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==' } };
    expect(await judge(verify, aladdin, 'Aladdin:open sesame')).toBe('ok');
    expect(await judge(verify, aladdin, 'Aladdin:open sesamf')).toBe('signature_invalid');
    expect(await judge(verify, { headers: { authorization: 'Basic dGVzdDoxMjPCow==' } }, 'test:123£')).toBe('ok');
  });
});
