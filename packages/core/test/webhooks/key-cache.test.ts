import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { jwtSignature } from '../../src/webhooks/jwt-signature.ts';
import type { JsonObject } from '../../src/json.ts';
import { readKeySet, type FoundKey, type KeySource } from '../../src/webhooks/key-cache.ts';
import { judge, now } from './deliveries.ts';
import { createVendorKeys, setUrl, type VendorKeys } from './vendor-keys.ts';

const minute = 60_000;
const hour = 60 * minute;

let published: JWK;
let vendor: VendorKeys;

beforeAll(async () => {
  const { publicKey } = await generateKeyPair('ES256', { extractable: true });
  published = { ...(await exportJWK(publicKey)), kid: 'k1' };
});

beforeEach(() => {
  vendor = createVendorKeys([published]);
});

const find = (source: KeySource, id: string, at = now): Promise<FoundKey> =>
  vendor.tools.keys.find(source, id, at, vendor.tools);

/** `found` instead of the key itself. */
async function lookUp(source: KeySource, id: string, at = now): Promise<string> {
  const key = await find(source, id, at);
  return typeof key === 'string' ? key : 'found';
}

describe('E14 a whole set', () => {
  it('1,000 unknown ids cost one request, in a row or at once', async () => {
    const source = vendor.set('ES256');
    for (let id = 0; id < 500; id++) expect(await lookUp(source, `unknown ${id}`, now + id)).toBe('unknown');
    const all = await Promise.all(Array.from({ length: 500 }, (_, id) => lookUp(source, `other ${id}`, now + id)));
    expect(new Set(all)).toEqual(new Set(['unknown']));
    expect(vendor.requests).toEqual([setUrl]);
  });

  it('at once and at the start, too', async () => {
    const source = vendor.set('ES256');
    const ids = Array.from({ length: 1000 }, (_, id) => (id % 2 === 0 ? 'k1' : `unknown ${id}`));
    const all = await Promise.all(ids.map((id) => lookUp(source, id)));
    expect(all.filter((one) => one === 'found')).toHaveLength(500);
    expect(vendor.requests).toEqual([setUrl]);
  });

  it('a key of yesterday is found at once, a new one after a minute at most', async () => {
    const source = vendor.set('ES256');
    expect(await lookUp(source, 'k1')).toBe('found');
    vendor.keys = [published, { ...published, kid: 'k2' }];
    expect(await lookUp(source, 'k2', now + minute - 1)).toBe('unknown');
    expect(await lookUp(source, 'k2', now + minute)).toBe('found');
    expect(await lookUp(source, 'k1', now + minute)).toBe('found');
    expect(vendor.requests).toHaveLength(2);
  });

  it('a key that the vendor withdrew stops working within the hour', async () => {
    const source = vendor.set('ES256');
    expect(await lookUp(source, 'k1')).toBe('found');
    vendor.keys = [];
    expect(await lookUp(source, 'k1', now + hour - 1)).toBe('found');
    expect(await lookUp(source, 'k1', now + hour)).toBe('unknown');
  });

  it('and at once when the set is loaded for another key', async () => {
    const source = vendor.set('ES256');
    expect(await lookUp(source, 'k1')).toBe('found');
    vendor.keys = [{ ...published, kid: 'k2' }];
    expect(await lookUp(source, 'k2', now + minute)).toBe('found');
    expect(await lookUp(source, 'k1', now + minute)).toBe('unknown');
  });

  it('an outage is not «unknown», costs one request a minute, and leaves known keys alone', async () => {
    const source = vendor.set('ES256');
    expect(await lookUp(source, 'k1')).toBe('found');
    vendor.isDown = true;
    for (let second = 60; second < 180; second++) {
      expect(await lookUp(source, 'k1', now + second * 1000)).toBe('found');
      expect(await lookUp(source, 'k2', now + second * 1000)).toBe('unavailable');
    }
    expect(vendor.requests).toHaveLength(3);
    vendor.isDown = false;
    expect(await lookUp(source, 'k1', now + hour)).toBe('found');
  });

  it('a clock that was set back does not stop the loads', async () => {
    const source = vendor.set('ES256');
    expect(await lookUp(source, 'k2')).toBe('unknown');
    vendor.keys = [{ ...published, kid: 'k2' }];
    expect(await lookUp(source, 'k2', now - hour)).toBe('found');
  });
});

