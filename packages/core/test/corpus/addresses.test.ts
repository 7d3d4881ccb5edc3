/** R52: where texts of strangers name a place: hosts of tenants, addresses, and where a flow may end. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { isPlugboardError } from '../../src/errors.ts';
import { safeReturnTo } from '../../src/connections/return-to.ts';
import type { Engine } from '../../src/engine.ts';
import { endpointProblem, hostOf, hostProblem, urlProblem } from '../../src/host-name.ts';
import { literalAddress, mayReach } from '../../src/transport/addresses.ts';
import { redirectTarget } from '../../src/transport/redirect.ts';
import { checkUrl, hostMatches, parseUrl } from '../../src/url.ts';
import { corpus, corpusTimeoutMs } from './corpus.ts';
import { hostileText, nearly } from './texts.ts';

const vendor = '.myshopify.com';
const names = ['acme', 'acme-2', 'a', '1', 'a'.repeat(60)];
const around = ['%', '@evil.com', '@', '#', '?', '/', '\\', '/../', '%2f..', '%00', '\0', '\n', '\r\nx: y', '\t', ' ', '\u00a0', '\u200b', '\u00ad',
  '.', '..', ':', ':443', ':22', ':0', '*', '_', 'ａ', '．', '。', '＠', '／', 'é', 'ı', '\ud800', '$', '&', "'", '<', '|']; // prettier-ignore

/** Around every name, each oddity before, inside, between name and vendor, and after. */
const shops = names.flatMap((name) =>
  around.flatMap((odd) => [`${odd}${name}${vendor}`, `${name}${odd}${vendor}`, `${name}${vendor}${odd}`, `${name}${odd}x${vendor}`]),
); // prettier-ignore

test('R52 F01 of more than 200 odd shop names none is a host by another name than the one it shows', () => {
  expect(shops.length).toBeGreaterThan(200);
  const taken = shops.filter((shop) => hostProblem(shop) === undefined);
  for (const shop of taken) {
    expect(new URL(`https://${shop}`).host).toBe(shop);
    expect(shop).toMatch(/^[a-z0-9.-]+$/);
  }
  // Two labels, a second name and a port that nothing listens on: whole hosts, which only a provider may refuse.
  for (const shop of taken) {
    const isShop = hostMatches(`*${vendor}`, new URL(`https://${shop}`));
    expect(isShop).toBe(/^[a-z0-9-]+\.myshopify\.com$/.test(shop));
  }
  expect(taken.length).toBeLessThan(shops.length / 8);
});

/** Every notation that a URL parser or a resolver takes for an address inside. */
const inside = [
  '127.0.0.1', '127.1', '127.0.1', '2130706433', '017700000001', '0177.0.0.1', '0x7f.1', '0x7f000001', '0x7F.0x0.0x0.0x1', '127.000.000.001',
  '0', '0.0.0.0', '0x0', '10.0.0.1', '10.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.1', '169.254.169.254', '0xa9fea9fe',
  '2852039166', '100.64.0.1', '198.18.0.1', '192.0.0.1', '224.0.0.1', '255.255.255.255', '168.63.129.16', '[::1]', '[::]', '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::7f00:1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '[2001:0:7f00:1::]',
  '[fe80::1]', '[fc00::1]', '[fd12:3456::1]', '[ff02::1]', '[::ffff:a9fe:a9fe]', '[::ffff:0:127.0.0.1]', '１２７.0.0.1', '127。0。0。1', '①②⑦.0.0.1',
]; // prettier-ignore

test.each(inside)('R52 F02 %s is no host to enter, and no socket is opened to it', (notation) => {
  expect(hostProblem(notation)).toEqual(expect.any(String));
  expect(urlProblem(`https://${notation}/`)).toEqual(expect.any(String));
  expect(endpointProblem(`https://${notation}/`)).toEqual(expect.any(String));
  const { hostname } = new URL(`https://${notation}/`);
  const literal = literalAddress(hostname);
  expect(literal).toEqual(expect.any(String));
  expect(mayReach(literal!)).toBe(false);
});

const own = 'https://app.example.com';
const engine = { url: `${own}/integrations`, returnOrigins: ['https://admin.example.com'] } as unknown as Engine;

