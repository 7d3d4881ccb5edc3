/** F01, F02, F03, F05: the edges of the egress rules, and the reason that each refusal gives. */
import { setDefaultAutoSelectFamily, getDefaultAutoSelectFamily, Socket } from 'node:net';

import { describe, expect, it, onTestFinished } from 'vitest';

import { isPlugboardError } from '../src/errors.ts';
import { hostOf, hostProblem, urlProblem } from '../src/host-name.ts';
import { literalAddress } from '../src/transport/addresses.ts';
import { guardConnector, guardedConnector, type Lookup } from '../src/transport/guarded-connector.ts';
import { redirectTarget } from '../src/transport/redirect.ts';
import { checkUrl, createEgressPolicy, hostMatches, parseUrl } from '../src/url.ts';
import { serveTcp } from './support/loopback.ts';
import { requestTo } from './support/transport-kit.ts';

const codeOf = (task: () => unknown): string => {
  try {
    task();
    return 'allowed';
  } catch (error) {
    return isPlugboardError(error) ? error.code : 'foreign error';
  }
};

describe('the reason for which a host is refused', () => {
  it.each([
    ['user@storage.example', 'must not hold a user name or password'],
    ['*.storage.example', 'must be one exact host, without wildcard'],
    ['storage.example/x', 'must be a host alone, without path or query'],
    ['storage.example\\x', 'must be a host alone, without path or query'],
    ['Storage.example', 'must be in lower case'],
    ['127.0.0.1', 'must be a name, not an IP address'],
    ['127.0.0.1:9000', 'must be a name, not an IP address'],
    ['[::1]:9000', 'must be a name, not an IP address'],
    ['::1', 'must be a name, not an IP address'],
    ['storage..example', 'is not a host name'],
    [`${'a.'.repeat(123)}example`, undefined],
    [`${'a.'.repeat(123)}examples`, 'is not a host name'],
    ['storage.example:443', 'must leave out port 443, which is the default'],
    ['storage.example:1023', 'must not have a port below 1024 other than 443'],
    ['storage.example:1024', undefined],
    ['storage.example:65535', undefined],
    // Ends like an address, and is a name.
    ['minio1', undefined],
    ['minio1:9000', undefined],
    ['7.storage2', undefined],
  ])('%s: %s', (host, reason) => expect(hostProblem(host)).toBe(reason));

  it.each([
    ['xhttps://storage.example', 'must begin with https://'],
    ['https://', 'is not a URL'],
    ['https://storage.example#x', 'must have no fragment or white space'],
    ['https://storage.example?x', 'must have no query'],
  ])('%s: %s', (url, reason) => expect(urlProblem(url)).toBe(reason));

  it('is told of the field `host` where no other name is given', () => {
    expect(() => hostOf('')).toThrow('A host was refused: host: is missing');
  });
});

describe('F05 a pattern', () => {
  it.each([
    ['localhost:80', 'http://localhost/', true],
    ['localhost:443', 'http://localhost/', false],
    ['localhost:443', 'https://localhost/', true],
    ['localhost:80', 'https://localhost/', false],
    ['api.example.com:8443x', 'https://api.example.com:8443/', false],
    ['api.example.com:', 'https://api.example.com/', false],
    [':8443', 'https://api.example.com:8443/', false],
    // No label of a name is empty, also where pattern and name are one text.
    ['.example.com', 'https://.example.com/', false],
    ['..example.com', 'https://..example.com/', false],
    ['example.com.', 'https://example.com./', false],
    ['example.com..', 'https://example.com../', false],
    ['example..', 'https://example../', false],
    ['a.b.c.example.com', 'https://a.b.c.example.com/', true],
    // A name that another begins with is another name.
    ['api.example.com', 'https://api.example/', false],
    ['*.example.com', 'https://api.example/', false],
  ])('%s and %s: %s', (pattern, url, expected) => expect(hostMatches(pattern, new URL(url))).toBe(expected));
});

it('F05 an address that was put together at run time is a URL or an error that does not quote it', () => {
  expect(parseUrl('https://api.example.com/x').pathname).toBe('/x');
  expect(codeOf(() => parseUrl('sk-live-canary'))).toBe('invalid_url');
  expect(() => parseUrl('sk-live-canary')).not.toThrow(/canary/);
});

it.each(['https://:pass@api.example.com/', 'https://user@api.example.com/'])('F05 %s carries a login', (url) => {
  expect(codeOf(() => checkUrl(new URL(url), ['api.example.com']))).toBe('url_userinfo');
});

it.each([
  'corp1/24',
  '1corp/24',
  '10.0.0.0/ 24',
  '10.0.0.0/24.0',
  '10.0.0.0/2e1',
  '10.0.0.0/-8',
  '10.0.0.0/0024',
  'fd00::/129',
  'fd00:::/64',
  '/8',
])('F10 %s is no block', (cidr) => {
  expect(codeOf(() => createEgressPolicy({ allow: [{ host: 'corp.example', cidr }] }))).toBe('invalid_egress');
});

it.each(['10.0.0.0/32', '10.0.0.0/1', 'fd00::/128', 'fd00::/1'])('F10 %s is one', (cidr) => {
  const policy = createEgressPolicy({ allow: [{ host: 'corp.example', cidr }] });
  expect(policy.exceptionFor(new URL('https://corp.example/'))?.addresses).toEqual([cidr]);
});

