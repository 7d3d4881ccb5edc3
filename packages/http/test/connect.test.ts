import { describe, expect, it } from 'vitest';

import { connectByOAuth, consent, createRig, finish, json, session, url } from './support/rig.ts';

const marker = (response: Response) => new URL(response.headers.get('location')!).searchParams;

describe('the OAuth flow', () => {
  it('redirects to the vendor with the cookie of the flow, and back to the page that was asked for', async () => {
    const rig = createRig();
    const start = await rig.call('/connect/acme?returnTo=/settings%3Ftab%3Dapps%23crm&label=second');
    expect(start.status).toBe(303);
    expect(start.headers.get('set-cookie')).toMatch(
      /^__Host-plugboard-acme-[\w-]{8}=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
    );

    const end = await connectByOAuth(rig, 'acme?returnTo=/settings%3Ftab%3Dapps%23crm&label=second');
    expect(end.href).toBe('https://app.example.com/settings?tab=apps&plugboard=connected&provider=acme#crm');
    const stored = await rig.board.connections.get('acme', { organizationId: 'org-1', label: 'second' });
    expect(stored).toMatchObject({ status: 'active', account: { id: 'acct-1' } });
  });

  it('hands the address and the cookie to a page that redirects by itself', async () => {
    const rig = createRig();
    const response = await rig.call('/authorize/acme', { body: { returnTo: '/settings' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('set-cookie')).toMatch(/^__Host-plugboard-acme-/);
    const started = new URL((await json(response))['url']!);
    expect(started.href).toMatch(/^https:\/\/sandbox\.example\.com\/acme\/auth\.acme\.example\.com\/authorize\?/);
  });

  it('takes what a vendor needs before the redirect from the query or the body, and judges it', async () => {
    const rig = createRig();
    const redirect = await rig.call('/connect/shop?input.shop=my-shop');
    expect(redirect.headers.get('location')).toContain('/shop/my-shop.shop.example.com/oauth?');
    const posted = await rig.call('/authorize/shop', { body: { input: { shop: 'my-shop' } } });
    expect((await json(posted))['url']).toContain('/shop/my-shop.shop.example.com/oauth?');
    for (const shop of ['evil.com/', 'a@b', '..', '']) {
      const refused = await rig.call('/authorize/shop', { body: { input: { shop } } });
      expect([shop, refused.status, (await json(refused))['code']]).toEqual([shop, 400, 'invalid_input']);
    }
    expect((await rig.call('/authorize/shop', { body: { input: ['my-shop'] } })).status).toBe(400);
    expect((await rig.call('/connect/shop')).status).toBe(400);
  });

  it('A16 says that the user denied, in our own word', async () => {
    const rig = createRig();
    const response = await finish(rig, await consent(rig, 'acme?returnTo=/settings', { decision: 'deny' }));
    expect(response.headers.get('location')).toBe(
      'https://app.example.com/settings?plugboard=denied&provider=acme&reason=access_denied',
    );
  });

  it('A16 repeats nothing that the vendor or an attacker wrote', async () => {
    const rig = createRig();
    const { back, cookie } = await consent(rig);
    back.searchParams.delete('code');
    back.searchParams.set('error', '<img onerror=alert(1)>');
    back.searchParams.set('error_description', '<script>canary</script>');
    const response = await finish(rig, { back, cookie });
    const seen = JSON.stringify([...response.headers]) + (await response.text());
    expect(seen).not.toMatch(/img|script|canary/);
    expect(marker(response).get('reason')).toBe('refused_by_vendor');
  });

  const endings: readonly (readonly [
    string,
    (flow: { back: URL; cookie: string }) => { back: URL; cookie: string },
  ])[] = [
    ['connected', (flow) => flow],
    ['error', ({ back }) => ({ back, cookie: session.cookie })],
    ['error', ({ back, cookie }) => ({ back, cookie: cookie.replace(/session=[^;]*; /, '') })],
    ['error', ({ back, cookie }) => ({ back: new URL(back.href.replace('state=', 'state=x')), cookie })],
    ['error', ({ back, cookie }) => ({ back: new URL(`${back.origin}${back.pathname}`), cookie })],
    [
      'error',
      ({ back, cookie }) => ({ back: new URL(back.href.replace('/callback/acme', '/callback/nobody')), cookie }),
    ],
  ];

  it.each(endings)('A19, A20 ends with 303 at a clean address: %s', async (status, change) => {
    const rig = createRig();
    const flow = await consent(rig);
    const secrets = [...flow.back.searchParams.values()];
    const response = await finish(rig, change(flow));
    const { headers } = response;
    expect(response.status).toBe(303);
    expect(await response.text()).toBe('');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    const location = headers.get('location')!;
    expect(new URL(location).origin).toBe('https://app.example.com');
    expect(marker(response).get('plugboard')).toBe(status);
    for (const value of secrets) expect(location).not.toContain(value);
  });

  it('names no provider but its own, and no code but a plain one', async () => {
    const rig = createRig();
    const stranger = await rig.handler(new Request(`${url}/callback/nobody?state=x`, { headers: session }));
    expect(stranger.headers.get('location')).toBe('https://app.example.com/?plugboard=error&reason=unknown_provider');
    const refused = await finish(rig, await consent(rig, 'shop?input.shop=one'));
    expect(refused.headers.get('location')).toBe(
      'https://app.example.com/?plugboard=error&provider=shop&reason=internal_error',
    );
  });

  it('replaces the marker of an earlier flow', async () => {
    const rig = createRig();
    const returnTo = '/settings?plugboard=error&provider=shop&reason=state_invalid&tab=apps';
    const end = await connectByOAuth(rig, `acme?returnTo=${encodeURIComponent(returnTo)}`);
    expect(end.search).toBe('?plugboard=connected&provider=acme&tab=apps');
  });

  it('takes the method by name', async () => {
    const rig = createRig();
    expect((await rig.call('/connect/acme?method=oauth')).status).toBe(303);
    const refused = await rig.call('/connect/acme?method=constructor');
    expect([refused.status, (await json(refused))['code']]).toEqual([400, 'unknown_method']);
  });

  it('A22 replaces the account of a connection only when the page says so', async () => {
    const rig = createRig({ live: true });
    const other = { json: { id: 'acct-2', name: 'Acme Two', others: [] } };
    const body = { credentials: { apiKey: 'key' } };
    expect((await rig.call('/connect/acme', { body })).status).toBe(200);

    rig.vendor.failNext(other);
    const refused = await rig.call('/connect/acme', { body });
    expect([refused.status, (await json(refused))['code']]).toEqual([409, 'account_mismatch']);
    rig.vendor.failNext(other);
    const replaced = await rig.call('/connect/acme', { body: { ...body, allowAccountChange: true } });
    expect(await json(replaced)).toMatchObject({ connection: { account: { id: 'acct-2' } } });

    for (const [allowAccountChange, account] of [
      [false, 'acct-2'],
      [true, 'acct-1'],
    ] as const) {
      const started = await rig.call('/authorize/acme', { body: { allowAccountChange } });
      const back = await rig.vendor.oauth.approve((await json(started))['url']!);
      const cookie = `${session.cookie}; ${started.headers.get('set-cookie')!.split(';')[0]}`;
      await finish(rig, { back: new URL(back), cookie });
      const stored = await rig.board.connections.get('acme', { organizationId: 'org-1' });
      expect(stored?.account?.id).toBe(account);
    }
  });

  it('A20 answers a posted callback with 303 as well', async () => {
    const rig = createRig();
    const { back, cookie } = await consent(rig);
    const request = new Request(`${url}/callback/acme`, {
      method: 'POST',
      headers: { cookie, 'sec-fetch-site': 'cross-site', origin: 'https://auth.acme.example.com' },
      body: back.searchParams,
    });
    const response = await rig.handler(request);
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('https://app.example.com/?plugboard=connected&provider=acme');
  });

  it('A01 refuses a callback in another browser, and stores nothing', async () => {
    const rig = createRig();
    const flow = await consent(rig);
    const victim = await finish(rig, { ...flow, cookie: session.cookie });
    expect(marker(victim).get('reason')).toBe('state_mismatch');
    expect(rig.vendor.oauth.ledger.tokenCalls).toHaveLength(0);
    expect(await rig.board.connections.get('acme', { organizationId: 'org-1' })).toBeNull();
  });

  it('A02, A06 refuses a callback of another user or organization', async () => {
    for (const other of ['session=org-1/eve', 'session=org-2/ada']) {
      const rig = createRig();
      const flow = await consent(rig);
      const response = await finish(rig, { ...flow, cookie: flow.cookie.replace(session.cookie, other) });
      expect([other, marker(response).get('reason')]).toEqual([other, 'tenant_mismatch']);
      expect(rig.vendor.oauth.ledger.tokenCalls).toHaveLength(0);
    }
  });

  it('A03 lets one of many copies of a callback through', async () => {
    const rig = createRig();
    const flow = await consent(rig);
    const all = await Promise.all(Array.from({ length: 20 }, () => finish(rig, flow)));
    expect(all.filter((response) => marker(response).get('plugboard') === 'connected')).toHaveLength(1);
    expect(rig.vendor.oauth.ledger.tokenCalls).toHaveLength(1);
  });

  it('A06 lets nothing in the query of a callback say whose connection it is', async () => {
    const rig = createRig();
    const flow = await consent(rig);
    for (const name of ['organizationId', 'tenant', 'userId', 'label']) flow.back.searchParams.set(name, 'org-2');
    expect(marker(await finish(rig, flow)).get('plugboard')).toBe('connected');
    expect(await rig.board.connections.get('acme', { organizationId: 'org-1' })).not.toBeNull();
    expect(await rig.board.connections.get('acme', { organizationId: 'org-2' })).toBeNull();
  });

  it('A12 sends nobody to another origin', async () => {
    const rig = createRig();
    const hostile = [
      '//evil.example',
      '/\\evil.example',
      'https:evil.example',
      '/%09/evil.example',
      'javascript:alert(1)',
    ];
    for (const returnTo of [
      ...hostile,
      'https://app.example.com@evil.example',
      'https://app.example.com.evil.example',
    ]) {
      const end = await connectByOAuth(rig, `acme?${new URLSearchParams({ returnTo }).toString()}`);
      expect([returnTo, end.href]).toEqual([returnTo, 'https://app.example.com/?plugboard=connected&provider=acme']);
    }
  });

  it('A13 takes the address of the callback from the configuration, whatever a request says', async () => {
    const rig = createRig();
    const headers = {
      ...session,
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example',
    };
    const start = await rig.handler(new Request('https://evil.example/integrations/connect/acme', { headers }));
    const redirectUri = new URL(start.headers.get('location')!).searchParams.get('redirect_uri');
    expect(redirectUri).toBe(`${url}/callback/acme`);
  });

  it('A15 refuses a repeated parameter before the state is spent', async () => {
    const rig = createRig();
    const flow = await consent(rig);
    const doubled = new URL(flow.back);
    doubled.searchParams.append('code', 'another');
    expect(marker(await finish(rig, { ...flow, back: doubled })).get('reason')).toBe('repeated_parameter');
    expect(marker(await finish(rig, flow)).get('plugboard')).toBe('connected');
  });

  it('A27 answers 429 to a flood of starts, and says when to come back', async () => {
    const rig = createRig();
    const starts = await Promise.all(Array.from({ length: 25 }, () => rig.call('/connect/acme')));
    const refused = starts.filter((response) => response.status === 429);
    expect(refused).toHaveLength(5);
    expect(refused[0]?.headers.get('retry-after')).toBe('600');
  });

  it('goes to the configured page when a flow names none', async () => {
    const rig = createRig({ fallbackPage: '/oops?from=vendor' });
    const response = await rig.handler(new Request(`${url}/callback/acme?state=x`, { headers: session }));
    expect(response.headers.get('location')).toBe(
      'https://app.example.com/oops?from=vendor&plugboard=error&provider=acme&reason=state_invalid',
    );
  });
});

describe('the choice of an account', () => {
  it('waits for it, offers what the grant reaches, and takes nothing else', async () => {
    const rig = createRig();
    rig.vendor.failNext({ json: { id: 'acct-1', name: 'One', others: [{ id: 'acct-2', name: 'Two' }] } });
    expect((await connectByOAuth(rig)).searchParams.get('plugboard')).toBe('choose_account');
    const offered = await json(await rig.call('/accounts/acme'));
    expect(offered).toEqual({
      accounts: [
        { id: 'acct-1', name: 'One' },
        { id: 'acct-2', name: 'Two' },
      ],
    });

    const early = await rig.call('/settings/acme/choices/channel');
    expect([early.status, (await json(early))['code']]).toEqual([409, 'account_choice']);
    const refused = await rig.call('/accounts/acme', { body: { accountId: 'acct-3' } });
    expect([refused.status, (await json(refused))['fields']]).toMatchObject([400, [{ path: 'accountId' }]]);
    expect((await rig.call('/accounts/acme', { body: { accountId: 7 } })).status).toBe(400);
    const chosen = await json(await rig.call('/accounts/acme', { body: { accountId: 'acct-2' } }));
    expect(chosen['connection']).toMatchObject({ status: 'active', account: { id: 'acct-2', name: 'Two' } });
    expect(await json(await rig.call('/accounts/acme'))).toEqual({ accounts: [] });
  });
});

describe('credentials', () => {
  it('stores what the vendor accepts and shows none of it', async () => {
    const rig = createRig();
    const response = await rig.call('/connect/acme', { body: { credentials: { apiKey: 'canary-key' } } });
    const text = await response.text();
    expect([response.status, text.includes('canary')]).toEqual([200, false]);
    expect(JSON.parse(text)).toMatchObject({ connection: { method: 'apiKey', status: 'active', label: 'default' } });
    expect(JSON.stringify(await json(await rig.call('/connections')))).not.toContain('canary');
  });

  it('names the fields that the schema or the vendor refuses, and stores nothing', async () => {
    const rig = createRig();
    const missing = await rig.call('/connect/acme', { body: { credentials: {} } });
    expect(missing.headers.get('content-type')).toBe('application/problem+json');
    expect(await json(missing)).toMatchObject({
      status: 400,
      type: 'urn:plugboard:problem:invalid_input',
      title: 'Invalid input',
      kind: 'invalid_request',
      code: 'invalid_input',
      fields: [{ path: 'apiKey', message: 'API key is required' }],
      hint: expect.any(String) as string,
      retryable: false,
    });
    const wrong = await rig.call('/connect/acme', { body: { credentials: { apiKey: 'wrong-canary' } } });
    const text = await wrong.text();
    expect(JSON.parse(text)).toMatchObject({
      status: 400,
      code: 'credentials_refused',
      fields: [{ path: 'apiKey' }],
    });
    expect(text).not.toContain('canary');
    expect(await rig.board.connections.get('acme', { organizationId: 'org-1' })).toBeNull();
  });

  const hostile: readonly (readonly [string, string | Uint8Array<ArrayBuffer>, string, number])[] = [
    ['a form', 'credentials=x', 'application/x-www-form-urlencoded', 415],
    ['text that claims nothing', '{}', 'text/plain', 415],
    ['no JSON', '{"credentials":', 'application/json', 400],
    ['an array', '[]', 'application/json', 400],
    ['null', 'null', 'application/json', 400],
    ['nothing', '', 'application/json', 400],
    ['an endless nest', '['.repeat(5000), 'application/json', 400],
    ['keys that reach prototypes', '{"__proto__":{"credentials":{"apiKey":"k"}}}', 'application/json', 400],
    ['invalid UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'application/json', 400],
    ['a cut character', new Uint8Array([0x22, 0xe2, 0x82]), 'application/json', 400],
    ['70 kB', JSON.stringify({ credentials: { apiKey: 'k'.repeat(70_000) } }), 'application/json', 413],
    ['credentials that are a text', '{"credentials":"k"}', 'application/json', 400],
    ['a method that is none', '{"method":"constructor","credentials":{"apiKey":"k"}}', 'application/json', 400],
    ['a method for the browser', '{"method":"oauth","credentials":{"apiKey":"k"}}', 'application/json', 400],
  ];

  it.each(hostile)('refuses %s', async (_name, body, type, status) => {
    const rig = createRig();
    const headers = { ...session, 'content-type': type };
    const response = await rig.handler(new Request(`${url}/connect/acme`, { method: 'POST', headers, body }));
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(rig.vendor.requests).toHaveLength(0);
    expect(({} as { credentials?: unknown }).credentials).toBeUndefined();
  });

  it('reads UTF-8 as it comes, byte by byte, and nothing else', async () => {
    const rig = createRig();
    await rig.call('/connect/acme', { body: { credentials: { apiKey: 'key' } } });
    const headers = { ...session, 'content-type': 'application/json; charset=utf-8' };
    const patch = (bytes: Uint8Array) => {
      const body = ReadableStream.from([...bytes].map((byte) => new Uint8Array([byte])));
      return rig.handler(new Request(`${url}/settings/acme`, { method: 'PATCH', headers, body, duplex: 'half' }));
    };
    const good = new TextEncoder().encode('{"settings":{"channel":"caf\u00e9"}}');
    expect((await json(await patch(good)))['connection']).toMatchObject({ settings: { channel: 'caf\u00e9' } });
    const invalid = good.map((byte) => (byte > 0x7f ? 0xff : byte));
    const cut = new Uint8Array([...good, 0xe2, 0x82]);
    for (const bytes of [invalid, cut]) {
      const refused = await patch(bytes);
      expect([refused.status, (await json(refused))['fields']]).toEqual([
        400,
        [{ path: '', message: 'is not valid UTF-8' }],
      ]);
    }
  });
});

describe('disconnecting', () => {
  it('revokes at the vendor and says whether that worked', async () => {
    const rig = createRig();
    await connectByOAuth(rig);
    const result = await json(await rig.call('/disconnect/acme', { method: 'POST' }));
    expect(result).toMatchObject({ revoked: 'revoked', connection: { status: 'disconnected' } });
    expect(rig.vendor.oauth.ledger.revocations).toMatchObject([{ by: 'request' }]);
    const again = await rig.call('/disconnect/acme', { method: 'POST' });
    expect([again.status, (await json(again))['code']]).toEqual([404, 'not_connected']);
  });

  it('G01 reaches nothing of another organization', async () => {
    const rig = createRig();
    await connectByOAuth(rig);
    const other = { headers: { cookie: 'session=org-2/eve' } };
    const response = await rig.call('/disconnect/acme?organizationId=org-1', { ...other, method: 'POST' });
    expect(response.status).toBe(404);
    expect(await rig.board.connections.get('acme', { organizationId: 'org-1' })).toMatchObject({ status: 'active' });
  });
});
