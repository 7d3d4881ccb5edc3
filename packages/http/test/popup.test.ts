/** The page for flows in a window of their own, run as a browser would: its script against a window that takes notes. */
import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';

import { describe, expect, it } from 'vitest';

import { connectByOAuth, createRig } from './support/rig.ts';

const app = 'https://app.example.com';

/** Parses the page and runs its only script. */
function run(html: string, opened = true) {
  const [, origin = '', message = ''] = /data-origin="([^"]*)" data-message="([^"]*)"/.exec(html) ?? [];
  const unescape = (text: string) => text.replaceAll(/&#(\d+);/g, (_, sign) => String.fromCharCode(Number(sign)));
  const scripts = [...html.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, text]) => text!);
  expect(scripts).toHaveLength(1);
  const posted: unknown[][] = [];
  let closed = 0;
  const window = {
    opener: opened ? { postMessage: (...args: unknown[]) => void posted.push(structuredClone(args)) } : null,
    close: () => void closed++,
  };
  const dataset = { origin: unescape(origin), message: unescape(message) };
  const document = { getElementById: (id: string) => (id === 'end' ? { dataset } : null) };
  runInNewContext(scripts[0]!, { window, document, JSON });
  return { posted, closed, script: scripts[0]! };
}

describe('A18 the popup page', () => {
  it('A18 tells the page that opened it how the flow ended, at the origin of the routes alone, and closes', async () => {
    const rig = createRig();
    const address = await connectByOAuth(rig, 'acme?returnTo=/integrations/popup');
    expect(address.href).toBe(`${app}/integrations/popup?plugboard=connected&provider=acme`);
    const response = await rig.handler(new Request(address));
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const html = await response.text();
    const { posted, closed, script } = run(html);
    expect(posted).toEqual([[{ type: 'plugboard', status: 'connected', provider: 'acme' }, app]]);
    expect(closed).toBe(1);
    const hash = createHash('sha256').update(script).digest('base64');
    expect(response.headers.get('content-security-policy')).toBe(
      `default-src 'none'; script-src 'sha256-${hash}'; base-uri 'none'; frame-ancestors 'none'`,
    );
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(html).not.toMatch(/src=|href=|https?:\/\/(?!app\.example\.com)/);
  });

  it('A18 hands out four members at most, and of each only what the library wrote', async () => {
    const rig = createRig({ origins: ['https://hub.example.com'] });
    const hostile = [
      '<img src=x onerror=alert(1)>',
      "'+alert(1)+'",
      '*',
      '"><script>alert(1)</script>',
      '__proto__',
      '',
    ];
    for (const value of hostile) {
      const query = new URLSearchParams({
        plugboard: value,
        provider: value,
        reason: value,
        code: 'canary',
        state: 'canary',
        accountId: 'canary',
        origin: 'https://hub.example.com',
      });
      const html = await (await rig.call(`/popup?${query.toString()}`)).text();
      const { posted } = run(html);
      const [[message, target]] = posted as [[Record<string, string>, string]];
      expect(target).toBe('https://hub.example.com');
      expect(message).toMatchObject({ type: 'plugboard', status: 'error' });
      expect(Object.keys(message).filter((name) => !['type', 'status'].includes(name))).toEqual([]);
      expect(html).not.toMatch(/canary|<img|alert/);
    }
    const query = 'plugboard=denied&provider=acme&reason=access_denied';
    const told = run(await (await rig.call(`/popup?${query}`)).text()).posted;
    expect(told).toEqual([[{ type: 'plugboard', status: 'denied', provider: 'acme', reason: 'access_denied' }, app]]);
  });

  it.each([
    '*',
    'null',
    '',
    'https://evil.example',
    'https://app.example.com/',
    'https://app.example.com.evil.example',
    '/',
  ])('A18 knows no origin %j', async (origin) => {
    const rig = createRig({ origins: ['https://hub.example.com'] });
    const response = await rig.call(`/popup?${new URLSearchParams({ origin, plugboard: 'connected' }).toString()}`);
    const fields = [{ path: 'origin' }];
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'invalid_input', fields }]);
  });

  it('A18 stays open where nobody opened it, or the vendor’s page has cut the tie', async () => {
    const html = await (await createRig().call('/popup?plugboard=connected')).text();
    expect(run(html, false)).toMatchObject({ posted: [], closed: 0 });
    expect(html).toContain('You can close this window.');
  });
});
