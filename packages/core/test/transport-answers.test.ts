import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { PlugboardError } from '../src/errors.ts';
import { createAnswer } from '../src/transport/answer.ts';
import { classifyByStatus } from '../src/transport/classify.ts';
import { serveHttp, serveTcp } from './support/loopback.ts';
import { transportKit } from './support/transport-kit.ts';

const answer = (status: number, body = '', headers: Record<string, string> = {}) =>
  createAnswer({ status, headers: new Headers(headers) }, new TextEncoder().encode(body));

describe('classifyByStatus', () => {
  it.each([
    [400, 'invalid_request'], [401, 'auth'], [402, 'permission'], [403, 'permission'], [404, 'not_found'],
    [405, 'invalid_request'], [408, 'timeout'], [409, 'conflict'], [410, 'not_found'], [412, 'conflict'],
    [413, 'invalid_request'], [415, 'invalid_request'], [418, 'invalid_request'], [422, 'invalid_request'],
    [423, 'conflict'], [429, 'rate_limited'], [451, 'permission'], [500, 'unavailable'], [502, 'unavailable'],
    [503, 'unavailable'], [504, 'unavailable'], [599, 'unavailable'], [304, 'invalid_response'], [999, 'invalid_response'],
  ])('%d is %s, whatever the body', (status, kind) => {
    for (const body of ['', '<html>busy</html>', '{"error":', '[]', 'null', '"text"', '{}']) {
      expect(classifyByStatus(answer(status, body))?.kind).toBe(kind);
    }
  }); // prettier-ignore

  it('says nothing about success', () => {
    for (const status of [200, 201, 202, 204, 206])
      expect(classifyByStatus(answer(status, '{"error":"x"}'))).toBeUndefined();
  });

  it.each([
    ['{"error":{"code":"no_list","message":"No such list"}}', 'no_list', 'No such list'],
    ['{"error":"invalid_grant","error_description":"Token expired"}', 'invalid_grant', 'Token expired'],
    ['{"errors":[{"code":"bad_email","detail":"Not an address"}]}', 'bad_email', 'Not an address'],
    ['{"type":"about:blank","title":"Bad","detail":"Very bad"}', 'about:blank', 'Very bad'],
    ['[{"message":"first"},{"message":"second"}]', undefined, 'first'],
    ['{"message":"plain"}', undefined, 'plain'],
  ])('reads the vendor from %s', (body, code, message) => {
    expect(classifyByStatus(answer(400, body))?.vendor).toEqual({ ...(code && { code }), message });
  });

  it('D10 reads Retry-After where waiting helps', () => {
    expect(classifyByStatus(answer(429, '', { 'retry-after': '120' }))?.retryAfterMs).toBe(120_000);
    expect(classifyByStatus(answer(503, '', { 'retry-after': '1' }))?.retryAfterMs).toBe(1_000);
    expect(classifyByStatus(answer(403, '', { 'retry-after': '1' }))?.retryAfterMs).toBeUndefined();
    expect(classifyByStatus(answer(429, '', { 'retry-after': '-1' }))?.retryAfterMs).toBeUndefined();
  });
});

