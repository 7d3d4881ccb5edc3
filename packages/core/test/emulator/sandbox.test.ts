import { expect, test } from 'vitest';

import { createSandbox, vendorUrlOf } from '../../src/emulator/sandbox.ts';
import { sandboxUrl } from '../../src/sandbox-url.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { keyHeaders, shop } from './shop-provider.ts';

const origin = 'http://127.0.0.1:4010';
const authorize =
  'https://acme.myshop.example/oauth/authorize?response_type=code&client_id=c&redirect_uri=http%3A%2F%2Flocalhost%2Fcb&state=s%26t';

const start = (base?: string) =>
  createSandbox({ providers: [shop()], clock: createFakeClock(), ...(base && { base }) });

test.each([
  'https://api.shop.example/v2/orders/o%2F1?x=1&y=a%20b',
  'https://api.shop.example:8443/',
  'https://acme.myshop.example/a//b/',
  authorize,
])('%s survives the way there and back', (vendorUrl) => {
  for (const base of [origin, `${origin}/integrations/sandbox`]) {
    const address = sandboxUrl(base, 'shop', new URL(vendorUrl));
    expect(address.href.startsWith(`${base}/shop/`)).toBe(true);
    expect(vendorUrlOf(base, address)).toEqual({ provider: 'shop', url: new URL(vendorUrl) });
  }
});

test.each([
  '/',
  '/shop',
  '/Shop/api.shop.example/',
  '/shop/user@api.shop.example/',
  '/shop/%00/x',
  '/shop/a b/x',
  '/shop/api.shop.example:443/',
])('%s stands for no vendor', (path) => {
  expect(vendorUrlOf(origin, new URL(path, origin))).toBeUndefined();
});

test('a path beside the base stands for no vendor', () => {
  expect(vendorUrlOf(`${origin}/sandbox`, `${origin}/sandboxes/shop/api.shop.example/`)).toBeUndefined();
  expect(vendorUrlOf(`${origin}/sandbox`, `${origin}/shop/api.shop.example/`)).toBeUndefined();
});

test('requests reach the emulator as if they had gone to the vendor', async () => {
  const sandbox = start();
  const url = sandboxUrl(origin, 'shop', new URL('https://api.shop.example/v2/orders'));
  const headers = { ...keyHeaders, 'content-type': 'application/json' };
  const response = await sandbox.fetch(new Request(url, { method: 'POST', headers, body: '{"total":1}' }));
  expect([response.status, await response.json()]).toEqual([201, expect.objectContaining({ id: 'o1' })]);
  expect(sandbox.emulators.get('shop')?.requests).toMatchObject([
    { host: 'api.shop.example', path: '/v2/orders', json: { total: 1 } },
  ]);
});

test('a browser goes through the consent page without leaving the sandbox', async () => {
  const sandbox = start(`${origin}/integrations/sandbox`);
  const url = sandboxUrl(`${origin}/integrations/sandbox`, 'shop', new URL(authorize));
  const page = await sandbox.fetch(new Request(url));
  const html = await page.text();
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  // The form has no address of its own: a browser posts it to the one that it shows.
  expect(html).toContain('<form method="post">');
  expect(html).not.toContain('acme.myshop.example');
  const back = await sandbox.fetch(
    new Request(url, { method: 'POST', body: new URLSearchParams({ decision: 'allow' }) }),
  );
  const location = new URL(back.headers.get('location') ?? '');
  expect([back.status, location.origin, location.pathname, location.searchParams.get('state')]).toEqual([
    303,
    'http://localhost',
    '/cb',
    's&t',
  ]);
});

test('an address that is no redirect is for the client, which knows its vendor by name', async () => {
  const sandbox = start();
  const location = 'https://api.shop.example/v2/uploads/1';
  sandbox.emulators.get('shop')?.failNext({ status: 200, headers: { location } });
  const url = sandboxUrl(origin, 'shop', new URL('https://api.shop.example/v2/orders/o1'));
  const response = await sandbox.fetch(new Request(url, { method: 'DELETE', headers: keyHeaders }));
  expect(response.headers.get('location')).toBe(location);
});

test("a vendor's redirect to itself stays in the sandbox", async () => {
  const sandbox = start();
  sandbox.emulators
    .get('shop')
    ?.failNext({ status: 302, headers: { location: 'https://api.shop.example/v2/orders/o1?x=1' } });
  const url = sandboxUrl(origin, 'shop', new URL('https://api.shop.example/v2/orders/o1'));
  const response = await sandbox.fetch(new Request(url, { method: 'DELETE', headers: keyHeaders }));
  expect([response.status, response.headers.get('location')]).toEqual([
    302,
    `${origin}/shop/api.shop.example/v2/orders/o1?x=1`,
  ]);
});

test('an unknown vendor gets the list of those there are', async () => {
  const response = await start().fetch(new Request(`${origin}/other/api.other.example/`));
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ vendors: [{ provider: 'shop', hosts: shop.definition.hosts }] });
});

test('a provider that is given twice is an error', () => {
  expect(() => createSandbox({ providers: [shop(), shop()] })).toThrowError(
    expect.objectContaining({ code: 'duplicate_provider' }),
  );
});
