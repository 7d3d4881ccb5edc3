import { expect, test } from 'vitest';

import { withEdge, type Edge, type Respond } from '../../src/provider-contract/edge.ts';

const vendorUrl = 'https://api.acme.example/items';
const vendor = {
  serves: ({ host }: URL) => host === 'api.acme.example',
  fetch: async (request: Request) => Response.json({ method: request.method, body: await request.text() }),
};
const away: Respond = () => new Response(null, { status: 302, headers: { location: 'https://evil.example/steal' } });

// The engine's wire asks for redirects by hand; other code goes through msw. Both must see the same network.
test.each(['manual', 'follow'] as const)(
  'a fetch with redirects to %s reaches the vendor and nobody else',
  (redirect) =>
    withEdge(vendor, async (edge) => {
      const answer = await fetch(vendorUrl, { method: 'POST', body: 'tea', headers: { 'x-a': '1' }, redirect });
      expect(await answer.json()).toEqual({ method: 'POST', body: 'tea' });
      expect(edge.requests).toMatchObject([{ method: 'POST', text: 'tea' }]);
      expect(edge.requests[0]!.headers.get('x-a')).toBe('1');
      await expect(fetch('https://telemetry.example/ping', { redirect })).rejects.toThrow(TypeError);
      expect(edge.strangers.map(String)).toEqual(['https://telemetry.example/ping']);
    }),
);

test('a fetch ends with its signal', () =>
  withEdge(vendor, async (edge) => {
    const redirect = 'manual';
    await expect(fetch(vendorUrl, { redirect, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    expect(edge.requests).toEqual([]);
    const controller = new AbortController();
    edge.respond(() => {
      controller.abort();
      return new Promise<never>(() => undefined);
    });
    await expect(fetch(vendorUrl, { redirect, signal: controller.signal })).rejects.toThrow(/abort/i);
  }));

test('redirects are followed where they are asked for, also to strangers', async () => {
  const strangersOf = (redirect: 'manual' | 'follow') =>
    collect(async (edge) => {
      edge.respond(away);
      await fetch(vendorUrl, { redirect }).catch(() => undefined);
    });
  expect(await strangersOf('manual')).toEqual([]);
  expect(await strangersOf('follow')).toEqual(['https://evil.example/steal']);
});

test('what fetch refuses is refused, and the global is put back', async () => {
  const { fetch: original } = globalThis;
  await withEdge(vendor, async (edge) => {
    const impossible: RequestInit = { method: 'GET', redirect: 'manual' };
    await expect(fetch(vendorUrl, { ...impossible, body: 'x' })).rejects.toThrow(TypeError);
    await expect(fetch(vendorUrl, { headers: { 'x-a': 'a\nb' }, redirect: 'manual' })).rejects.toThrow(TypeError);
    expect(edge.requests).toEqual([]);
  });
  expect(globalThis.fetch).toBe(original);
});

async function collect(use: (edge: Edge) => Promise<void>): Promise<readonly string[]> {
  let seen: readonly string[] = [];
  await withEdge(vendor, async (edge) => {
    await use(edge);
    seen = edge.strangers.map(String);
  });
  return seen;
}
