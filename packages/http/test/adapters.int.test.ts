/** Every adapter in its real framework; Next.js and Workers have files of their own, because they must be built first. */
import { createServer } from 'node:http';
import { connect } from 'node:net';

import { toExpressHandler } from '@plugboard/http/express';
import { toFastifyPlugin } from '@plugboard/http/fastify';
import { toHonoHandler } from '@plugboard/http/hono';
import { toLambdaHandler, type LambdaEventV1, type LambdaEventV2 } from '@plugboard/http/lambda';
import { toNodeHandler } from '@plugboard/http/node';
import type { APIGatewayProxyEvent, APIGatewayProxyEventV2, LambdaFunctionURLEvent } from 'aws-lambda';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';

import { ignoresForwarded, keepsAnswers, provesRawBody, signedEvent, type Mounted } from './support/raw-webhook.ts';
import { createRig, json, session } from './support/rig.ts';
import { listening, sender, stopAfter } from './support/servers.ts';

type Mount = (rig: Mounted['rig']) => Promise<Mounted['send']>;

const mounts: Readonly<Record<string, Mount>> = {
  'node:http': async ({ handler }) => sender(await listening(createServer(toNodeHandler(handler)))),

  'Express 5 before its parsers': async ({ handler }) => {
    const app = express();
    app.set('trust proxy', true);
    app.use('/integrations', toExpressHandler(handler));
    app.use(express.json());
    return sender(await listening(createServer(app)));
  },

  'Express 5 behind a parser that keeps the bytes': async ({ handler }) => {
    const app = express();
    const verify = (request: object, _response: object, bytes: Buffer) =>
      void Object.assign(request, { rawBody: bytes });
    app.use(express.json({ verify, type: '*/*', strict: false }));
    app.use('/integrations', toExpressHandler(handler));
    return sender(await listening(createServer(app)));
  },

  'Fastify 5 with parsers of its own': async ({ handler }) => {
    const app = fastify({ trustProxy: true });
    app.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    app.post('/other', (request) => ({ body: request.body }));
    await app.register(toFastifyPlugin(handler), { prefix: '/integrations' });
    stopAfter(() => app.close());
    return sender(Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port));
  },

  'Hono by a route': async ({ handler }) => {
    const app = new Hono().all('/integrations/*', toHonoHandler(handler));
    return async (path, init) => app.request(`http://localhost/integrations${path}`, init);
  },

  'Hono by mount': async ({ handler }) => {
    const app = new Hono().mount('/integrations', handler);
    return async (path, init) => app.request(`http://localhost/integrations${path}`, init);
  },

  'a function URL of Lambda': async ({ handler }) => {
    const main = toLambdaHandler(handler);
    return async (path, init) => answerOf(await main((await eventV2(path, init)) satisfies LambdaFunctionURLEvent));
  },

  'API Gateway with payload 1.0': async ({ handler }) => {
    const main = toLambdaHandler(handler);
    return async (path, init) => answerOf(await main(await eventV1(path, init)));
  },
};

describe.each(Object.entries(mounts))('%s', (_name, mount) => {
  const mounted = async (): Promise<Mounted> => {
    const rig = createRig();
    return { rig, send: await mount(rig) };
  };

  it('E05 hands over the bytes that came in', async () => provesRawBody(await mounted()));
  it('answers as the handler does', async () => keepsAnswers(await mounted()));
  it('A13 believes no proxy', async () => ignoresForwarded(await mounted()));
});

describe('Express 5', () => {
  it('keeps the cookies that the application has set before', async () => {
    const app = express();
    app.use((_request, response, next) => {
      response.cookie('a', '1').cookie('b', '2').set('x-app', 'yes');
      next();
    });
    app.use('/integrations', toExpressHandler(createRig().handler));
    const send = sender(await listening(createServer(app)));
    const start = await send('/connect/acme', { headers: session, redirect: 'manual' });
    const cookies = start.headers.getSetCookie().map((cookie) => cookie.split('=')[0]?.replace(/-[\w-]{8}$/, ''));
    expect([start.status, start.headers.get('x-app'), cookies]).toEqual([
      303,
      'yes',
      ['__Host-plugboard-acme', 'a', 'b'],
    ]);
    const list = await send('/connections', { headers: session });
    expect(list.headers.getSetCookie()).toHaveLength(2);
  });

  it('E05 says so when a parser took the bytes, instead of guessing at them', async () => {
    const rig = createRig();
    const app = express().use(express.json()).use('/integrations', toExpressHandler(rig.handler));
    const send = sender(await listening(createServer(app)));
    const response = await send('/webhooks/acme', await signedEvent(rig));
    expect([response.status, await json(response)]).toMatchObject([500, { code: 'body_consumed' }]);
    expect((await send('/connections', { headers: session })).status).toBe(200);
  });
});

describe('Fastify 5', () => {
  it('keeps its own parsers and hooks', async () => {
    const app = fastify();
    app.addHook('onRequest', async (_request, reply) => void reply.headers({ 'x-app': 'yes', 'set-cookie': 'a=1' }));
    app.post('/other', (request) => ({ body: request.body }));
    await app.register(toFastifyPlugin(createRig().handler), { prefix: '/integrations' });
    stopAfter(() => app.close());
    const send = sender(Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port), '');
    const headers = { 'content-type': 'application/json' };
    const other = await send('/other', { method: 'POST', headers, body: '{"a":1.0}' });
    expect(await other.json()).toEqual({ body: { a: 1 } });
    const list = await send('/integrations/connections', { headers: session });
    expect([list.status, list.headers.get('x-app')]).toEqual([200, 'yes']);
    const start = await send('/integrations/connect/acme', { headers: session, redirect: 'manual' });
    expect(start.headers.getSetCookie()).toHaveLength(2);
  });
});

