import { expect, it } from 'vitest';

import { connectByOAuth, createRig, session } from './support/rig.ts';

const count = 4_000;

it(`G15 answers ${count} mutated requests without an exception or a 5xx`, async () => {
  const rig = createRig();
  await connectByOAuth(rig);
  const { pick, chance, junk } = mutator(20_261_120);
  const paths = ['connections', 'connect/acme', 'callback/acme', 'authorize/acme', 'accounts/acme', 'settings/acme', 'flags',
    'settings/acme/choices/channel', 'health/acme', 'webhooks/acme', 'webhooks/acme/org-1/x', 'sandbox/acme', 'connect/shop']; // prettier-ignore
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];
  const names = ['state', 'code', 'iss', 'error', 'label', 'returnTo', 'method', 'input.shop', 'hub.challenge'];
  const headers = [
    'cookie',
    'content-type',
    'content-length',
    'origin',
    'referer',
    'sec-fetch-site',
    'x-acme-signature',
    'content-encoding',
  ];
  const statuses = new Set<number>();

  for (let index = 0; index < count; index++) {
    const path = chance(0.8) ? pick(paths) : junk();
    const query = chance(0.5) ? `?${pick(names)}=${junk()}&${pick(names)}=${junk()}` : '';
    const method = pick(methods);
    const all = new Headers(chance(0.8) ? session : {});
    if (chance(0.5)) all.set('content-type', 'application/json');
    if (chance(0.4)) setHeader(all, pick(headers), junk());
    const body =
      method === 'GET' || method === 'HEAD'
        ? undefined
        : chance(0.5)
          ? junk()
          : `{"${pick(names)}":"${junk()}","settings":{"${junk()}":1}}`;
    const address = `https://app.example.com/integrations/${path}${query}`;
    const response = await rig.handler(
      new Request(address, { method, headers: all, ...(body !== undefined && { body }) }),
    );
    await response.text();
    statuses.add(response.status);
    expect([method, address, response.status < 500]).toEqual([method, address, true]);
  }
  expect(rig.logged.filter((line) => line.includes('a request to the routes failed'))).toEqual([]);
  // Proves that the requests got past the first check.
  expect([...statuses]).toEqual(expect.arrayContaining([200, 303, 400, 401, 403, 404, 415]));
}, 60_000);

/** Equal in every run (mulberry32), so that a failure can be looked at. */
function mutator(seed: number) {
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const pieces = ['%', '%00', '%ff', '%E2%82', '%2e%2e/', '..', '//', '\\', '[]', '{}', '"', '<script>', '__proto__', 'constructor',
    'acme', 'null', '\u00fc', '\ud800', '\u202e', ' ', '\t', '=', '&', ';', '?', '#', ':', '@', '0', '-1', '1e309', 'A'.repeat(300), 'a.0.b',
    `${'A'.repeat(43)}.abcdef.${'A'.repeat(43)}`, 'https://evil.example', '__Host-plugboard-acme-AAAAAAAA=x']; // prettier-ignore
  const junk = () => Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(pieces)).join('');
  return { pick, chance: (share: number) => random() < share, junk };
}

/** Values that no HTTP parser would let through are not worth a test. */
function setHeader(headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value);
  } catch {
    headers.set(name, encodeURIComponent(value.toWellFormed()));
  }
}
