import { encodeHex, encodeUtf8, hash } from '@plugboard/core';
import { AwsV4Signer } from 'aws4fetch';
import { describe, expect, test } from 'vitest';

import { presign, signHeaders, signingKey, type Keys, type Scope } from '../src/sign.ts';

const hashOf = async (body: string | Uint8Array) => encodeHex(await hash('sha256', body));
const signatureOf = (headers: Headers) => /Signature=([0-9a-f]{64})$/.exec(headers.get('authorization') ?? '')?.[1];

// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html (2026-11-20)
describe('the published examples of S3', () => {
  const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
  const scope = { region: 'us-east-1', service: 's3', at: Date.UTC(2013, 4, 24) };
  const origin = 'https://examplebucket.s3.amazonaws.com';

  test.each([
    [
      'a range',
      'GET',
      '/test.txt',
      { range: 'bytes=0-9' },
      '',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'an upload',
      'PUT',
      '/test$file.text',
      { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      'Welcome to Amazon S3.',
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'a name without value',
      'GET',
      '/?lifecycle',
      {},
      '',
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'a query',
      'GET',
      '/?max-keys=2&prefix=J',
      {},
      '',
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('%s', async (...[, method, path, headers, body, expected]) => {
    const payloadHash = await hashOf(body);
    const request = {
      method,
      url: new URL(origin + path),
      headers: new Headers({ ...headers, 'x-amz-content-sha256': payloadHash }),
    };
    await signHeaders(request, keys, scope, payloadHash);
    expect(signatureOf(request.headers)).toBe(expected);
  });

  test('an address for a day', async () => {
    const request = { method: 'GET', url: new URL(`${origin}/test.txt`), headers: new Headers() };
    await presign(request, keys, scope, { expiresSeconds: 86_400, payloadHash: 'UNSIGNED-PAYLOAD' });
    expect(request.url.href).toBe(
      `${origin}/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`,
    );
  });
});

// https://github.com/awslabs/aws-c-auth/tree/main/tests/aws-signing-test-suite/v4 (2026-11-20)
describe('the test suite of Signature Version 4', () => {
  const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
  const sessionToken = '6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267';
  const scope = { region: 'us-east-1', service: 'service', at: Date.UTC(2015, 7, 30, 12, 36) };

  test.each([
    ['get-vanilla', '/', keys, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    [
      'get-vanilla-with-session-token',
      '/',
      { ...keys, sessionToken },
      '07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8',
    ],
    [
      'get-vanilla-query-order-encoded',
      '/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1',
      keys,
      '371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac',
    ],
  ])('%s', async (_name, path, with_, expected) => {
    const request = { method: 'GET', url: new URL(`https://example.amazonaws.com${path}`), headers: new Headers() };
    await signHeaders(request, with_, scope, await hashOf(''));
    expect(signatureOf(request.headers)).toBe(expected);
  });

  test('get-vanilla by query', async () => {
    const request = { method: 'GET', url: new URL('https://example.amazonaws.com/'), headers: new Headers() };
    await presign(request, keys, scope, { expiresSeconds: 3600, payloadHash: await hashOf('') });
    expect(request.url.searchParams.get('X-Amz-Signature')).toBe(
      'e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d',
    );
  });

  test('the key of a day', async () => {
    const key = await signingKey(keys.secretAccessKey, {
      region: 'us-east-1',
      service: 'iam',
      at: Date.UTC(2012, 1, 15),
    });
    expect(encodeHex(key)).toBe('f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d');
  });

  test('a call of the token service', async () => {
    const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' });
    const request = { method: 'POST', url: new URL('https://sts.us-east-1.amazonaws.com/'), headers };
    const body = await hashOf('Action=GetCallerIdentity&Version=2011-06-15');
    await signHeaders(request, keys, { region: 'us-east-1', service: 'sts', at: Date.UTC(2026, 0, 1) }, body);
    expect(signatureOf(headers)).toBe('d145ada1feb367ceb12db4d06a6d9f211aa903ab2ab5045b4ce1dc1599478fed');
  });
});

const mutations = 2_000;

describe(`an independent implementation agrees over ${mutations} requests`, () => {
  const next = seeded(4);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
  const characters = Array.from('abcXYZ019-._~!\'()*+ &=?#%$@:;,<>"\\^`{|}[]äé中𝒜');
  const word = (most: number) => Array.from({ length: 1 + Math.floor(next() * most) }, () => pick(characters)).join('');
  const isDots = (part: string) => part === '.' || part === '..';

  function draw() {
    const parts = Array.from({ length: Math.floor(next() * 4) }, () => word(8)).filter((part) => !isDots(part));
    const port = pick(['', '', ':9000']);
    const url = new URL(`https://${pick(['bucket.s3.eu-west-1.amazonaws.com', 'minio.example.com'])}${port}/`);
    url.pathname = `/${parts.map(encodeURIComponent).join('/')}`;
    for (let count = Math.floor(next() * 4); count > 0; count--)
      url.searchParams.set(word(6), next() < 0.2 ? '' : word(8));
    const body = next() < 0.5 ? '' : encodeUtf8(word(40));
    const headers = new Headers();
    if (next() < 0.5) headers.set('content-type', pick(['text/plain', 'image/png']));
    if (next() < 0.5) headers.set('x-amz-meta-note', `  a   b${' '.repeat(Math.floor(next() * 3))} c `);
    if (next() < 0.3) headers.set('range', 'bytes=0-9');
    if (next() < 0.3) headers.set('if-match', '"abc"');
    const keys: Keys = {
      accessKeyId: 'AKIDEXAMPLE',
      secretAccessKey: word(40),
      ...(next() < 0.3 && { sessionToken: `token/${Math.floor(next() * 1e9)}+=` }),
    };
    const at = Math.floor(next() * 4e12);
    const scope: Scope = { region: pick(['eu-west-1', 'auto']), service: 's3', at };
    return { method: pick(['GET', 'PUT', 'DELETE', 'HEAD', 'POST']), url, headers, body, keys, scope };
  }

  const other = (drawn: ReturnType<typeof draw>, headers: Headers, signQuery: boolean) =>
    new AwsV4Signer({
      method: drawn.method,
      url: drawn.url.href,
      headers,
      ...drawn.keys,
      region: drawn.scope.region,
      service: 's3',
      datetime: new Date(drawn.scope.at).toISOString().replaceAll(/[-:]|\.\d{3}/g, ''),
      signQuery,
      allHeaders: true,
    }).sign();

  test('by header', async () => {
    for (let turn = 0; turn < mutations; turn++) {
      const drawn = draw();
      const payloadHash = await hashOf(drawn.body);
      drawn.headers.set('x-amz-content-sha256', payloadHash);
      const theirs = await other(drawn, new Headers(drawn.headers), false);
      const ours = { method: drawn.method, url: new URL(drawn.url), headers: new Headers(drawn.headers) };
      await signHeaders(ours, drawn.keys, drawn.scope, payloadHash);
      expect(ours.headers.get('authorization'), `${turn}: ${drawn.method} ${drawn.url.href}`).toBe(
        theirs.headers.get('authorization'),
      );
    }
  });

  test('by query', async () => {
    for (let turn = 0; turn < mutations; turn++) {
      const drawn = draw();
      const expiresSeconds = 1 + Math.floor(next() * 604_800);
      const asked = new URL(drawn.url);
      asked.searchParams.set('X-Amz-Expires', String(expiresSeconds));
      const theirs = await other({ ...drawn, url: asked }, new Headers(drawn.headers), true);
      const ours = { method: drawn.method, url: new URL(drawn.url), headers: new Headers(drawn.headers) };
      await presign(ours, drawn.keys, drawn.scope, { expiresSeconds, payloadHash: 'UNSIGNED-PAYLOAD' });
      expect(ours.url.searchParams.get('X-Amz-Signature'), `${turn}: ${drawn.method} ${drawn.url.href}`).toBe(
        theirs.url.searchParams.get('X-Amz-Signature'),
      );
    }
  });
});

/** A linear congruential generator (Numerical Recipes): the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}
