import { describe, expect, it } from 'vitest';

import { createRig, session, url } from './support/rig.ts';

const hub = 'https://hub.example.com';

function ask(method: string, path: string, headers: Record<string, string>, origins: readonly string[] = [hub]) {
  return createRig({ origins }).handler(new Request(url + path, { method, headers: { ...session, ...headers } }));
}

const named = (response: Response) => [
  response.headers.get('access-control-allow-origin'),
  response.headers.get('access-control-allow-credentials'),
  response.headers.get('vary'),
];

describe('a frontend on a host of its own', () => {
  const preflight = { 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'content-type' };

  it('is let in by name, its preflights too', async () => {
    const asked = await ask('OPTIONS', '/settings/acme', { origin: hub, ...preflight });
    expect([asked.status, ...named(asked)]).toEqual([204, hub, 'true', 'origin']);
    expect(asked.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(asked.headers.get('access-control-allow-headers')).toBe('content-type');
    const read = await ask('GET', '/connections', { origin: hub, 'sec-fetch-site': 'same-site' });
    expect([read.status, ...named(read)]).toEqual([200, hub, 'true', 'origin']);
    const refused = await ask('GET', '/settings/acme', { origin: hub, 'sec-fetch-site': 'same-site' });
    expect([refused.status, ...named(refused)]).toEqual([404, hub, 'true', 'origin']);
  });

  it.each(['https://evil.example', 'null', 'https://hub.example.com.evil.example', 'http://hub.example.com'])(
    'G14 is nobody else: %s',
    async (origin) => {
      const asked = await ask('OPTIONS', '/settings/acme', { origin, ...preflight });
      expect([asked.status, ...named(asked)]).toEqual([405, null, null, 'origin']);
      const read = await ask('GET', '/connections', { origin, 'sec-fetch-site': 'cross-site' });
      expect([read.status, ...named(read)]).toEqual([403, null, null, 'origin']);
    },
  );

  it('does not exist where the host names none', async () => {
    const own = { origin: 'https://app.example.com', 'sec-fetch-site': 'same-origin' };
    expect(named(await ask('GET', '/connections', own, []))).toEqual([null, null, null]);
  });
});
