import { describe, expect, it } from 'vitest';

import { connectByOAuth, createRig, json } from './support/rig.ts';

type Rig = ReturnType<typeof createRig>;

async function withKey(rig: Rig, label = 'default'): Promise<void> {
  const credentials = { apiKey: 'canary-key', webhookSecret: 'canary-webhook-secret' };
  const response = await rig.call(`/connect/acme?label=${label}`, { body: { credentials } });
  expect(response.status).toBe(200);
}

describe('the list', () => {
  it('describes every provider so that a page can be drawn from it', async () => {
    const rig = createRig();
    const { providers } = await json(await rig.call('/connections'));
    expect(providers).toMatchObject([
      {
        id: 'acme',
        name: 'Acme',
        category: 'crm',
        summary: 'A vendor for tests.',
        docs: { home: 'https://acme.example.com', keys: 'https://acme.example.com/keys' },
        stub: true,
        platform: false,
        missing: [],
        methods: [
          {
            name: 'oauth',
            kind: 'oauth2',
            title: 'OAuth',
            fields: null,
            scopes: { read: 'Read orders.', write: 'Create orders.' },
          },
          {
            name: 'apiKey',
            kind: 'api_key',
            title: 'API key',
            scopes: null,
            fields: {
              type: 'object',
              required: ['apiKey'],
              properties: {
                apiKey: { type: 'string', title: 'API key', description: 'Under Settings.', secret: true },
              },
            },
          },
        ],
        settings: {
          choices: ['channel'],
          schema: { properties: { channel: { type: 'string' }, digest: { type: 'boolean' } } },
        },
        webhookUrl: 'https://app.example.com/integrations/webhooks/acme',
        connections: [],
      },
      { id: 'shop', methods: [{ fields: { required: ['shop'] } }], settings: null, webhookUrl: null, connections: [] },
    ]);
  });

  it("G01 shows the connections of the caller's organization, by label, without a secret", async () => {
    const rig = createRig();
    await withKey(rig);
    await connectByOAuth(rig, 'acme?label=second');
    await rig.call('/connect/acme', {
      body: { credentials: { apiKey: 'other' } },
      headers: { cookie: 'session=org-2/eve' },
    });
    const text = await (await rig.call('/connections?organizationId=org-2')).text();
    const [acme, shop] = (JSON.parse(text) as { providers: { connections: object[] }[] }).providers;
    expect(shop?.connections).toEqual([]);
    expect(acme?.connections).toMatchObject([
      {
        label: 'default',
        method: 'apiKey',
        status: 'active',
        account: { id: 'acct-1', name: 'Acme One' },
        stub: true,
        health: null,
        lastError: null,
      },
      {
        label: 'second',
        method: 'oauth',
        scopes: ['read', 'write'],
        expiresAt: expect.stringMatching(/^\d{4}-/) as string,
      },
    ]);
    const tokens = rig.vendor.oauth.ledger.families().flatMap(({ id }) => rig.vendor.oauth.ledger.tokens(id));
    expect(tokens.length).toBeGreaterThan(1);
    for (const secret of ['canary', ...tokens.map((token) => token.text.reveal())]) expect(text).not.toContain(secret);
    expect(Object.keys(acme?.connections[0] ?? {})).not.toContain('metadata');
  });

  it('reads every page of a long list', async () => {
    const rig = createRig();
    const labels = Array.from({ length: 230 }, (_, index) => `label-${index}`);
    for (const label of labels)
      await rig.board.connect('acme', { organizationId: 'org-1', label, credentials: { apiKey: 'key' } });
    const [acme] = (await json(await rig.call('/connections')))['providers'] as unknown as {
      connections: { label: string }[];
    }[];
    expect(acme?.connections.map(({ label }) => label).toSorted()).toEqual(labels.toSorted());
  });
});

