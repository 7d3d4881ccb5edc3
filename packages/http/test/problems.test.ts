import { describe, expect, it } from 'vitest';

import { ada, connectByOAuth, consent, createRig, finish, json, session, url } from './support/rig.ts';

const canary = 'canary-of-the-vendor';

describe('a failure', () => {
  it('tells nothing that the vendor said, whichever route asked it', async () => {
    const said = { status: 400, json: { code: canary, message: canary, error: canary, error_description: canary } };
    const rig = createRig({ live: true });
    const { call, vendor } = rig;
    const seen: string[] = [];
    const body = { credentials: { apiKey: 'key' } };
    const ask = async (path: string, options = {}) => {
      for (const status of [400, 401, 403, 404, 409, 422, 429, 500, 503]) {
        for (let times = 0; times < 3; times++) vendor.failNext({ ...said, status });
        const response = await call(path, options);
        seen.push(JSON.stringify([...response.headers]) + (await response.text()));
      }
    };
    await ask('/connect/acme?label=new', { body });
    await call('/connect/acme', { body });
    await ask('/health/acme');
    await ask('/disconnect/acme', { method: 'POST' });
    expect(seen).toHaveLength(27);
    expect(seen.join()).not.toContain('canary');
  }, 60_000);

  it('says that the host read the body first', async () => {
    const authorize = async (request: Request) => {
      await request.text();
      return ada;
    };
    const rig = createRig({ authorize });
    const response = await rig.call('/connect/acme', { body: { credentials: { apiKey: 'key' } } });
    expect([response.status, await json(response)]).toMatchObject([500, { code: 'body_consumed' }]);
    const read = new Request(`${url}/webhooks/acme`, { method: 'POST', body: '{}' });
    await read.text();
    expect(await json(await rig.handler(read))).toMatchObject({ status: 500, code: 'body_consumed' });
  });

  it('A15 names a parameter that is given twice', async () => {
    const rig = createRig();
    await rig.call('/connect/acme', { body: { credentials: { apiKey: 'key' } } });
    for (const query of ['label=default&label=default', 'label=&label']) {
      const response = await rig.call(`/settings/acme?${query}`);
      expect(await json(response)).toMatchObject({
        status: 400,
        fields: [{ path: 'label', message: 'must be given once' }],
      });
    }
    const twice = await rig.call('/connect/shop?input.shop=one&input.shop=two');
    expect(await json(twice)).toMatchObject({ status: 400, fields: [{ path: 'input.shop' }] });
    expect((await rig.call('/settings/acme?other=1&other=2')).status).toBe(200);
  });

  it('names members of the body that nobody declared', async () => {
    const { call } = createRig();
    const response = await call('/connect/acme', { body: { credentials: { apiKey: 'k' }, organizationId: 'org-2' } });
    expect([response.status, (await json(response))['code']]).toEqual([400, 'invalid_input']);
    const loose = await call('/authorize/acme', { body: { allowAccountChange: 'yes' } });
    expect(await json(loose)).toMatchObject({ status: 400, fields: [{ path: 'allowAccountChange' }] });
  });

  it('G05 keeps keys that reach prototypes out of settings, inputs and credentials', async () => {
    const rig = createRig();
    await rig.call('/connect/acme', { body: { credentials: { apiKey: 'key' } } });
    const nasty = ['__proto__', 'constructor', 'prototype'].map((name) => `"${name}":{"polluted":true,"x":{}}`);
    for (const [method, path, member] of [
      ['PATCH', '/settings/acme', 'settings'],
      ['POST', '/authorize/shop', 'input'],
      ['POST', '/connect/acme', 'credentials'],
    ] as const) {
      for (const entry of nasty) {
        const body = `{"${member}":{${entry},"a":{${entry}}},${entry}}`;
        const headers = { ...session, 'content-type': 'application/json' };
        const response = await rig.call(path, { method, headers, body });
        expect([path, entry, response.status]).toEqual([path, entry, 400]);
      }
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(await json(await rig.call('/settings/acme'))).toEqual({ settings: {} });
  });
});

describe('a flow', () => {
  it('A07 ends at the provider that it was started for', async () => {
    const rig = createRig();
    const { back, cookie } = await consent(rig, 'shop?input.shop=one');
    const moved = new URL(back.href.replace('/callback/shop', '/callback/acme'));
    const response = await finish(rig, { back: moved, cookie });
    const location = new URL(response.headers.get('location')!);
    expect(location.searchParams.get('plugboard')).toBe('error');
    expect(location.searchParams.get('reason')).toMatch(/^state_/);
    expect(rig.vendor.oauth.ledger.tokenCalls).toHaveLength(0);
  });

  it('A17 fails closed where a posted callback comes without the cookie that browsers keep back', async () => {
    const rig = createRig();
    const { back } = await consent(rig);
    const headers = { ...session, 'sec-fetch-site': 'cross-site' };
    const posted = new Request(`${url}/callback/acme`, { method: 'POST', headers, body: back.searchParams });
    const response = await rig.handler(posted);
    expect(response.headers.get('location')).toContain('plugboard=error&provider=acme&reason=state_mismatch');
    expect(rig.vendor.oauth.ledger.tokenCalls).toHaveLength(0);
  });

  it('is neither started nor ended by a look ahead (HEAD)', async () => {
    const rig = createRig();
    const flow = await consent(rig);
    for (const address of [`${url}/connect/acme`, flow.back.href]) {
      const head = await rig.handler(new Request(address, { method: 'HEAD', headers: { cookie: flow.cookie } }));
      expect([head.status, head.headers.get('set-cookie')]).toEqual([405, null]);
    }
    const end = await finish(rig, flow);
    expect(end.headers.get('location')).toContain('plugboard=connected');
    await connectByOAuth(rig);
  });
});
