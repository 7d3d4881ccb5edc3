import { gzipSync } from 'node:zlib';

import { createClient, isPlugboardError, type Client } from '@plugboard/http/client';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

import { createRig, session, url } from './support/rig.ts';

type Rig = ReturnType<typeof createRig>;

/** A client whose fetch ends at the handler, as a page of the application would call it. */
function clientOf(rig: Rig, headers: Readonly<Record<string, string>> = session): Client {
  return createClient({
    url: `${url}/`,
    fetch: async (input, init) => {
      expect(init?.credentials).toBe('include');
      init?.signal?.throwIfAborted();
      const all = { ...(init?.headers as Record<string, string>), 'sec-fetch-site': 'same-origin', ...headers };
      return rig.handler(new Request(input as string, { ...init, headers: all }));
    },
  });
}

describe('the client', () => {
  it('calls every route with one object, whatever stands in path, query or body', async () => {
    const rig = createRig();
    const client = clientOf(rig);
    const credentials = { apiKey: 'key' };
    const { connection } = await client.connect({ provider: 'acme', label: 'eu & more', credentials });
    expect(connection).toMatchObject({ label: 'eu & more', status: 'active' });
    const target = { provider: 'acme', label: 'eu & more' };
    const changed = await client.changeSettings({ ...target, settings: { channel: 'c1' } });
    expect(changed.connection.settings).toEqual({ channel: 'c1' });
    expect(await client.settings(target)).toEqual({ settings: { channel: 'c1' } });
    const { choices } = await client.settingChoices({ ...target, field: 'channel' });
    expect(choices).toEqual([{ value: 'c1', label: 'General' }]);
    expect((await client.health(target)).status).toBe('stubbed');
    expect(await client.accounts(target)).toEqual({ accounts: [] });
    expect((await client.flags(target)).flags).toHaveLength(1);
    expect((await client.authorize({ provider: 'acme', returnTo: '/settings' })).url).toMatch(/^https:/);
    expect((await client.webhookAddress(target)).url).toContain(`${url}/webhooks/acme/`);
    expect((await client.disconnect(target)).revoked).toBe('unsupported');
    const [acme] = (await client.connections()).providers;
    expect(acme?.connections.map(({ label, status }) => [label, status])).toEqual([['eu & more', 'disconnected']]);
    expect((await client.onboarding()).steps).toHaveLength(2);
    expect(Object.keys(await client.openApi())).toContain('paths');
  });

  it('makes the address of a link that starts OAuth', async () => {
    const rig = createRig();
    const address = clientOf(rig).connectUrl({ provider: 'shop', returnTo: '/a?b', input: { shop: 'my-shop' } });
    expect(address).toBe(`${url}/connect/shop?returnTo=%2Fa%3Fb&input.shop=my-shop`);
    const started = await rig.handler(new Request(address, { headers: session }));
    expect(started.headers.get('location')).toContain('/shop/my-shop.shop.example.com/oauth?');
    expect(createClient({ url: '/integrations' }).connectUrl({ provider: '../x' })).toBe(
      '/integrations/connect/..%2Fx',
    );
  });

  it('throws what the server said, as the one error class', async () => {
    const client = clientOf(createRig());
    const error = await client.connect({ provider: 'acme', credentials: {} }).catch((thrown: unknown) => thrown);
    expect(isPlugboardError(error)).toBe(true);
    expect(error).toMatchObject({
      kind: 'invalid_request',
      code: 'invalid_input',
      status: 400,
      fields: [{ path: 'apiKey', message: 'API key is required' }],
      hint: expect.any(String) as string,
      retryable: false,
    });
    expect((error as Error).message).toContain('API key is required');
  });

  it('says how long to wait', async () => {
    const client = clientOf(createRig());
    const starts = Array.from({ length: 21 }, () => client.authorize({ provider: 'acme' }));
    const outcomes = await Promise.allSettled(starts);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map(({ reason }) => reason as object)).toMatchObject([
      { kind: 'rate_limited', code: 'too_many_flows', retryAfterMs: 600_000 },
    ]);
  });

  const elsewhere: readonly (readonly [string, () => Response])[] = [
    ['a page', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['nothing', () => new Response(null, { status: 204 })],
    ['null', () => Response.json(null)],
    ['a failure of a proxy', () => new Response('Bad gateway', { status: 502 })],
    ['JSON of somebody else', () => Response.json({ message: 'no' }, { status: 404 })],
  ];

  it.each(elsewhere)('knows that %s is no answer of the routes', async (_name, answer) => {
    const client = createClient({ url: '/x', fetch: () => Promise.resolve(answer()) });
    await expect(client.flags()).rejects.toMatchObject({ kind: 'invalid_response', code: 'not_the_routes' });
  });

  it('tells a broken line from a call that was given up', async () => {
    const broken = createClient({ url: '/x', fetch: () => Promise.reject(new TypeError('canary')) });
    const failed = await broken.flags().catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ kind: 'network', code: 'unreachable', retryable: true });
    expect(String(failed)).not.toContain('canary');
    const rig = createRig();
    const controller = new AbortController();
    controller.abort();
    const given = clientOf(rig).flags({}, { signal: controller.signal });
    await expect(given).rejects.toMatchObject({ kind: 'aborted', code: 'aborted' });
  });

  it('is less than 3 KB on the wire, and brings no schema library', async () => {
    const { outputFiles, metafile } = await build({
      stdin: { contents: "export * from '@plugboard/http/client'", resolveDir: import.meta.dirname },
      conditions: ['@plugboard/source'],
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
      metafile: true,
    });
    const files = Object.keys(metafile.inputs).filter((file) => file !== '<stdin>');
    expect(files.map((file) => file.replace(/.*\//, '')).toSorted()).toEqual([
      'addresses.ts',
      'client.ts',
      'errors.ts',
    ]);
    expect(gzipSync(outputFiles[0]!.contents).length).toBeLessThan(3072);
  });
});