describe('E14 single keys', () => {
  it('one unknown id is asked for once a minute', async () => {
    const source = vendor.single('ES256');
    for (let second = 0; second < 60; second++) {
      expect(await lookUp(source, 'unknown', now + second * 1000)).toBe('unknown');
    }
    expect(vendor.requests).toEqual(['unknown']);
    await lookUp(source, 'unknown', now + minute);
    expect(vendor.requests).toHaveLength(2);
  });

  it('1,000 unknown ids cost ten requests a minute, and known keys keep working', async () => {
    const source = vendor.single('ES256');
    expect(await lookUp(source, 'k1')).toBe('found');
    const all = await Promise.all(Array.from({ length: 1000 }, (_, id) => lookUp(source, `unknown ${id}`, now + 1)));
    expect(all.filter((one) => one === 'unknown')).toHaveLength(9);
    expect(all.filter((one) => one === 'unavailable')).toHaveLength(991);
    expect(vendor.requests).toHaveLength(10);
    expect(await lookUp(source, 'k1', now + 2)).toBe('found');
  });

  it('end when the vendor says', async () => {
    const source = vendor.single('ES256', new Date(now + 1000));
    expect(await lookUp(source, 'k1', now)).toBe('found');
    expect(await lookUp(source, 'k1', now + 999)).toBe('found');
    expect(await lookUp(source, 'k1', now + 1000)).toBe('unknown');
  });

  it('of two sources are kept apart', async () => {
    expect(await lookUp(vendor.single('ES256'), 'k1')).toBe('found');
    vendor.keys = [];
    expect(await lookUp(vendor.single('ES256'), 'k1')).toBe('unknown');
  });

  it('keep at most 100', async () => {
    vendor.keys = Array.from({ length: 150 }, (_, id) => ({ ...published, kid: `k${id}` }));
    const source = vendor.single('ES256');
    for (let id = 0; id < 150; id++) expect(await lookUp(source, `k${id}`, now + id * 10_000)).toBe('found');
    expect(vendor.requests).toHaveLength(150);
    expect(await lookUp(source, 'k149', now + 1_500_000)).toBe('found');
    expect(await lookUp(source, 'k51', now + 1_500_000)).toBe('found');
    expect(vendor.requests).toHaveLength(150);
    expect(await lookUp(source, 'k49', now + 1_500_000)).toBe('found');
    expect(vendor.requests).toHaveLength(151);
  });
});

describe('E14 sources made at run time', () => {
  /** A set at an address, and how often it was asked for. */
  const at = (address: string, algorithm: KeySource['algorithm'] = 'ES256'): KeySource => ({
    algorithm,
    address,
    brings: 'set',
    load: async () => {
      vendor.requests.push(address);
      return [];
    },
  });
  const ask = (source: KeySource, organizationId?: string) =>
    vendor.tools.keys.find(source, 'k1', now, { ...vendor.tools, ...(organizationId && { organizationId }) });

  it('are one by their address, algorithm and organization', async () => {
    for (let turn = 0; turn < 2; turn++) {
      await ask(at('a'));
      await ask(at('b'));
      await ask(at('a', 'RS256'));
      await ask(at('a'), 'org-1');
      await ask(at('a'), 'org-2');
    }
    expect(vendor.requests).toEqual(['a', 'b', 'a', 'a', 'a']);
  });

  it('are remembered, the 10,000 that were used last', async () => {
    for (let index = 0; index < 10_000; index++) await ask(at(String(index)));
    await ask(at('0'));
    expect(vendor.requests).toHaveLength(10_000);
    await ask(at('10000'));
    await ask(at('0'));
    expect(vendor.requests).toHaveLength(10_001);
    await ask(at('1'));
    expect(vendor.requests).toHaveLength(10_002);
  });
});

