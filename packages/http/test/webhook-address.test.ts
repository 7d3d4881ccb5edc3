import { createMemoryStore, createPlugboard, hmacSignature, hmacSigner, silentLog } from '@plugboard/core';
import { createHandler } from '@plugboard/http';
import { describe, expect, it } from 'vitest';

import { acme } from './support/acme.ts';
import { createRig, json, signedIn, url } from './support/rig.ts';

type Rig = ReturnType<typeof createRig>;

async function connected(rig: Rig): Promise<string> {
  const credentials = { apiKey: 'key', webhookSecret: 'own-secret' };
  await rig.call('/connect/acme', { body: { credentials } });
  return String((await json(await rig.call('/webhook-address/acme', { method: 'POST' })))['url']);
}

async function deliver(rig: Rig, address: string, id: string) {
  const signed = await rig.vendor.webhook({ id, type: 'order.created' }, 'own-secret', { url: address });
  const response = await rig.handler(signed);
  return [response.status, await response.text()];
}

describe('the webhook address of a connection', () => {
  it('is shown when it is made and never again', async () => {
    const rig = createRig();
    const address = await connected(rig);
    expect(await deliver(rig, address, 'e1')).toEqual([200, '']);
    const key = address.split('.').at(-1)!;
    expect(key).toHaveLength(43);
    for (const path of ['/connections', '/health/acme', '/onboarding', '/settings/acme'])
      expect(await (await rig.call(path)).text()).not.toContain(key);
    expect(rig.logged.join()).not.toContain(key);
  });

  it('E10 is nowhere where somebody could guess: organizations and labels lead to nothing', async () => {
    const rig = createRig();
    const address = await connected(rig);
    const guesses = ['org-1', 'org-2', 'default', 'org-1.default', `${address.split('/').at(-1)!.slice(0, -1)}A`];
    const answers = await Promise.all(guesses.map((guess) => deliver(rig, `${url}/webhooks/acme/${guess}`, 'e1')));
    expect(new Set(answers.map((answer) => answer.join(' '))).size).toBe(1);
    expect(answers[0]).toEqual([404, expect.stringContaining('unknown_address')]);
    for (const path of ['org-1/default', 'org-1/default/x'])
      expect(await deliver(rig, `${url}/webhooks/acme/${path}`, 'e1')).toEqual([
        404,
        expect.stringContaining('no_such_route'),
      ]);
  });

  it('E11 of one provider is none of another, though their secrets were the same', async () => {
    const rig = createRig();
    const twin = { ...acme(), definition: { ...acme.definition, id: 'twin' } };
    const board = createPlugboard({
      url,
      providers: [acme(), twin as unknown as ReturnType<typeof acme>],
      store: rig.store,
      keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
      mode: 'test',
      env: {},
      log: silentLog,
    });
    const handler = createHandler(board, { authorize: signedIn, log: silentLog });
    const credentials = { apiKey: 'key', webhookSecret: 'own-secret' };
    await board.connect('acme', { organizationId: 'org-1', credentials });
    const address = await board.webhooks.address('acme', { organizationId: 'org-1' });
    const statuses = ['twin', 'nobody', 'acme'].map(async (provider, id) => {
      const at = address.replace('/acme/', `/${provider}/`);
      return (await deliver({ ...rig, handler }, at, `e${id}`))[0];
    });
    expect(await Promise.all(statuses)).toEqual([404, 404, 200]);
  });

  it('needs a connection, and webhooks', async () => {
    const { call } = createRig();
    const nobody = await call('/webhook-address/acme', { method: 'POST' });
    expect([nobody.status, (await json(nobody))['code']]).toEqual([404, 'not_connected']);
    const none = await call('/webhook-address/shop', { method: 'POST' });
    expect([none.status, (await json(none))['code']]).toEqual([404, 'no_webhooks']);
  });
});

describe('a vendor that signs the address', () => {
  const scheme = { header: 'x-acme-signature', algorithm: 'sha256', encoding: 'hex' } as const;
  const content = ({ url: signed, body }: { url: URL; body: Uint8Array }) => [signed.href, body];
  const { definition } = acme;
  const webhooks = { ...definition.webhooks, verify: hmacSignature({ ...scheme, content: content as never }) };
  const sign = hmacSigner({ ...scheme, content: content as never });

  it('E15 is believed behind a proxy that rewrites host and scheme, and no forwarded header matters', async () => {
    const board = createPlugboard({
      url,
      providers: [{ definition: { ...definition, webhooks }, options: {} } as unknown as ReturnType<typeof acme>],
      store: createMemoryStore(),
      keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
      mode: 'test',
      env: {},
      log: silentLog,
    });
    const handler = createHandler(board, { authorize: signedIn, log: silentLog });
    const credentials = { apiKey: 'key', webhookSecret: 'own-secret' };
    await board.connect('acme', { organizationId: 'org-1', credentials });
    const address = `${await board.webhooks.address('acme', { organizationId: 'org-1' })}?x=1`;
    const body = '{"id":"e1","type":"order.created"}';
    const signed = await sign({ body, url: address, at: new Date(0) }, 'own-secret');
    const forwarded = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http', host: 'evil.example' };
    const send = async (at: string, headers: Record<string, string>) =>
      (await handler(new Request(at, { method: 'POST', headers: { ...signed, ...headers }, body }))).status;
    expect(await send(address.replace('https://app.example.com', 'http://10.0.0.5:3000'), {})).toBe(200);
    expect(await send(address.replace('https://app.example.com/integrations', 'http://10.0.0.5'), forwarded)).toBe(200);
    expect(await send(address.replace('?x=1', '?x=2'), forwarded)).toBe(401);
  });
});