describe('settings', () => {
  it('are read and changed member by member; null removes one', async () => {
    const rig = createRig();
    await withKey(rig);
    const patch = (settings: unknown) => rig.call('/settings/acme', { method: 'PATCH', body: { settings } });
    expect((await patch({ channel: 'c1', digest: true })).status).toBe(200);
    expect((await json(await patch({ channel: null })))['connection']).toMatchObject({ settings: { digest: true } });
    expect(await json(await rig.call('/settings/acme'))).toEqual({ settings: { digest: true } });
    const trail = await rig.board.audit.list({ organizationId: 'org-1' });
    expect(trail.items[0]).toMatchObject({ type: 'connection.settings_changed', actor: 'ada' });
  });

  it('are judged by the schema of the provider', async () => {
    const rig = createRig();
    await withKey(rig);
    for (const settings of [
      { channel: 7 },
      { channel: 'c'.repeat(21) },
      { extra: 1 },
      { digest: 'yes' },
      'c1',
      ['c1'],
      [],
      null,
      undefined,
    ]) {
      const response = await rig.call('/settings/acme', { method: 'PATCH', body: { settings } });
      expect([settings, response.status, (await json(response))['code']]).toEqual([settings, 400, 'invalid_input']);
    }
    expect(await json(await rig.call('/settings/acme'))).toEqual({ settings: {} });
  });

  it('offer live choices, under their own names alone', async () => {
    const rig = createRig();
    await withKey(rig);
    expect(await json(await rig.call('/settings/acme/choices/channel'))).toEqual({
      choices: [{ value: 'c1', label: 'General' }],
    });
    for (const field of ['digest', 'constructor', 'toString', '__proto__', 'hasOwnProperty', '%ff']) {
      const response = await rig.call(`/settings/acme/choices/${field}`);
      expect([field, response.status, (await json(response))['code']]).toEqual([field, 400, 'invalid_input']);
    }
  });

  it('do not exist before a connection, nor for a provider that has none', async () => {
    const rig = createRig();
    expect(await json(await rig.call('/settings/acme'))).toMatchObject({
      status: 404,
      code: 'not_connected',
      provider: 'acme',
    });
    expect(await json(await rig.call('/settings/shop'))).toMatchObject({ status: 404, code: 'no_settings' });
  });
});

describe('health', () => {
  it('asks the vendor now, and the list remembers the answer', async () => {
    const rig = createRig();
    expect(await json(await rig.call('/health/acme'))).toMatchObject({ status: 'stubbed', connection: null });
    await withKey(rig);
    expect(await json(await rig.call('/health/acme'))).toMatchObject({
      provider: 'acme',
      status: 'stubbed',
      connection: { label: 'default' },
    });
    rig.vendor.revokeAll();
    expect(await json(await rig.call('/health/acme'))).toMatchObject({ status: 'error', reason: 'unauthorized' });
    const [acme] = (await json(await rig.call('/connections')))['providers'] as unknown as { connections: object[] }[];
    expect(acme?.connections).toMatchObject([{ health: { status: 'error', reason: 'unauthorized' } }]);
  });

  it('shows of the last failure when and what it was, and no message', async () => {
    const rig = createRig();
    await connectByOAuth(rig);
    rig.vendor.revokeAll();
    const call = rig.board.client('acme', { organizationId: 'org-1' }).account.me();
    await expect(call).rejects.toMatchObject({ kind: 'auth' });
    const [acme] = (await json(await rig.call('/connections')))['providers'] as unknown as {
      connections: { lastError: object }[];
    }[];
    expect(acme?.connections).toMatchObject([{ lastError: { code: 'refresh_refused' } }]);
    expect(Object.keys(acme?.connections[0]?.lastError ?? {})).toEqual(['code', 'at']);
  });
});

describe('flags', () => {
  it('are off until there is a connection', async () => {
    const rig = createRig();
    const off = { key: 'acme.sync', description: 'Synchronise orders.', enabled: false, because: 'not_connected' };
    expect(await json(await rig.call('/flags'))).toEqual({ flags: [off] });
    await withKey(rig);
    expect(await json(await rig.call('/flags'))).toEqual({ flags: [{ ...off, enabled: true, because: 'flag' }] });
    expect(await json(await rig.call('/flags?label=other'))).toEqual({ flags: [off] });
  });
});