describe('E14 a published set', () => {
  it('is asked for by GET, and brings keys with an id alone', async () => {
    const asked: unknown[] = [];
    const request = async (input: { readonly url: string; readonly method: string }) => {
      asked.push(input);
      return vendor.tools.request(input as never);
    };
    const { kid: _kid, ...nameless } = published;
    vendor.keys = [nameless, published];
    const tools = { ...vendor.tools, request };
    expect((await readKeySet(setUrl, tools as never)).map(({ id }) => id)).toEqual(['', 'k1']);
    expect(asked).toEqual([{ method: 'GET', url: setUrl }]);
    expect(await lookUp(vendor.set('ES256'), '')).toBe('unknown');
    vendor.keys = 'nothing' as unknown as JWK[];
    expect(await readKeySet(setUrl, vendor.tools)).toEqual([]);
  });

  it('is read up to its 100th key', async () => {
    vendor.keys = Array.from({ length: 101 }, (_, id) => ({ ...published, kid: `k${id + 1}` }));
    const source = vendor.set('ES256');
    expect(await lookUp(source, 'k100')).toBe('found');
    expect(await lookUp(source, 'k101')).toBe('unknown');
  });
});

it('E14 100 single keys are kept, and a key counts from its begin on', async () => {
  vendor.keys = Array.from({ length: 100 }, (_, id) => ({ ...published, kid: `k${id}` }));
  const source = vendor.single('ES256');
  for (let id = 0; id < 100; id++) expect(await lookUp(source, `k${id}`, now + id * 10_000)).toBe('found');
  expect(await lookUp(source, 'k0', now + 1_000_000)).toBe('found');
  expect(vendor.requests).toHaveLength(100);
  const beginning = (notBefore: Date): KeySource => ({
    algorithm: 'ES256',
    brings: 'one',
    load: async (id) => [{ id, jwk: published as JsonObject, notBefore }],
  });
  expect(await lookUp(beginning(new Date(now)), 'k1')).toBe('found');
  expect(await lookUp(beginning(new Date(now + 1)), 'k1')).toBe('unknown');
});

describe('E14 what is a key', () => {
  it.each([
    [{ use: 'enc' }],
    [{ alg: 'ES384' }],
    [{ alg: 'HS256' }],
    [{ kty: 'RSA' }],
    [{ kty: 'oct', k: 'c2VjcmV0' }],
    [{ x: 'AA' }],
    [{ crv: 'P-384' }],
    [{ kid: undefined }],
  ])('not one with %j', async (change) => {
    vendor.keys = [{ ...published, ...change } as JWK, { ...published, kid: 'good' }];
    const source = vendor.set('ES256');
    expect(await lookUp(source, 'k1')).toBe('unknown');
    expect(await lookUp(source, 'good')).toBe('found');
  });

  it('a set that is none holds no key', async () => {
    vendor.keys = 'nothing' as unknown as JWK[];
    expect(await lookUp(vendor.set('ES256'), 'k1')).toBe('unknown');
  });

  it('a mistake in a source is not an outage', async () => {
    const broken: KeySource = {
      algorithm: 'ES256',
      brings: 'one',
      load: () => Promise.reject(new TypeError('broken')),
    };
    await expect(find(broken, 'k1')).rejects.toThrow('broken');
  });
});

it('E14 an outage answers key_unavailable, a key nobody has signature_invalid', async () => {
  const { privateKey } = await generateKeyPair('ES256');
  const token = await new SignJWT({ iat: now / 1000 }).setProtectedHeader({ alg: 'ES256', kid: 'k9' }).sign(privateKey);
  const verify = jwtSignature({ header: 'x-token', keys: vendor.set('ES256'), bodyHash: 'hash' });
  const sent = (at: number) => judge(verify, { headers: { 'x-token': token }, at }, 'x', vendor.tools);
  vendor.isDown = true;
  expect(await sent(now)).toBe('key_unavailable');
  vendor.isDown = false;
  expect(await sent(now + minute)).toBe('signature_invalid');
});
