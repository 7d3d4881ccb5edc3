import { createMemoryStore, createPlugboard, handlerWire, silentLog, systemClock } from '@plugboard/core';
import type { PlugboardError } from '@plugboard/core';
import { createEmulator } from '@plugboard/core/emulator';
import { findCanaries } from '@plugboard/testing';
import { describe, expect, test } from 'vitest';

import { awsS3 } from '../src/index.ts';

const aws = awsS3.definition.auth.aws.example as Record<string, string>;
const compatible = awsS3.definition.auth.compatible.example as Record<string, string>;
const organizationId = 'org-1';
const xml = (body: string, status = 200) =>
  new Response(body, { status, headers: { 'content-type': 'application/xml' } });
const oneList = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>';
const stored = () => new Response(null, { headers: { etag: '"e1"' } });

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

type Respond = (request: Request, body: Uint8Array) => Response | undefined;

/** A board whose vendor answers as it is told once it is connected, or from the start; what is left open succeeds. */
function rig(respond: Respond = () => undefined, more: object = {}, fromStart = false) {
  const sent: Sent[] = [];
  let told = fromStart;
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [awsS3()],
    store: createMemoryStore(),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'production',
    acknowledgeSingleProcess: true,
    env: {},
    log: silentLog,
    // Waits between tries cost nothing.
    clock: { ...systemClock, sleep: () => Promise.resolve() },
    wire: handlerWire(async (request) => {
      const body = new Uint8Array(await request.arrayBuffer());
      sent.push({ method: request.method, url: request.url, headers: request.headers, body });
      const answer = told ? respond(request, body) : undefined;
      if (answer !== undefined) return answer;
      if (request.url.includes('list-type=2')) return xml(oneList);
      if (request.url.startsWith('https://sts.')) return xml(identity);
      return stored();
    }),
    ...more,
  });
  const connect = async (method: 'aws' | 'compatible', credentials: object) => {
    const connection = await board.connect('aws-s3', { organizationId, userId: 'u', method, credentials } as never);
    sent.length = 0;
    told = true;
    return connection;
  };
  return { board, sent, connect, client: board.client('aws-s3', { organizationId }) };
}

const identity =
  '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/A</Arn><UserId>U</UserId><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>';

const failureOf = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => expect.unreachable('this must fail'),
    (error: unknown) => error as PlugboardError,
  );

