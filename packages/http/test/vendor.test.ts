import { createHandler } from '@plugboard/http';
import { createMemoryStore, createPlugboard, silentLog } from '@plugboard/core';
import { describe, expect, it } from 'vitest';

import { acme } from './support/acme.ts';
import { createRig, json, session, signedIn, url } from './support/rig.ts';

describe('webhooks', () => {
  const event = '{"id":"evt-1","type":"order.created","\u00fcber":1.0}';
  const secret = 'stub-acme-signingSecret';

  async function deliver(
    rig: ReturnType<typeof createRig>,
    change: { path?: string; body?: string; headers?: Record<string, string> } = {},
  ) {
    const { path = '/webhooks/acme', body = event, headers = {} } = change;
    const signed = await rig.vendor.webhook(event, secret, { url: url + path });
    // No session, and a browser's word about another site: neither means anything here.
    const all = {
      ...Object.fromEntries(signed.headers),
      'sec-fetch-site': 'cross-site',
      origin: 'https://evil.example',
      ...headers,
    };
    return rig.handler(new Request(url + path, { method: 'POST', headers: all, body }));
  }

  it('E01, E04, E05 run the handler once for what the vendor signed, and never for what it did not', async () => {
    const rig = createRig();
    const heard: unknown[] = [];
    rig.board.on('acme', 'order.created', (data) => void heard.push(data));
    expect((await deliver(rig)).status).toBe(200);
    expect((await deliver(rig)).status).toBe(200);
    expect(heard).toEqual([{ id: 'evt-1', type: 'order.created', '\u00fcber': 1 }]);
    const forged = [
      { body: event.replace('1.0', '1') },
      { body: `${event}\n` },
      { headers: { 'x-acme-signature': 'f'.repeat(64) } },
      { headers: { 'x-acme-signature': '' } },
      { headers: { 'x-acme-signature': 'f'.repeat(10_000) } },
    ];
    for (const change of forged) expect([change, (await deliver(rig, change)).status]).toEqual([change, 401]);
    expect(heard).toHaveLength(1);
  });

  it('verify with the secret of the connection that the address names', async () => {
    const rig = createRig();
    const heard: unknown[] = [];
    rig.board.on(
      'acme',
      '*',
      (_data, { organizationId, connection }) => void heard.push([organizationId, connection?.label]),
    );
    const organizationId = 'org/1 \u00fc';
    const addresses: Record<string, string> = {};
    for (const label of ['default', 'eu']) {
      const credentials = { apiKey: 'key', webhookSecret: `secret-of-${label}` };
      await rig.board.connect('acme', { organizationId, label, credentials });
      addresses[label] = await rig.board.webhooks.address('acme', { organizationId, label });
    }
    const send = async (address: string, signing: string, id: string) => {
      const signed = await rig.vendor.webhook({ id, type: 'order.created' }, signing, { url: address });
      return (await rig.handler(signed)).status;
    };
    expect(await send(addresses['default']!, 'secret-of-default', 'a')).toBe(200);
    expect(await send(addresses['eu']!, 'secret-of-eu', 'b')).toBe(200);
    expect(await send(addresses['eu']!, 'secret-of-default', 'c')).toBe(401);
    expect(await send(`${url}/webhooks/acme`, 'secret-of-default', 'd')).toBe(401);
    expect(heard).toEqual([
      ['org/1 \u00fc', 'default'],
      ['org/1 \u00fc', 'eu'],
    ]);
  });

  it('E12 echo a challenge as a text that no browser runs', async () => {
    const { definition } = acme;
    const challenge = ({ url: asked, method }: { url: URL; method: string }) => {
      const text = asked.searchParams.get('hub.challenge') ?? '';
      if (method !== 'GET') return undefined;
      return /^\d{1,20}$/.test(text)
        ? { status: 200, headers: { 'content-type': 'text/plain' }, body: text }
        : { status: 400 };
    };
    const changed = { definition: { ...definition, webhooks: { ...definition.webhooks, challenge } }, options: {} };
    const board = createPlugboard({
      url,
      providers: [changed as unknown as ReturnType<typeof acme>],
      store: createMemoryStore(),
      keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
      mode: 'test',
      env: {},
      log: silentLog,
    });
    const handler = createHandler(board, { authorize: signedIn, log: silentLog });
    const ask = async (text: string) => {
      const query = new URLSearchParams({ 'hub.challenge': text }).toString();
      const response = await handler(new Request(`${url}/webhooks/acme?${query}`));
      const [type, guess] = ['content-type', 'x-content-type-options'].map((name) => response.headers.get(name));
      return [response.status, await response.text(), type?.split(';')[0], guess];
    };
    expect(await ask('1158201444')).toEqual([200, '1158201444', 'text/plain', 'nosniff']);
    for (const text of ['<script>alert(1)</script>', '1'.repeat(10_000), ''])
      expect(await ask(text)).toEqual([400, '', 'text/plain', 'nosniff']);
  });

  it('do not exist for providers without them, nor for strangers', async () => {
    const rig = createRig();
    for (const name of ['shop', 'nobody', '__proto__', '%00']) {
      const response = await rig.handler(new Request(`${url}/webhooks/${name}`, { method: 'POST', body: '{}' }));
      expect([name, response.status]).toEqual([name, 404]);
    }
  });

  it('E16 answer 500 while a handler fails, so that the vendor sends again', async () => {
    const rig = createRig();
    let broken = true;
    rig.board.on('acme', 'order.created', () => {
      if (broken) throw new Error('canary');
    });
    expect((await deliver(rig)).status).toBe(500);
    broken = false;
    expect((await deliver(rig)).status).toBe(200);
    expect(rig.logged.join()).not.toContain('canary');
  });
});

