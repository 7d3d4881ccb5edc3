import { createHandler, type Authorize } from '@plugboard/http';
import { describe, expect, it } from 'vitest';

import { ada, createRig, json, session, url } from './support/rig.ts';

/** Every route behind the host's session, with what it takes to get past the guard. */
const guarded = [
  ['GET', '/connections', 'read'],
  ['GET', '/accounts/acme', 'read'],
  ['GET', '/settings/acme', 'read'],
  ['GET', '/settings/acme/choices/channel', 'read'],
  ['GET', '/flags', 'read'],
  ['GET', '/onboarding', 'read'],
  ['GET', '/health/acme', 'read'],
  ['GET', '/streams/acme', 'read'],
  ['POST', '/sync/acme', 'manage'],
  ['GET', '/connect/acme', 'manage'],
  ['POST', '/authorize/acme', 'manage'],
  ['POST', '/connect/acme', 'manage'],
  ['POST', '/accounts/acme', 'manage'],
  ['PATCH', '/settings/acme', 'manage'],
  ['POST', '/disconnect/acme', 'manage'],
  ['POST', '/prepare/acme', 'manage'],
  ['POST', '/webhook-address/acme', 'manage'],
] as const;

const refusals = new Set(['not_signed_in', 'not_permitted', 'cross_site']);

/** The code of the refusal by the guard; `passed` when the route itself was reached. */
async function judged(response: Response): Promise<string> {
  const type = response.headers.get('content-type') ?? '';
  const code = type.includes('problem') ? String((await json(response))['code']) : 'passed';
  return refusals.has(code) ? `${response.status} ${code}` : 'passed';
}

describe('who may call', () => {
  it('G14 refuses to start without a session check', () => {
    const { board } = createRig();
    for (const options of [undefined, null, {}, { authorize: true }, { authorize: null }]) {
      expect(() => createHandler(board, options as never)).toThrow(expect.objectContaining({ code: 'no_authorize' }));
    }
  });

  it('refuses origins and pages that are none', () => {
    const { board } = createRig();
    const authorize: Authorize = () => ada;
    for (const origin of ['app.example.com', 'https://app.example.com/', 'https://app.example.com/x', '*', '']) {
      const create = () => createHandler(board, { authorize, origins: [origin] });
      expect(create).toThrow(expect.objectContaining({ code: 'invalid_origin' }));
    }
    const create = () => createHandler(board, { authorize, fallbackPage: 'https://' });
    expect(create).toThrow(expect.objectContaining({ code: 'invalid_fallback_page' }));
  });

  it.each(guarded)('answers 401 to nobody: %s %s', async (method, path) => {
    const { call, vendor } = createRig();
    expect(await judged(await call(path, { method, headers: {} }))).toBe('401 not_signed_in');
    expect(vendor.requests).toHaveLength(0);
    const forgetful = createRig({ authorize: () => undefined });
    expect(await judged(await forgetful.call(path, { method }))).toBe('401 not_signed_in');
  });

  it.each(guarded)('asks for the permission of each route: %s %s needs %s', async (method, path, permission) => {
    const { call } = createRig();
    const as = async (permissions: string) =>
      judged(await call(path, { method, headers: { cookie: `session=org-1/ada/${permissions}` } }));
    expect(await as('none')).toBe('403 not_permitted');
    expect(await as('read')).toBe(permission === 'read' ? 'passed' : '403 not_permitted');
    expect(await as('manage')).toBe(permission === 'manage' ? 'passed' : '403 not_permitted');
  });

  it('asks for the permission to manage at the callback, too', async () => {
    const { handler } = createRig();
    const headers = { cookie: 'session=org-1/ada/read' };
    const response = await handler(new Request(`${url}/callback/acme?state=x`, { headers }));
    expect(response.headers.get('location')).toContain('reason=not_permitted');
  });

  it('G16 takes no half of an answer for a session', async () => {
    for (const broken of [
      {},
      { organizationId: 'org-1' },
      { userId: 'ada' },
      { organizationId: 1, userId: 2 },
      { organizationId: '', userId: '' },
      { ...ada, permissions: null },
      { ...ada, permissions: 'read' },
      { ...ada, permissions: { read: true } },
    ]) {
      const { call } = createRig({ authorize: () => broken as never });
      const response = await call('/connections');
      expect([broken, response.status, (await json(response))['code']]).toEqual([broken, 500, 'invalid_caller']);
    }
  });
});