describe('where a bucket is', () => {
  test.each([
    ['aws', {}, 'https://examplebucket.s3.us-east-1.amazonaws.com/a'],
    ['aws', { bucket: 'my.bucket' }, 'https://s3.us-east-1.amazonaws.com/my.bucket/a'],
    ['aws', { region: 'cn-north-1' }, 'https://examplebucket.s3.cn-north-1.amazonaws.com.cn/a'],
    ['compatible', {}, 'https://storage.example.com/examplebucket/a'],
    ['compatible', { forcePathStyle: 'false' }, 'https://examplebucket.storage.example.com/a'],
    ['compatible', { endpoint: 'https://minio.example.com:9000' }, 'https://minio.example.com:9000/examplebucket/a'],
  ] as const)('%s %j', async (method, change, expected) => {
    const { connect, client, sent } = rig();
    await connect(method, { ...(method === 'aws' ? aws : compatible), ...change });
    await client.objects.head({ key: 'a' });
    expect(sent[0]?.url).toBe(expected);
  });

  test.each([
    [{}, 'us-east-1'],
    [{ endpoint: 'https://acc.eu.r2.cloudflarestorage.com' }, 'auto'],
    [{ endpoint: 'https://acc.r2.cloudflarestorage.com', region: 'weur' }, 'weur'],
  ])('the region of %j is %s', async (change, region) => {
    const { connect, client, sent } = rig();
    await connect('compatible', { ...compatible, ...change });
    await client.objects.head({ key: 'a' });
    expect(sent[0]?.headers.get('authorization')).toContain(`/${region}/s3/aws4_request`);
  });

  test('http is for origins that the deployment trusts, and no other', async () => {
    const endpoint = 'http://localhost:9000';
    const closed = rig();
    expect((await failureOf(closed.connect('compatible', { ...compatible, endpoint }))).code).toBe('insecure_url');
    expect(closed.sent).toEqual([]);
    const { connect, client, sent } = rig(undefined, { egress: { allowOrigins: [endpoint] } });
    await connect('compatible', { ...compatible, endpoint });
    await client.objects.head({ key: 'a' });
    expect(sent[0]?.url).toBe('http://localhost:9000/examplebucket/a');
  });

  test.each([
    ['aws', 'bucket', ['ab', 'Upper', '-a-', '192.168.5.4', 'a..b', 'a/b', 'a_b', 'x'.repeat(64)]],
    ['aws', 'region', ['auto', 'us-east', 'evil.example', 'us-east-1/x', 'US-EAST-1']],
    ['aws', 'accessKeyId', ['AK', 'AKIA/20130524', 'AKIA,x']],
    ['aws', 'endpoint', ['https://storage.example.com']],
    ['compatible', 'bucket', ['..', 'a/../b']],
    [
      'compatible',
      'endpoint',
      ['https://acc.r2.cloudflarestorage.com/bucket', 'https://10.0.0.1', 'ftp://a.example', 'x'],
    ],
    ['compatible', 'forcePathStyle', ['yes']],
  ] as const)('%s refuses %s %j by name, before anything is sent', async (method, field, values) => {
    const { connect, sent } = rig();
    for (const value of values) {
      const error = await failureOf(connect(method, { ...(method === 'aws' ? aws : compatible), [field]: value }));
      expect(error, value).toMatchObject({ kind: 'invalid_request', code: 'invalid_input' });
      expect(
        error.fields?.some(({ path, message }) => path === field || message.includes(field)),
        value,
      ).toBe(true);
    }
    expect(sent).toEqual([]);
  });

  test('temporary keys need their token, and send it', async () => {
    const { connect, client, sent } = rig();
    const temporary = { ...aws, accessKeyId: 'ASIAIOSFODNN7EXAMPLE' };
    expect((await failureOf(connect('aws', temporary))).fields).toMatchObject([{ path: 'sessionToken' }]);
    await connect('aws', { ...temporary, sessionToken: 'token-1' });
    await client.objects.head({ key: 'a' });
    expect(sent[0]?.headers.get('x-amz-security-token')).toBe('token-1');
    expect(sent[0]?.headers.get('authorization')).toContain('x-amz-security-token,');
  });
});

describe('who is connected', () => {
  test('AWS names the account; elsewhere bucket and address stand for it', async () => {
    const { connect, board } = rig();
    expect(await connect('aws', aws)).toMatchObject({ account: { id: '1', name: 'examplebucket (1)' } });
    const other = { organizationId: 'org-2', userId: 'u', method: 'compatible', credentials: compatible } as const;
    const { account } = await board.connect('aws-s3', other as never);
    expect(account?.name).toBe('examplebucket at storage.example.com');
  });

  test('keys that may not list are good keys, and the health says what they lack', async () => {
    const denied = '<Error><Code>AccessDenied</Code><Message>no</Message></Error>';
    const refuse: Respond = (request) => (request.url.includes('list-type') ? xml(denied, 403) : undefined);
    const { connect, board } = rig(refuse, {}, true);
    await expect(connect('aws', aws)).resolves.toMatchObject({ status: 'active' });
    expect(await board.health('aws-s3', { organizationId })).toMatchObject({
      status: 'degraded',
      reason: 'access_denied',
    });
  });

  test('a bucket elsewhere is refused with its region', async () => {
    const body = '<Error><Code>PermanentRedirect</Code><Endpoint>x</Endpoint></Error>';
    const headers = { 'x-amz-bucket-region': 'eu-west-1' };
    const { connect } = rig(() => new Response(body, { status: 301, headers }), {}, true);
    const error = await failureOf(connect('aws', aws));
    expect(error).toMatchObject({ kind: 'invalid_request', code: 'wrong_region', status: 301 });
    expect(error.hint).toContain('region eu-west-1');
  });
});

