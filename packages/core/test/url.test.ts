import { describe, expect, it } from 'vitest';

import { isPlugboardError } from '../src/errors.ts';
import { checkUrl, createEgressPolicy, hostMatches } from '../src/url.ts';

const codeOf = (task: () => unknown): string => {
  try {
    task();
    return 'allowed';
  } catch (error) {
    return isPlugboardError(error) ? error.code : 'foreign error';
  }
};

describe('hostMatches', () => {
  it.each([
    ['api.example.com', 'https://api.example.com/x', true],
    ['api.example.com', 'https://API.EXAMPLE.COM/', true],
    ['API.example.com', 'https://api.example.com/', true],
    ['api.example.com', 'https://api.example.com./', false],
    ['api.example.com', 'https://api.example.com.evil.com/', false],
    ['api.example.com', 'https://evil-api.example.com/', false],
    ['*.example.com', 'https://shop.example.com/', true],
    ['*.example.com', 'https://example.com/', false],
    ['*.example.com', 'https://.example.com/', false],
    ['*.example.com', 'https://a.b.example.com/', false],
    ['*.example.com', 'https://evilexample.com/', false],
    ['*.example.com', 'https://shop.example.com.evil.com/', false],
    ['*.example.com', 'https://shop@evil.com/', false],
    ['api.example.com:8443', 'https://api.example.com:8443/', true],
    ['api.example.com:8443', 'https://api.example.com/', false],
    ['api.example.com:8443', 'https://api.example.com:8444/', false],
    ['*.example.com:8443', 'https://shop.example.com:8443/', true],
    ['api.example.com:443', 'https://api.example.com/', true],
    ['[::1]', 'https://[::1]/', true],
    ['[::1]:8443', 'https://[::1]:8443/', true],
    ['xn--bcher-kva.example', 'https://bücher.example/', true],
  ])('%s and %s: %s', (pattern, url, expected) => {
    expect(hostMatches(pattern, new URL(url))).toBe(expected);
  });
});

describe('F05 checkUrl', () => {
  const hosts = ['api.example.com', '*.shops.example', 'files.example.com:8443'];
  it.each([
    ['https://api.example.com/v1?x=y', 'allowed'],
    ['https://a.shops.example/', 'allowed'],
    ['https://files.example.com:8443/', 'allowed'],
    ['http://api.example.com/', 'insecure_url'],
    ['ftp://api.example.com/', 'insecure_url'],
    ['file:///etc/passwd', 'insecure_url'],
    ['data:text/plain,x', 'insecure_url'],
    ['unix:/var/run/docker.sock', 'insecure_url'],
    ['https://api.example.com:22/', 'port_not_allowed'],
    ['https://files.example.com/', 'host_not_allowed'],
    ['https://user@api.example.com/', 'url_userinfo'],
    ['https://user:pass@api.example.com/', 'url_userinfo'],
    ['https://api.example.com@evil.com/', 'url_userinfo'],
    ['https://evil.com/', 'host_not_allowed'],
    ['https://127.0.0.1/', 'host_not_allowed'],
  ])('%s: %s', (url, expected) => {
    expect(codeOf(() => checkUrl(new URL(url), hosts))).toBe(expected);
  });

  it('never quotes the URL', () => {
    const url = new URL('https://sk-live-canary.evil.com/canary?canary');
    expect(() => checkUrl(url, hosts)).toThrow(/api\.example\.com/);
    expect(() => checkUrl(url, hosts)).not.toThrow(/canary/);
  });
});

describe('createEgressPolicy', () => {
  const policy = createEgressPolicy({
    allow: [
      { organizationId: 'org-a', host: 'jira.corp.example:8443', cidr: '10.0.0.0/24' },
      { organizationId: 'org-a', host: 'jira.corp.example:8443', cidr: 'fd00::/64' },
      { host: 'platform.corp.example', cidr: '10.1.0.0/16' },
    ],
    allowOrigins: ['http://127.0.0.1:4010'],
  });
  const forUrl = (url: string, organizationId?: string) => policy.exceptionFor(new URL(url), organizationId);

  it('F10 an entry holds for its organization, host and port alone', () => {
    expect(forUrl('https://jira.corp.example:8443/x', 'org-a')?.addresses).toEqual(['10.0.0.0/24', 'fd00::/64']);
    expect(forUrl('https://jira.corp.example:8443/x', 'org-b')).toBeUndefined();
    expect(forUrl('https://jira.corp.example:8443/x')).toBeUndefined();
    expect(forUrl('https://jira.corp.example/x', 'org-a')).toBeUndefined();
    expect(forUrl('https://other.corp.example:8443/x', 'org-a')).toBeUndefined();
  });

  it('F10 an entry without organization belongs to the platform and not to everybody', () => {
    expect(forUrl('https://platform.corp.example/')?.addresses).toEqual(['10.1.0.0/16']);
    expect(forUrl('https://platform.corp.example/', 'org-a')).toBeUndefined();
  });

  it('G03 keys of organization and host do not run into each other', () => {
    const tricky = createEgressPolicy({ allow: [{ organizationId: 'a', host: 'b.example', cidr: '10.0.0.0/8' }] });
    expect(tricky.exceptionFor(new URL('https://b.example'), 'a')).toBeDefined();
    expect(tricky.exceptionFor(new URL('https://example'), 'a:b.')).toBeUndefined();
    expect(tricky.exceptionFor(new URL('https://b.example'), 'a b.example')).toBeUndefined();
  });

  it('trusts an origin as a whole, and no other port or scheme of its host', () => {
    expect(forUrl('http://127.0.0.1:4010/v1', 'any')).toEqual({ trusted: true, addresses: 'any' });
    expect(forUrl('http://127.0.0.1:4011/')).toBeUndefined();
    expect(forUrl('https://127.0.0.1:4010/')).toBeUndefined();
  });

  it('F05 an exception opens its port, never plain http', () => {
    const exception = forUrl('https://jira.corp.example:8443/', 'org-a');
    expect(codeOf(() => checkUrl(new URL('https://jira.corp.example:8443/'), ['jira.corp.example'], exception))).toBe(
      'allowed',
    );
    expect(codeOf(() => checkUrl(new URL('http://jira.corp.example:8443/'), ['jira.corp.example'], exception))).toBe(
      'insecure_url',
    );
  });

  it.each([
    { allowOrigins: ['http://127.0.0.1:4010/'] },
    { allowOrigins: ['127.0.0.1:4010'] },
    { allowOrigins: ['http://user@127.0.0.1'] },
    { allow: [{ host: '*.corp.example', cidr: '10.0.0.0/8' }] },
    { allow: [{ host: 'Corp.example', cidr: '10.0.0.0/8' }] },
    { allow: [{ host: 'corp.example/x', cidr: '10.0.0.0/8' }] },
    { allow: [{ host: 'corp.example', cidr: '10.0.0.0' }] },
    { allow: [{ host: 'corp.example', cidr: '0.0.0.0/0' }] },
    { allow: [{ host: 'corp.example', cidr: '::/0' }] },
    { allow: [{ host: 'corp.example', cidr: '10.0.0.0/33' }] },
    { allow: [{ host: 'corp.example', cidr: '10.0.0.256/24' }] },
    { allow: [{ host: 'corp.example', cidr: '10.1/16' }] },
    { allow: [{ host: 'corp.example', cidr: 'corp.example/24' }] },
    { allow: [{ host: 'corp.example', cidr: '' }] },
  ])('refuses %j', (options) => {
    expect(codeOf(() => createEgressPolicy(options))).toBe('invalid_egress');
  });
});