const marks = ['', '/', '//', '///', '/\\', '\\/', '\\\\', '/%09/', '/\t/', '/\n/', '%2f%2f', '/./', '/../', '/.//', ' //', '\u3000//', '／／', '/%5c', '/%0d%0a', '/?//', '/#//']; // prettier-ignore
const places = ['evil.example', 'https:evil.example', 'https://evil.example', 'https://app.example.com@evil.example', 'https://app.example.com.evil.example', 'javascript:alert(1)', 'data:text/html,x']; // prettier-ignore
const returns = [
  ...marks.flatMap((mark) => places.map((place) => mark + place)),
  'a'.repeat(8_192),
  `/${'a'.repeat(8_192)}`,
];

test('R52 A12 of more than 120 return addresses none leads to another origin, whatever a browser makes of it', () => {
  expect(returns.length).toBeGreaterThanOrEqual(120);
  for (const asked of returns) {
    const found = safeReturnTo(engine, asked);
    expect([found, new URL(found, `${own}/integrations/callback/acme`).origin]).toEqual([found, own]);
    expect(found).not.toMatch(/^[^/]|^\/[/\\]/);
  }
});

test(
  'R50 R52 return addresses: a path of the host, or a URL of an origin that was allowed',
  async () => {
    const right = fc.constantFrom('/settings?a=1#b', `${own}/x`, 'https://admin.example.com/y', '/', '/a//b');
    const allowed = [own, 'https://admin.example.com'];
    await corpus('return addresses', fc.oneof(nearly(right), hostileText, right), (asked) => {
      const found = safeReturnTo(engine, asked);
      for (const base of [`${own}/`, `${own}/integrations/callback/acme?x#y`])
        expect(allowed).toContain(new URL(found, base).origin);
      // The same to whoever drops what browsers drop.
      expect(allowed).toContain(new URL(found.replaceAll(/[\t\r\n]/g, '').replaceAll('\\', '/'), own).origin);
    });
  },
  corpusTimeoutMs,
);

test(
  'R50 R52 hosts and base URLs: what is taken means the same to every parser',
  async () => {
    const right = fc.constantFrom('storage.example.com', 'minio:9000', 'a.b-c.example:8443', 'localhost', '1.example');
    await corpus('hosts', fc.oneof(nearly(right), hostileText, right), (host) => {
      if (hostProblem(host) === undefined) {
        expect(new URL(`https://${host}`).host).toBe(host);
        expect(literalAddress(new URL(`https://${host}`).hostname)).toBeUndefined();
        expect(hostOf(host)).toBe(host);
      }
      const url = `https://${host}/v1`;
      if (urlProblem(url) === undefined) {
        const { origin, username, search, hash } = new URL(url);
        expect([origin === `https://${hostOf(url)}`, username, search, hash]).toEqual([true, '', '', '']);
      }
    });
  },
  corpusTimeoutMs,
);

/** What a call comes to: a value, or the code of our own error. */
function outcome<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    if (!isPlugboardError(error)) throw error;
    expect(error.message).not.toContain('evil');
    return error.code;
  }
}

test(
  'R50 R52 URLs of vendors: only declared hosts by https, and redirects only within their origin',
  async () => {
    const right = fc.constantFrom('https://api.example.com/v1', 'https://shop.myshopify.com/a', '/v2?page=2', '?page=2', '//evil.example/', 'https://evil.example'); // prettier-ignore
    const hosts = ['api.example.com', '*.myshopify.com'];
    const from = new URL('https://api.example.com/v1/orders?page=1');
    await corpus('vendor addresses', fc.oneof(nearly(right), right, hostileText), (text) => {
      const url = outcome(() => parseUrl(text));
      if (typeof url !== 'string' && outcome(() => checkUrl(url, hosts)) === undefined) {
        expect(url.protocol).toBe('https:');
        expect(url.host).toMatch(/^(api\.example\.com|[^.]+\.myshopify\.com)$/);
        expect(url.username + url.password).toBe('');
      }
      const next = outcome(() => redirectTarget({ method: 'GET', purpose: 'api' } as never, from, text, 0));
      if (typeof next !== 'string') expect(next.origin).toBe(from.origin);
      else expect(next).toBe('redirect_refused');
      expect(outcome(() => redirectTarget({ method: 'GET', purpose: 'token' } as never, from, text, 0))).toBe(
        'redirect_refused',
      );
    });
  },
  corpusTimeoutMs,
);