describe('answers', () => {
  it('returns status, headers, bytes, text and JSON', async () => {
    const server = await serveHttp((_request, response) => {
      response.writeHead(201, { 'content-type': 'application/json', 'x-thing': 'a' });
      response.end('{"name":"ü"}');
    });
    const { send } = transportKit([server.origin]);
    const got = await send(`${server.origin}/things?x=1`, { headers: { authorization: 'Bearer t', 'x-own': 'b' } });
    expect(got.status).toBe(201);
    expect(got.headers.get('x-thing')).toBe('a');
    expect(got.json()).toEqual({ name: 'ü' });
    expect(got.json()).toBe(got.json());
    expect(got.text()).toBe('{"name":"ü"}');
    expect(got.bytes.byteLength).toBe(13);
    expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/things?x=1', body: '' });
    expect(server.requests[0]?.headers).toMatchObject({ authorization: 'Bearer t', 'x-own': 'b' });
  });

  it('sends text and bytes', async () => {
    const server = await serveHttp((request, response) => response.end(request.body));
    const { send } = transportKit([server.origin]);
    const post = (body: string | Uint8Array) => send(server.origin, { method: 'POST', repeat: 'never', body });
    expect((await post('ü=1')).text()).toBe('ü=1');
    expect((await post(new TextEncoder().encode('xxü=2').subarray(2))).text()).toBe('ü=2');
    expect((await post('')).text()).toBe('');
  });

  it('answers without content', async () => {
    const server = await serveHttp(({ method }, response) => {
      if (method === 'DELETE') response.writeHead(204).end();
      else response.writeHead(200, { 'content-length': '5', 'content-encoding': 'gzip' }).end();
    });
    const { send } = transportKit([server.origin]);
    const deleted = await send(server.origin, { method: 'DELETE' });
    expect(deleted.bytes.byteLength).toBe(0);
    expect(deleted.tryJson()).toBeUndefined();
    expect(() => deleted.json()).toThrow(PlugboardError);
    expect((await send(server.origin, { method: 'HEAD' })).bytes.byteLength).toBe(0);
  });

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['endless headers', `HTTP/1.1 200 OK\r\n${'x-filler: 0123456789\r\n'.repeat(2_000)}\r\n`],
    ['an impossible length', 'HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n'],
  ])('refuses %s', async (_name, bytes) => {
    const server = await serveTcp((socket) => void socket.once('data', () => socket.end(bytes)));
    const { fail, clock } = transportKit([server.origin]);
    const error = await fail(server.origin);
    expect(error).toMatchObject({ kind: 'invalid_response', code: 'malformed_answer', retryable: false });
    expect(server.connections()).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('passes over informational answers', async () => {
    const server = await serveHttp((_request, response) => {
      response.socket?.end('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
    const got = await transportKit([server.origin]).send(server.origin);
    expect([got.status, got.text(), got.headers.get('link')]).toEqual([200, 'ok', null]);
  });

  it('keeps the answer when a header is not Latin-1', async () => {
    const server = await serveHttp((_request, response) => {
      response.socket?.end('HTTP/1.1 200 OK\r\nx-odd: \u{1f600}\r\nx-fine: yes\r\ncontent-length: 2\r\n\r\nok');
    });
    const got = await transportKit([server.origin]).send(server.origin);
    expect(got.headers.get('x-fine')).toBe('yes');
    expect(got.text()).toBe('ok');
  });
});

describe('failures', () => {
  const canary = 'canary-0123456789abcdefghij';

  it('carry what was decided, and the vendor in redacted words', async () => {
    const server = await serveHttp((_request, response) => {
      response.writeHead(418, { 'x-request-id': 'req_1', 'x-vendor-id': 'req_2' });
      response.end(JSON.stringify({ error: { code: canary, message: `Key ${canary} is ${'very '.repeat(500)}bad` } }));
    });
    const { fail } = transportKit([server.origin]);
    const error = await fail(`${server.origin}/x?key=${canary}`, {
      secrets: [canary],
      headers: { authorization: `Bearer ${canary}` },
      classify: (got) => ({
        kind: 'permission',
        code: 'too_teapot',
        message: `it is a teapot ${canary}`,
        hint: `ask for coffee ${canary}`,
        missingScopes: ['coffee'],
        vendor: (classifyByStatus(got) ?? {}).vendor,
      }),
    });
    expect(error.toJSON()).toMatchObject({
      kind: 'permission',
      code: 'too_teapot',
      message: 'acme things.list: it is a teapot [secret]',
      hint: 'ask for coffee [secret]',
      retryable: false,
      provider: 'acme',
      operation: 'things.list',
      status: 418,
      requestId: 'req_1',
      missingScopes: ['coffee'],
    });
    expect(error.vendor?.code).toBe('[secret]');
    expect(error.vendor?.message).toMatch(/^Key \[secret\] is very /);
    expect(error.vendor?.message?.length).toBe(500);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary');
    const named = await fail(server.origin, { requestIdHeader: 'x-vendor-id' });
    expect(named.requestId).toBe('req_2');
  });

  it('B02 do not take a secret, or junk, for a request id or a code', async () => {
    const ids = [canary, 'a b', '<script>', 'x'.repeat(129)];
    const server = await serveHttp((_request, response) => {
      response.writeHead(400, { 'x-request-id': ids.shift() ?? '' }).end();
    });
    const { fail } = transportKit([server.origin]);
    while (ids.length > 0) expect((await fail(server.origin, { secrets: [canary] })).requestId).toBeUndefined();
    const odd = await fail(server.origin, { classify: () => ({ kind: 'conflict', code: `Key ${canary}!` }) });
    expect(odd.code).toBe('vendor_error');
  });

  it('let the provider find a failure inside a 200', async () => {
    const server = await serveHttp((_request, response) => response.end('{"ok":false,"error":"invalid_auth"}'));
    const { fail } = transportKit([server.origin]);
    const error = await fail(server.origin, {
      classify: (got) => ((got.json() as { ok: boolean }).ok ? undefined : { kind: 'auth', code: 'invalid_auth' }),
    });
    expect(error).toMatchObject({ kind: 'auth', code: 'invalid_auth', status: 200 });
  });

  it('come from the status where the provider’s rule cannot read the body', async () => {
    const server = await serveHttp(({ path }, response) => {
      response.writeHead(path === '/ok' ? 200 : 403).end('<html>not JSON</html>');
    });
    const { fail } = transportKit([server.origin]);
    const classify = (got: { json(): unknown }) => (got.json() === null ? undefined : undefined);
    expect(await fail(`${server.origin}/no`, { classify })).toMatchObject({ kind: 'permission', status: 403 });
    expect(await fail(`${server.origin}/ok`, { classify })).toMatchObject({
      kind: 'invalid_response',
      code: 'not_json',
    });
    const thrower = await fail(`${server.origin}/ok`, {
      classify: () => {
        throw new TypeError(canary);
      },
    });
    expect(thrower).toMatchObject({ kind: 'invalid_response', code: 'unreadable_answer' });
    expect(inspect(thrower, { depth: 10, showHidden: true })).not.toContain('canary');
  });

  it('of a server that may have done the work are not marked for repetition', async () => {
    const server = await serveHttp(({ path }, response) => response.writeHead(Number(path.slice(1))).end());
    const { fail } = transportKit([server.origin]);
    const never = { method: 'POST', repeat: 'never' } as const;
    for (const status of [500, 502, 504])
      expect(await fail(`${server.origin}/${status}`, never)).toMatchObject({ retryable: false });
    for (const status of [429, 501, 503])
      expect(await fail(`${server.origin}/${status}`, never)).toMatchObject({ retryable: true });
    expect(server.requests).toHaveLength(6);
  });
});

describe('requests that are refused before anything is sent', () => {
  it.each([
    ['F05 http', 'http://api.example.com/', {}, 'insecure_url'],
    ['F05 user info', 'https://user:pw@api.example.com/', {}, 'url_userinfo'],
    ['F05 port', 'https://api.example.com:22/', {}, 'port_not_allowed'],
    ['another host', 'https://evil.example/', { hosts: ['api.example.com'] }, 'host_not_allowed'],
    ['a Host header', 'https://api.example.com/', { headers: { host: 'evil.example' } }, 'reserved_header'],
    [
      'a Transfer-Encoding header',
      'https://api.example.com/',
      { headers: { 'transfer-encoding': 'chunked' } },
      'reserved_header',
    ],
    ['F07 a control character', 'https://api.example.com/', { headers: { 'x-key': 'canary\u0001' } }, 'invalid_header'],
    ['F07 Latin-1', 'https://api.example.com/', { headers: { 'x-key': 'canary\u00fc' } }, 'invalid_header'],
    [
      'F07 a huge value',
      'https://api.example.com/',
      { headers: { 'x-key': 'canary'.repeat(4_000) } },
      'invalid_header',
    ],
  ])('%s', async (_name, url, request, code) => {
    let sent = 0;
    const { fail } = transportKit([], { wire: () => Promise.reject(new Error(`sent ${++sent}`)) });
    const error = await fail(url, request);
    expect(error).toMatchObject({ kind: 'configuration', code, provider: 'acme', operation: 'things.list' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary');
    expect(sent).toBe(0);
  });

  it.each([
    'connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'te',
    'trailer', 'transfer-encoding', 'upgrade',
  ])('a header that is the transport’s or the connection’s: %s', async (name) => {
    let sent = 0;
    const { fail } = transportKit([], { wire: () => Promise.reject(new Error(`sent ${++sent}`)) });
    const error = await fail('https://api.example.com/', { headers: { [name]: 'x' } });
    expect([error.code, sent]).toEqual(['reserved_header', 0]);
  }); // prettier-ignore

  it('a value of more than 16,384 characters, and none of as many', async () => {
    const kit = transportKit([], { wire: () => Promise.reject(new Error('sent')) });
    for (const [length, code] of [[16_384, 'outcome_unknown'], [16_385, 'invalid_header']] as const) {
      const headers = { 'x-key': 'k'.repeat(length) };
      const error = await kit.fail('https://api.example.com/', { method: 'POST', repeat: 'never', headers });
      expect(error.code).toBe(code);
    } // prettier-ignore
  });

  it.each([
    ['deadlineMs', { deadlineMs: Number.NaN }],
    ['deadlineMs', { deadlineMs: 0 }],
    ['maxBytes', { maxBytes: -1 }],
  ])('a %s that is none', async (path, request) => {
    const { fail } = transportKit([]);
    const error = await fail('https://api.example.com/', request);
    expect(error).toMatchObject({ kind: 'invalid_request', code: 'invalid_input', fields: [{ path }] });
  });

  it('everything once the transport is closed', async () => {
    const server = await serveHttp((_request, response) => response.end());
    const { send, fail, transport } = transportKit([server.origin]);
    await send(server.origin);
    await transport.close();
    expect(await fail(server.origin)).toMatchObject({ kind: 'configuration', code: 'transport_closed' });
    await server.untilIdle();
  });
});