describe('Hono', () => {
  it('E05 says so when a middleware took the bytes', async () => {
    const rig = createRig();
    const app = new Hono()
      .use(async ({ req }, next) => {
        await req.json();
        await next();
      })
      .all('/integrations/*', toHonoHandler(rig.handler));
    const response = await app.request('http://localhost/integrations/webhooks/acme', await signedEvent(rig));
    expect([response.status, await json(response)]).toMatchObject([500, { code: 'body_consumed' }]);
  });
});

it('a browser that goes away in the middle leaves the server as it was', async () => {
  const rig = createRig();
  const port = await listening(createServer(toNodeHandler(rig.handler)));
  const head = `POST /integrations/connect/acme HTTP/1.1\r\nHost: x\r\nCookie: ${session.cookie}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"cred`;
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(head, () => socket.destroy()));
    socket.once('close', () => resolve());
  });
  expect((await sender(port)('/connections', { headers: session })).status).toBe(200);
  expect(await rig.board.connections.get('acme', { organizationId: 'org-1' })).toBeNull();
  expect(rig.logged.join()).not.toContain('cred');
});

it('lays cookies and bodies of Lambda events together, whatever their form', async () => {
  const seen: string[] = [];
  const main = toLambdaHandler(async (request) => {
    seen.push(`${request.method} ${request.url} ${request.headers.get('cookie')} ${await request.text()}`);
    const headers = new Headers({ 'content-type': 'image/png' });
    headers.append('set-cookie', 'a=1');
    headers.append('set-cookie', 'b=2');
    return new Response(new Uint8Array([0xff, 0x00]), { headers });
  });
  const second = await eventV2('//x?a=1&a=%20', { method: 'POST', headers: { cookie: 'a=1; b=2' }, body: '\u00fc' });
  expect(await main(second)).toMatchObject({ cookies: ['a=1', 'b=2'], body: '/wA=', isBase64Encoded: true });
  const first = await eventV1('/x?a=1&a=%20', { method: 'POST', headers: { cookie: 'a=1; b=2' }, body: '\u00fc' });
  expect(await main(first)).toMatchObject({
    multiValueHeaders: { 'set-cookie': ['a=1', 'b=2'], 'content-type': ['image/png'] },
  });
  await main({ ...second, rawPath: '/integrations/a?b#c', rawQueryString: '' });
  expect(seen).toEqual([
    'POST https://lambda.invalid/integrations//x?a=1&a=%20 a=1; b=2 \u00fc',
    'POST https://lambda.invalid/integrations/x?a=1&a=+ a=1; b=2 \u00fc',
    'POST https://lambda.invalid/integrations/a%3Fb%23c a=1; b=2 \u00fc',
  ]);
});

/** As the service makes it of a request: binary bodies in base64, cookies apart from the other headers. */
async function eventV2(path: string, init?: RequestInit): Promise<APIGatewayProxyEventV2 & LambdaEventV2> {
  const { request, body } = await received(path, init);
  const { cookie, ...headers } = Object.fromEntries(request.headers);
  const { pathname, search } = new URL(request.url);
  const http = { method: request.method, path: pathname, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: '' };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: pathname,
    rawQueryString: search.slice(1),
    headers,
    ...(cookie !== undefined && { cookies: cookie.split('; ') }),
    requestContext: {
      accountId: 'anonymous',
      apiId: 'a',
      domainName: 'a.lambda-url.eu-west-1.on.aws',
      domainPrefix: 'a',
      http,
      requestId: 'r',
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
    ...(body !== null && { body: body.toString('base64') }),
    isBase64Encoded: body !== null,
  };
}

/** As REST APIs make it: everything in lists, the body as a text. */
async function eventV1(path: string, init?: RequestInit): Promise<APIGatewayProxyEvent & LambdaEventV1> {
  const { request, body } = await received(path, init);
  const { pathname, searchParams } = new URL(request.url);
  const names = [...new Set(searchParams.keys())];
  const headers = Object.fromEntries(request.headers);
  return {
    httpMethod: request.method,
    path: pathname,
    resource: '/{proxy+}',
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: null,
    multiValueQueryStringParameters: Object.fromEntries(names.map((name) => [name, searchParams.getAll(name)])),
    pathParameters: null,
    stageVariables: null,
    requestContext: {} as APIGatewayProxyEvent['requestContext'],
    body: body === null ? null : body.toString('utf8'),
    isBase64Encoded: false,
  };
}

async function received(path: string, init?: RequestInit) {
  const request = new Request(`https://a.example/integrations${path}`, init);
  const bytes = Buffer.from(await request.arrayBuffer());
  return { request, body: bytes.length === 0 ? null : bytes };
}

function answerOf(result: Awaited<ReturnType<ReturnType<typeof toLambdaHandler>>>): Response {
  const headers = new Headers(result.headers);
  for (const cookie of result.cookies ?? []) headers.append('set-cookie', cookie);
  for (const [name, values] of Object.entries(result.multiValueHeaders ?? {}))
    for (const value of values) headers.append(name, value);
  const body = Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8');
  return new Response(result.statusCode === 204 ? null : body, { status: result.statusCode, headers });
}
