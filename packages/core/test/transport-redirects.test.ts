/** Where an answer may send a call on. */
import { describe, expect, it } from 'vitest';

import { handlerWire } from '../src/transport/handler-wire.ts';
import { serveHttp } from './support/loopback.ts';
import { transportKit } from './support/transport-kit.ts';

describe('F04 redirects', () => {
  it('of reads are followed within the origin, three times', async () => {
    const server = await serveHttp(({ path }, response) => {
      const hop = Number(path.slice(1));
      if (hop === 0) response.end('there');
      else response.writeHead([301, 302, 303, 307, 308][hop % 5] ?? 302, { location: `/${hop - 1}` }).end('moved');
    });
    const { send, fail } = transportKit([server.origin]);
    const headers = { authorization: 'Bearer canary' };
    expect((await send(`${server.origin}/3`, { headers })).text()).toBe('there');
    expect(server.requests.map(({ headers: sent }) => sent.authorization)).toEqual(Array(4).fill('Bearer canary'));
    expect(await fail(`${server.origin}/4`)).toMatchObject({ kind: 'invalid_response', code: 'redirect_refused' });
    expect((await send(`${server.origin}/1`, { method: 'HEAD' })).status).toBe(200);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('of %s are refused', async (method) => {
    const server = await serveHttp((_request, response) => response.writeHead(307, { location: '/x' }).end());
    const { fail } = transportKit([server.origin]);
    expect(await fail(server.origin, { method, body: 'canary' })).toMatchObject({ code: 'redirect_refused' });
    expect(server.requests).toHaveLength(1);
  });

  it.each([301, 302, 303, 307, 308])('A25 of token calls are refused: %d', async (status) => {
    const elsewhere = await serveHttp((_request, response) => response.end());
    const server = await serveHttp(({ path }, response) => {
      response.writeHead(status, { location: path === '/away' ? elsewhere.origin : '/there' }).end();
    });
    const { fail } = transportKit([server.origin, elsewhere.origin]);
    for (const method of ['GET', 'POST']) {
      for (const path of ['/away', '/near']) {
        const error = await fail(server.origin + path, { method, purpose: 'token', hosts: ['127.0.0.1'] });
        expect(error).toMatchObject({ kind: 'invalid_response', code: 'redirect_refused' });
      }
    }
    expect(server.requests).toHaveLength(4);
    expect(elsewhere.connections()).toBe(0);
  });

  it('B09 to another origin are refused, even to one that is allowed', async () => {
    const elsewhere = await serveHttp((_request, response) => response.end());
    const targets = [
      elsewhere.origin,
      elsewhere.origin.replace('127.0.0.1', 'localhost'),
      'https://evil.example/canary',
      'http://169.254.169.254/latest/meta-data',
      'https://127.0.0.1/',
      '//evil.example/',
      'file:///etc/passwd',
      'data:text/plain,x',
    ];
    const server = await serveHttp(({ path }, response) => {
      response.writeHead(302, { location: targets[Number(path.slice(1))] }).end();
    });
    const { fail } = transportKit([server.origin, elsewhere.origin]);
    for (const index of targets.keys()) {
      const error = await fail(`${server.origin}/${index}`, { hosts: ['127.0.0.1', 'localhost', 'evil.example'] });
      expect(error).toMatchObject({ kind: 'invalid_response', code: 'redirect_refused' });
      expect(JSON.stringify(error)).not.toMatch(/evil|canary|169/);
    }
    expect(elsewhere.connections()).toBe(0);
  });

  it.each([
    ['plain http of the same host', 'http://api.example.com/'],
    ['another port of the same host', 'https://api.example.com:8443/'],
    ['a literal', 'https://169.254.169.254/latest/meta-data/'],
    ['a literal in another notation', 'https://0x7f.1/'],
    ['a host that is declared as well', 'https://files.example.com/'],
    ['the same host with a user', 'https://evil@api.example.com/'],
    ['a socket in the file system', 'unix:/var/run/docker.sock'],
  ])('from https to %s are refused, and nothing is sent there', async (_where, location) => {
    const asked: string[] = [];
    const wire = handlerWire((request) => {
      asked.push(request.url);
      return asked.length === 1 ? new Response(null, { status: 302, headers: { location } }) : new Response('there');
    });
    const { fail } = transportKit([], { wire });
    const request = { headers: { 'x-api-key': 'canary' }, hosts: ['api.example.com', 'files.example.com'] };
    const error = await fail('https://api.example.com/', request);
    expect(['redirect_refused', 'url_userinfo']).toContain(error.code);
    expect(asked).toEqual(['https://api.example.com/']);
  });

  it('to nowhere are refused', async () => {
    const server = await serveHttp(({ path }, response) => {
      response.writeHead(302, path === '/none' ? {} : { location: 'https://[' }).end();
    });
    const { fail } = transportKit([server.origin]);
    expect(await fail(`${server.origin}/none`)).toMatchObject({ code: 'redirect_refused' });
    expect(await fail(`${server.origin}/junk`)).toMatchObject({ code: 'redirect_refused' });
    // A vendor that says why is understood; one that names a place goes through the rules for redirects.
    const classify = () => ({ kind: 'invalid_request', code: 'wrong_region' }) as const;
    expect(await fail(`${server.origin}/none`, { classify })).toMatchObject({ code: 'wrong_region', status: 302 });
    expect(await fail(`${server.origin}/junk`, { classify })).toMatchObject({ code: 'redirect_refused' });
  });
});