describe('requests', () => {
  test.each([
    ["a b/ü+&=?#%'!()*/~.txt", '/a%20b/%C3%BC%2B%26%3D%3F%23%25%27%21%28%29%2A/~.txt'],
    ['//a//b/', '///a//b/'],
    ['...', '/...'],
  ])('the key %j is sent as it is signed: %s', async (key, path) => {
    const { connect, client, sent } = rig();
    await connect('aws', aws);
    await client.objects.head({ key });
    expect(new URL(sent[0]!.url).pathname).toBe(path);
  });

  test.each(['', '..', 'a/../b', 'a/.', './a', 'a\nb', '\ud800', 'ü'.repeat(513)])(
    'the key %j, which no address can hold, is refused everywhere',
    async (key) => {
      const { connect, client, sent } = rig();
      await connect('aws', aws);
      for (const work of [
        client.objects.get({ key }),
        client.objects.presign({ key }),
        client.objects.removeMany({ keys: [key] }),
        client.objects.copy({ key: 'a', from: key }),
      ]) {
        expect((await failureOf(work)).code).toBe('invalid_input');
      }
      expect(sent).toEqual([]);
    },
  );

  test('every request is signed over its body, and shows no secret', async () => {
    const { connect, client, sent } = rig();
    await connect('compatible', { ...compatible, sessionToken: 'the-session-token' });
    await client.objects.put({ key: 'a', body: 'hello', metadata: { owner: 'ada' }, contentType: 'text/plain' });
    await client.objects.putIf({ key: 'a', body: new Uint8Array([1, 2]) });
    await client.objects.putIf({ key: 'a', body: '', ifMatch: 'e1' });
    await client.objects.copy({ key: 'b', from: 'ü b', fromVersionId: 'v&1', contentType: 'image/png' }).catch(() => 0);
    await client.objects.removeMany({ keys: ['a&<b>', 'c'] }).catch(() => 0);
    const [put, create, replace, copy, remove] = sent;
    expect(put?.headers.get('x-amz-content-sha256')).toBe(
      '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    );
    expect(put?.headers.get('x-amz-meta-owner')).toBe('ada');
    expect(create?.headers.get('if-none-match')).toBe('*');
    expect(create?.headers.get('content-type')).toBe('application/octet-stream');
    expect(replace?.headers.get('if-match')).toBe('"e1"');
    expect(copy?.headers.get('x-amz-copy-source')).toBe('/examplebucket/%C3%BC%20b?versionId=v%261');
    expect(copy?.headers.get('x-amz-metadata-directive')).toBe('REPLACE');
    // The SHA-256 of the body, as openssl computes it.
    expect(remove?.headers.get('x-amz-checksum-sha256')).toBe('beCw1rcsiklgXWcwL+f7VGq82w3OdD6o00uA+6KCrgA=');
    expect(new TextDecoder().decode(remove?.body)).toContain('<Object><Key>a&amp;&lt;b&gt;</Key></Object>');
    for (const { headers, url, body } of sent) {
      const rest = [...headers].filter(([name]) => name !== 'x-amz-security-token');
      const texts = [url, JSON.stringify(rest), new TextDecoder().decode(body)].join('\n');
      const { secretAccessKey = '' } = compatible;
      expect(findCanaries(texts, { secretAccessKey, token: 'the-session-token' })).toEqual([]);
      const signed = /SignedHeaders=([^,]*)/.exec(headers.get('authorization') ?? '')?.[1]?.split(';') ?? [];
      const own = [...headers.keys()].filter((name) => /^(x-amz-|if-|content-type$)/.test(name));
      expect(signed).toEqual(expect.arrayContaining(['host', ...own]));
    }
  });
});

describe('answers', () => {
  test('a copy and a finished upload that fail with status 200 are failures, tried again where that is safe', async () => {
    const failed = xml('\n \n<?xml version="1.0"?>\n<Error><Code>InternalError</Code><Message>m</Message></Error>');
    const { connect, client, sent } = rig((request) => (request.url.includes('list') ? undefined : failed.clone()));
    await connect('aws', aws);
    const copy = await failureOf(client.objects.copy({ key: 'a', from: 'b' }, { deadlineMs: 4000 }));
    expect(copy).toMatchObject({ kind: 'unavailable', code: 'internal_error', status: 200 });
    expect(sent.length).toBeGreaterThan(1);
    sent.length = 0;
    const parts = [{ partNumber: 1, etag: 'e' }];
    const joined = await failureOf(client.uploads.complete({ key: 'a', uploadId: 'u', parts }));
    expect(joined).toMatchObject({ kind: 'unavailable', code: 'internal_error' });
    expect(sent).toHaveLength(1);
  });

  test('a stored object that looks like a failure is an object', async () => {
    const body = '<Error><Code>AccessDenied</Code></Error>';
    const headers = { etag: '"e1"', 'content-type': 'application/xml' };
    const { connect, client } = rig((request) =>
      request.url.endsWith('/report.xml') ? new Response(body, { headers }) : undefined,
    );
    await connect('aws', aws);
    const found = await client.objects.get({ key: 'report.xml' });
    expect(new TextDecoder().decode(found.body)).toBe(body);
    expect(found).toMatchObject({ etag: 'e1', contentType: 'application/xml', size: body.length });
  });

  test.each([
    [
      'entities of the document',
      '<!DOCTYPE a [<!ENTITY x "boom">]><ListBucketResult><Name>&x;</Name></ListBucketResult>',
    ],
    ['a document that ends early', '<ListBucketResult><Contents>'],
    ['another document', '<ListAllMyBucketsResult/>'],
    ['text', 'It works!'],
  ])('%s are no list', async (_name, body) => {
    const { connect } = rig(() => xml(body), {}, true);
    const error = await failureOf(connect('compatible', compatible));
    expect(error.kind).toBe('invalid_response');
    expect(JSON.stringify(error)).not.toContain('boom');
  });

  test('names in lists are decoded where the service says that they are encoded, and left alone elsewhere', async () => {
    const listOf = (more: string) =>
      `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${more}<Contents><Key>a+b%2B%C3%BC&amp;</Key><Size>1</Size></Contents><CommonPrefixes><Prefix>p+q/</Prefix></CommonPrefixes></ListBucketResult>`;
    const answers = [listOf('<EncodingType>url</EncodingType>'), listOf('')];
    const { connect, client } = rig((request) =>
      request.url.includes('prefix=') ? xml(answers.shift() ?? oneList) : undefined,
    );
    await connect('aws', aws);
    expect(await client.objects.list({ prefix: 'a' })).toMatchObject({
      items: [{ key: 'a b+ü&' }],
      prefixes: ['p q/'],
    });
    expect(await client.objects.list({ prefix: 'a' })).toMatchObject({
      items: [{ key: 'a+b%2B%C3%BC&' }],
      prefixes: ['p+q/'],
    });
  });

  test('a refusal without a body is judged by its status', async () => {
    const { connect, client } = rig((request) =>
      request.method === 'HEAD' ? new Response(null, { status: request.url.endsWith('/a') ? 404 : 403 }) : undefined,
    );
    await connect('aws', aws);
    expect((await failureOf(client.objects.head({ key: 'a' }))).kind).toBe('not_found');
    expect((await failureOf(client.account.bucket({}))).kind).toBe('permission');
  });
});

describe('addresses for browsers', () => {
  test('are made without a request, end when they say, and hold what must be sent', async () => {
    const { connect, client, sent } = rig();
    await connect('compatible', { ...compatible, sessionToken: 'token-1' });
    const get = await client.objects.presign({
      key: 'ü b/c.txt',
      expiresSeconds: 60,
      downloadAs: 'attachment; filename="c"',
    });
    const put = await client.objects.presign({ key: 'a', method: 'PUT', contentType: 'image/png' });
    expect(sent).toEqual([]);
    const { pathname, searchParams } = new URL(get.url);
    expect(pathname).toBe('/examplebucket/%C3%BC%20b/c.txt');
    expect(Object.fromEntries(searchParams)).toMatchObject({
      'X-Amz-Expires': '60',
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Security-Token': 'token-1',
      'response-content-disposition': 'attachment; filename="c"',
    });
    expect(get.url).toMatch(/&X-Amz-Signature=[0-9a-f]{64}$/);
    expect(get.expiresAt.getTime() - Date.now()).toBeLessThanOrEqual(60_000);
    expect(put).toMatchObject({ method: 'PUT', headers: { 'content-type': 'image/png' } });
    expect(new URL(put.url).searchParams.get('X-Amz-SignedHeaders')).toBe('content-type;host');
  });

  test('have no other options than those of their method, and live seven days at most', async () => {
    const { connect, client } = rig();
    await connect('aws', aws);
    for (const input of [
      { key: 'a', contentType: 'text/plain' },
      { key: 'a', method: 'PUT', downloadAs: 'x' },
      { key: 'a', expiresSeconds: 604_801 },
      { key: 'a', expiresSeconds: 0 },
    ] as const) {
      expect((await failureOf(client.objects.presign(input))).code).toBe('invalid_input');
    }
    const ended = client.files.url('a', { expiresInMs: 8 * 86_400_000 });
    expect((await failureOf(ended)).fields).toMatchObject([{ path: 'expiresInMs' }]);
  });
});

describe('uploads', () => {
  const mebibyte = 1024 * 1024;
  const began = xml('<InitiateMultipartUploadResult><UploadId>u 1</UploadId></InitiateMultipartUploadResult>');
  const done = xml('<CompleteMultipartUploadResult><ETag>"e-2"</ETag></CompleteMultipartUploadResult>');
  const steps: Respond = ({ method, url }) => {
    if (method === 'POST') return url.includes('uploads=') ? began.clone() : done.clone();
    return method === 'DELETE' ? new Response(null, { status: 204 }) : undefined;
  };

  async function* chunks(count: number, bytes: number) {
    for (let index = 0; index < count; index++) yield new Uint8Array(bytes).fill(index);
  }

  test('what fits into one part is one request', async () => {
    const { connect, client, sent } = rig(steps);
    await connect('aws', aws);
    expect(await client.objects.upload({ key: 'a', body: chunks(3, 10), contentType: 'text/css' })).toEqual({
      etag: 'e1',
    });
    expect(sent.map(({ method, body }) => `${method} ${body.byteLength}`)).toEqual(['PUT 30']);
    expect(sent[0]?.headers.get('content-type')).toBe('text/css');
    await client.objects.upload({ key: 'a', body: chunks(0, 1) });
    expect(sent[1]?.body.byteLength).toBe(0);
  });

  test('what is longer goes in parts of one size, in order, and becomes one object', async () => {
    const { connect, client, sent } = rig(steps);
    await connect('aws', aws);
    const input = { key: 'a', body: chunks(4, 3 * mebibyte), partSizeBytes: 5 * mebibyte, metadata: { owner: 'ada' } };
    expect(await client.objects.upload(input)).toEqual({ etag: 'e-2' });
    const shape = sent.map(({ method, url, body }) => `${method} ${new URL(url).search} ${body.byteLength}`);
    expect(shape.slice(0, 4)).toEqual([
      'POST ?uploads= 0',
      `PUT ?uploadId=u%201&partNumber=1 ${5 * mebibyte}`,
      `PUT ?uploadId=u%201&partNumber=2 ${5 * mebibyte}`,
      `PUT ?uploadId=u%201&partNumber=3 ${2 * mebibyte}`,
    ]);
    expect(sent[0]?.headers.get('x-amz-meta-owner')).toBe('ada');
    expect([...new Set(sent[2]?.body)]).toEqual([1, 2, 3]);
    expect(new TextDecoder().decode(sent[4]?.body)).toContain(
      '<Part><PartNumber>1</PartNumber><ETag>"e1"</ETag></Part><Part><PartNumber>2</PartNumber>',
    );
  });

  test.each([
    ['the service refuses a part', 'PUT'],
    ['the service fails at the end', 'POST'],
  ])('when %s, no part is left behind', async (_name, method) => {
    const denied = () => xml('<Error><Code>AccessDenied</Code></Error>', 403);
    const { connect, client, sent } = rig((request, body) =>
      request.method === method && !request.url.includes('uploads=') ? denied() : steps(request, body),
    );
    await connect('aws', aws);
    const upload = client.objects.upload({ key: 'a', body: chunks(3, 3 * mebibyte), partSizeBytes: 5 * mebibyte });
    expect((await failureOf(upload)).code).toBe('access_denied');
    expect(sent.at(-1)).toMatchObject({ method: 'DELETE' });
    expect(new URL(sent.at(-1)!.url).search).toBe('?uploadId=u%201');
  });

  test('when the source fails or the caller gives up, its own reason is told and no part is left behind', async () => {
    const { connect, client, sent } = rig(steps);
    await connect('aws', aws);
    let closed = false;
    async function* failing() {
      try {
        yield new Uint8Array(11 * mebibyte);
        throw new Error('the disk is gone');
      } finally {
        closed = true;
      }
    }
    const partSizeBytes = 5 * mebibyte;
    await expect(client.objects.upload({ key: 'a', body: failing(), partSizeBytes })).rejects.toThrow(
      'the disk is gone',
    );
    expect(closed).toBe(true);
    expect(sent.at(-1)?.method).toBe('DELETE');

    sent.length = 0;
    const controller = new AbortController();
    async function* endless() {
      for (let count = 0; ; count++) {
        if (count === 3) controller.abort();
        yield new Uint8Array(partSizeBytes);
      }
    }
    const given = client.objects.upload({ key: 'a', body: endless(), partSizeBytes }, { signal: controller.signal });
    expect((await failureOf(given)).kind).toBe('aborted');
    expect(sent.at(-1)?.method).toBe('DELETE');
  });

  test('an abort that fails as well does not hide the first failure', async () => {
    const { connect, client } = rig(({ method, url }) =>
      url.includes('uploads=')
        ? began.clone()
        : method === 'PUT' || method === 'DELETE'
          ? xml('<Error><Code>AccessDenied</Code></Error>', 403)
          : undefined,
    );
    await connect('aws', aws);
    const upload = client.objects.upload({ key: 'a', body: chunks(2, 5 * mebibyte), partSizeBytes: 5 * mebibyte });
    expect((await failureOf(upload)).operation).toBe('objects.upload');
  });

  test.each([[{ partSizeBytes: 5 * mebibyte - 1 }], [{ body: 'text' }], [{ body: [new Uint8Array()] }]])(
    '%j is refused before anything is sent',
    async (change) => {
      const { connect, client, sent } = rig(steps);
      await connect('aws', aws);
      const work = client.objects.upload({ key: 'a', body: chunks(1, 1), ...change } as never);
      expect((await failureOf(work)).code).toBe('invalid_input');
      expect(sent).toEqual([]);
    },
  );
});

describe('the emulator', () => {
  function emulated(settings: object = {}) {
    const emulator = createEmulator(awsS3());
    const { board, connect, client } = rig(undefined, { wire: handlerWire(emulator.fetch) });
    return {
      client,
      async start() {
        await connect('compatible', compatible);
        await board.settings.update('aws-s3', { organizationId, settings });
      },
    };
  }
  const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
    const all: T[] = [];
    for await (const item of items) all.push(item);
    return all;
  };

  test('keeps what is put, in parts too, and lists it page by page', async () => {
    const { client, start } = emulated();
    await start();
    for (const name of ['a b.txt', 'ü.txt', 'z/+.txt']) await client.objects.put({ key: `docs/${name}`, body: name });
    const pages = client.objects.list({ prefix: 'docs/', maxKeys: 2 });
    expect((await collect(pages)).map(({ key }) => key)).toEqual(['docs/a b.txt', 'docs/z/+.txt', 'docs/ü.txt']);
    await client.objects.copy({ key: 'copy', from: 'docs/ü.txt' });
    expect(new TextDecoder().decode((await client.objects.get({ key: 'copy' })).body)).toBe('ü.txt');
    expect((await failureOf(client.objects.putIf({ key: 'copy', body: 'x' }))).code).toBe('precondition_failed');
    await client.objects.removeMany({ keys: ['docs/a b.txt', 'copy'] });
    expect((await failureOf(client.objects.head({ key: 'copy' }))).kind).toBe('not_found');
    const long = {
      async *[Symbol.asyncIterator]() {
        yield 'x'.repeat(6 * 1024 * 1024);
      },
    };
    await client.objects.upload({ key: 'long', body: long, partSizeBytes: 5 * 1024 * 1024 });
    expect((await client.objects.get({ key: 'long' })).size).toBe(6 * 1024 * 1024);
  });

  test('files go to the folder of the connection unless they name one', async () => {
    const { client, start } = emulated({ folder: 'uploads' });
    await start();
    expect(await client.files.put({ name: 'a.txt', data: 'hi' })).toEqual({
      id: 'uploads/a.txt',
      name: 'a.txt',
      size: 2,
    });
    await client.files.put({ name: 'b.txt', data: 'hi', folder: 'other/' });
    await client.objects.put({ key: 'uploads/', body: '' });
    expect((await collect(client.files.list())).map(({ id }) => id)).toEqual(['uploads/a.txt']);
    expect((await collect(client.files.list({ folder: 'other' }))).map(({ id }) => id)).toEqual(['other/b.txt']);
    const { body, contentType } = await client.files.get('uploads/a.txt');
    expect([Buffer.concat(await collect(body)).toString(), contentType]).toEqual(['hi', 'text/plain']);
  });
});