it.each([
  ['allowOrigins', 'http://127.0.0.1:4010'],
  ['allow', { host: 'corp.example', cidr: '10.0.0.0/8' }],
])('F10 `%s` that is no list is refused by its name', (name, given) => {
  expect(() => createEgressPolicy({ [name]: given })).toThrow(`\`${name}\` is no list`);
});

it.each([
  [['corp.example'], '10.0.0.0/8'],
  ['corp.example', 10],
])('F10 an entry that plain JavaScript makes of other types is refused: %j', (host, cidr) => {
  const allow = [{ host, cidr }] as never;
  expect(codeOf(() => createEgressPolicy({ allow }))).toBe('invalid_egress');
});

it.each(['corp.example:443', 'user@corp.example', 'corp.example/', 'corp.example#x', 'corp.example?', ''])(
  'F10 %s is no exact host',
  (host) => {
    expect(codeOf(() => createEgressPolicy({ allow: [{ host, cidr: '10.0.0.0/8' }] }))).toBe('invalid_egress');
  },
);

describe('F02 a literal', () => {
  it.each([
    ['[::1]', '::1'],
    ['::1', '::1'],
    ['127.0.0.1', '127.0.0.1'],
    ['[storage.example]', undefined],
    ['storage.example', undefined],
  ])('%s is the address %s', (hostname, address) => expect(literalAddress(hostname)).toBe(address));

  it.each(['[::1]', '10.0.0.5'])('%s is refused before anything is connected', async (hostname) => {
    let connected = 0;
    const guarded = guardConnector(() => void connected++, []);
    const error = await connect(guarded, { hostname, port: '443' });
    expect(isPlugboardError(error) && error.code).toBe('egress_blocked');
    expect(connected).toBe(0);
  });
});

describe('F03 a connector', () => {
  it('takes a socket that is gone before anybody looked for unsent, not for blocked', async () => {
    const gone = new Socket();
    const guarded = guardConnector((_options, callback) => callback(null, gone), 'any');
    const error = await connect(guarded, { hostname: 'public.example', port: '443' });
    expect(isPlugboardError(error)).toBe(false);
    expect(error).toMatchObject({ unsent: true, message: 'The connection could not be made.' });
    expect(gone.destroyed).toBe(true);
  });

  it.each([true, false])('asks for every address of a name, whether the socket wants all (%s) or one', async (all) => {
    const before = getDefaultAutoSelectFamily();
    setDefaultAutoSelectFamily(all);
    onTestFinished(() => setDefaultAutoSelectFamily(before));
    const listener = await serveTcp((socket) => socket.end());
    const asked: unknown[] = [];
    const lookup: Lookup = (hostname, options, callback) => {
      asked.push({ hostname, all: options.all });
      callback(null, [{ address: '127.0.0.1', family: 4 }]);
    };
    const guarded = guardedConnector(['127.0.0.0/8'], lookup);
    const error = await connect(guarded, {
      hostname: 'localhost',
      port: String(listener.port),
      protocol: 'http:',
    });
    expect(error).toBeNull();
    expect(asked).toEqual([{ hostname: 'localhost', all: true }]);
    expect(listener.connections()).toBe(1);
  });

  it('speaks HTTP/1.1: each request has a socket that was judged for it', async () => {
    let hello = Buffer.alloc(0);
    const listener = await serveTcp((socket) => {
      socket.on('data', (chunk: Buffer) => {
        hello = Buffer.concat([hello, chunk]);
        socket.destroy();
      });
    });
    const lookup: Lookup = (_hostname, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]);
    const options = { hostname: 'localhost', port: String(listener.port), protocol: 'https:' };
    expect(await connect(guardedConnector(['127.0.0.0/8'], lookup), options)).toMatchObject({ unsent: true });
    // The extension of the ClientHello that lists the protocols has this one alone (RFC 7301 section 3.1).
    expect(hello.includes('\u0000\u0010\u0000\u000b\u0000\u0009\u0008http/1.1')).toBe(true);
  });
});

describe('F04 a redirect', () => {
  const from = new URL('https://api.example.com/a');
  const judge = (change: Partial<ReturnType<typeof requestTo>>, location: string | null, hop = 0) =>
    redirectTarget({ ...requestTo(from.href), ...change }, from, location, hop);

  it('of a read is followed within its origin', () => {
    expect(judge({}, '/b?x#y').href).toBe('https://api.example.com/b?x#y');
    expect(judge({ method: 'HEAD' }, 'c', 2).href).toBe('https://api.example.com/c');
  });

  it.each([
    ['a fourth time', {}, '/b', 3, 'more than 3 times'],
    ['of a write', { method: 'POST' as const }, '/b', 0, 'a request that is not a read'],
    ['of a token call', { purpose: 'token' as const }, '/b', 0, 'a token endpoint answered with a redirect'],
    ['to no place', {}, null, 0, 'redirects to nowhere'],
    ['to what is no URL', {}, 'https://[', 0, 'redirects to nowhere'],
    ['to another origin', {}, 'https://evil.example/', 0, 'redirects to another origin'],
    ['to another port', {}, 'https://api.example.com:8443/', 0, 'redirects to another origin'],
  ])('%s is refused', (...[, change, location, hop, reason]) => {
    expect(() => judge(change, location, hop)).toThrow(reason);
  });
});

type Connector = ReturnType<typeof guardConnector>;

function connect(
  connector: Connector,
  options: { hostname: string; port: string; protocol?: string },
): Promise<unknown> {
  return new Promise((resolve) => {
    connector({ protocol: 'https:', ...options }, (...[error, socket]) => {
      socket?.destroy();
      resolve(error);
    });
  });
}