describe('the sandbox', () => {
  /** A board that serves the stand-ins of its vendors through its own routes: the default of development. */
  function createDevelopment() {
    const keys = { k1: crypto.getRandomValues(new Uint8Array(32)) };
    const options = {
      url,
      providers: [acme()],
      store: createMemoryStore(),
      keys,
      mode: 'test',
      env: {},
      log: silentLog,
    } as const;
    const board = createPlugboard(options);
    return { board, handler: createHandler(board, { authorize: signedIn, log: silentLog }) };
  }

  it.each([url, 'https://app.example.com', 'http://localhost:8080/integrations'])(
    'carries a flow from the first redirect to the last, mounted at %s',
    async (mount) => {
      const { board, handler } = createDevelopment();
      const at = (address: string) => address.replace(url, mount);
      const start = await handler(new Request(at(`${url}/connect/acme`), { headers: session }));
      const consentUrl = start.headers.get('location')!;
      expect(consentUrl).toMatch(
        /^https:\/\/app\.example\.com\/integrations\/sandbox\/acme\/auth\.acme\.example\.com\/authorize\?/,
      );
      const page = await handler(new Request(at(consentUrl)));
      expect([page.status, await page.text()]).toEqual([
        200,
        expect.stringContaining('<button type="submit" name="decision" value="allow"'),
      ]);
      const body = new URLSearchParams({ decision: 'allow' });
      const decided = await handler(new Request(at(consentUrl), { method: 'POST', body }));
      const back = decided.headers.get('location')!;
      expect(back).toMatch(/^https:\/\/app\.example\.com\/integrations\/callback\/acme\?/);
      const cookie = `${session.cookie}; ${start.headers.get('set-cookie')!.split(';')[0]}`;
      const end = await handler(new Request(at(back), { headers: { cookie } }));
      expect(end.headers.get('location')).toBe('https://app.example.com/?plugboard=connected&provider=acme');
      expect(await board.connections.get('acme', { organizationId: 'org-1' })).toMatchObject({
        status: 'active',
        stub: true,
      });
    },
  );

  it('G10 does not exist where every vendor is real', async () => {
    const keys = { k1: crypto.getRandomValues(new Uint8Array(32)) };
    const env = { ACME_CLIENT_ID: 'id', ACME_CLIENT_SECRET: 'secret' };
    const acknowledgeSingleProcess = true;
    const board = createPlugboard({
      url,
      providers: [acme()],
      store: createMemoryStore(),
      keys,
      env,
      log: silentLog,
      acknowledgeSingleProcess,
    });
    expect(board.mode).toBe('production');
    const handler = createHandler(board, { authorize: signedIn });
    const response = await handler(new Request(`${url}/sandbox/acme/auth.acme.example.com/authorize`));
    expect([response.status, (await json(response))['code']]).toEqual([404, 'no_such_route']);
  });
});