describe('G14 pages of other sites', () => {
  const origins = ['https://hub.example.com'];
  const foreign: readonly Readonly<Record<string, string>>[] = [
    { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'cross-site', origin: 'null' },
    { 'sec-fetch-site': 'same-site', origin: 'https://other.example.com' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', referer: 'https://evil.example/?https://app.example.com' },
    { 'sec-fetch-site': 'CROSS-SITE' },
    { 'sec-fetch-site': 'nonsense' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'https://app.example.com.evil.example' },
    { origin: 'http://app.example.com' },
  ];
  const own: readonly Readonly<Record<string, string>>[] = [
    { 'sec-fetch-site': 'same-origin', origin: 'https://app.example.com' },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'same-site', origin: 'https://hub.example.com' },
    { 'sec-fetch-site': 'same-site', referer: 'https://hub.example.com/apps' },
    { origin: 'https://app.example.com' },
    {},
  ];

  const ask = async (method: string, path: string, headers: Readonly<Record<string, string>>) => {
    const { handler } = createRig({ origins });
    return judged(await handler(new Request(url + path, { method, headers: { ...session, ...headers } })));
  };

  it.each(guarded)('may not call %s %s', async (method, path) => {
    for (const headers of foreign)
      expect([headers, await ask(method, path, headers)]).toEqual([headers, '403 cross_site']);
  });

  it.each(guarded)('are told from our own at %s %s', async (method, path) => {
    for (const headers of own) expect([headers, await ask(method, path, headers)]).toEqual([headers, 'passed']);
  });
});

describe('where the routes are', () => {
  const as = async (base: string, address: string) => {
    const rig = createRig({ baseUrl: base });
    const response = await rig.handler(new Request(address, { headers: session }));
    return response.status;
  };

  it('is below the path of the board, whether or not the host cuts it off', async () => {
    expect(await as(url, `${url}/connections`)).toBe(200);
    expect(await as(url, 'https://app.example.com/connections')).toBe(200);
    expect(await as(url, 'http://10.0.0.1:8080/integrations/connections?x=1')).toBe(200);
    expect(await as('https://app.example.com', 'https://app.example.com/connections')).toBe(200);
    expect(await as('https://app.example.com/a/b/', 'https://app.example.com/a/b/connections')).toBe(200);
  });

  it('is nowhere else', async () => {
    const paths = [
      '',
      '/',
      '/integrations',
      '/integrationsx/connections',
      '/x/connections',
      '/integrations/connections/',
      '/integrations//connections',
      '/integrations/integrations/connections',
      '/Integrations/connections',
    ];
    for (const path of paths) expect([path, await as(url, `https://app.example.com${path}`)]).toEqual([path, 404]);
    const { call } = createRig();
    expect(await json(await call('/nothing'))).toMatchObject({
      status: 404,
      code: 'no_such_route',
      type: 'urn:plugboard:problem:no_such_route',
      title: 'No such route',
      hint: "They live below /integrations, the path of the board's `url`. GET /integrations/openapi.json describes them all.",
    });
  });

  it('knows no provider by a name that every object has', async () => {
    const { call } = createRig();
    for (const name of [
      'nobody',
      '__proto__',
      'constructor',
      'toString',
      '%00',
      'acme%2f..',
      '%ff',
      'ACME',
      'a'.repeat(5000),
    ]) {
      for (const path of ['/connect/', '/accounts/', '/settings/', '/health/']) {
        const response = await call(path + name);
        expect([path + name, response.status, (await json(response))['code']]).toEqual([
          path + name,
          404,
          'unknown_provider',
        ]);
      }
    }
  });
});

describe('failures', () => {
  it('tells nothing of an error that is not ours, and logs its class alone', async () => {
    const secrets: unknown[] = [new TypeError('canary'), 'canary', { canary: true }, null, undefined];
    for (const thrown of secrets) {
      const { call, logged } = createRig({
        authorize: () => {
          throw thrown;
        },
      });
      const response = await call('/connections');
      const text = await response.text();
      expect([response.status, response.headers.get('content-type')]).toEqual([500, 'application/problem+json']);
      expect(JSON.parse(text)).toMatchObject({ code: 'internal_error', retryable: false });
      expect(text + logged.join()).not.toContain('canary');
      expect(logged).toHaveLength(1);
    }
  });

  it('logs what is the fault of the server, and nothing that a caller can cause', async () => {
    const { call, logged } = createRig();
    await call('/nothing');
    await call('/connections', { headers: {} });
    await call('/connect/acme', { body: {} });
    expect(logged).toEqual([]);
  });

  it('asks nobody to keep, guess or pass on an answer', async () => {
    const { call } = createRig();
    for (const path of ['/connections', '/nothing', '/connect/acme', '/callback/acme', '/sandbox/x']) {
      const { headers } = await call(path);
      const safe = ['cache-control', 'referrer-policy', 'x-content-type-options'].map((name) => headers.get(name));
      expect([path, ...safe]).toEqual([path, 'no-store', 'no-referrer', 'nosniff']);
    }
  });
});
