/** F01, F02, F05: what may be entered where a host belongs. What a name leads to is the socket's business (egress.test). */
import { describe, expect, it } from 'vitest';

import { isPlugboardError } from '../src/errors.ts';
import { baseUrl, host } from '../src/fields.ts';
import { hostOf, hostProblem, urlProblem } from '../src/host-name.ts';
import { checkInput } from '../src/schema.ts';
import { z } from 'zod';

import { hostileNames } from './support/hostile-names.ts';

/** Every notation of an address that a URL parser understands, and some that it does not. */
const addresses = [
  '127.0.0.1', '127.1', '2130706433', '017700000001', '0177.0.0.1', '0x7f.1', '0x7f000001', '0', '10.0.0.5',
  '169.254.169.254', '100.64.0.1', '8.8.8.8', '[::1]', '[::ffff:127.0.0.1]', '::1', 'fe80::1', '127.0.0.1:9000',
  '[::1]:9000',
]; // prettier-ignore

/** Texts that mean another host than they seem to, or none. */
const odd = [
  'evil.com/x.storage.example', 'storage.example@evil.com', 'user:password@storage.example', 'storage.example#',
  'storage.example?x', 'storage.example\\evil.com', 'x%2f..', 'x%00', '..', '.', '', ' ', 'storage..example',
  '.storage.example', 'storage.example.', '-storage.example', 'storage-.example', 'sto rage.example',
  'storage.example\n', 'storage.example\r\nx: y', '\0', '*.storage.example', '*', 'STORAGE.example',
  'ｓｔｏｒａｇｅ.example', 'storage。example', 'bücher.example', 'storage.example:', 'storage.example:0',
  'storage.example:22', 'storage.example:25', 'storage.example:80', 'storage.example:443', 'storage.example:070000',
  'storage.example:65536', 'storage.example:8443x', `${'a'.repeat(64)}.example`, `${'a.'.repeat(130)}example`,
  'under_score.example',
]; // prettier-ignore

const good = [
  'storage.example.com',
  'minio:9000',
  'localhost',
  'xn--bcher-kva.example',
  'a.b-c.example:8443',
  '1.example',
];

describe('a host', () => {
  it.each(good)('%s is accepted and stays what it is', (text) => {
    expect(hostProblem(text)).toBeUndefined();
    expect(hostOf(text)).toBe(text);
    expect(new URL(`https://${text}`).host).toBe(text);
  });

  it.each(addresses)('%s is an address', (text) => expect(hostProblem(text)).toMatch(/not an IP address|without path/));

  it.each(odd)('%j is refused', (text) => expect(hostProblem(text)).toEqual(expect.any(String)));
});

describe('F01 an instance’s name in front of a domain', () => {
  it.each(hostileNames)('%j gives another host of that domain, or none', (name) => {
    const text = `${name}.storage.example`;
    if (hostProblem(text) !== undefined) return;
    expect(new URL(`https://${text}`).hostname).toBe(text);
    expect(text).toMatch(/^[a-z0-9.-]+\.storage\.example$/);
  });

  it.each(hostileNames)('%j names a host that the parser reads in the same way, or none', (name) => {
    if (hostProblem(name) !== undefined) return;
    expect(new URL(`https://${name}`).host).toBe(name);
    expect(name).toMatch(/^[a-z0-9.-]+(?::\d+)?$/);
  });
});

describe('a base URL', () => {
  it.each([
    ['https://storage.example.com', 'storage.example.com'],
    ['https://id.example.com/realms/main/', 'id.example.com'],
    ['https://storage.example.com:8443/v1', 'storage.example.com:8443'],
    ['http://localhost:9000', 'localhost:9000'],
  ])('%s names %s', (url, expected) => {
    expect(urlProblem(url)).toBeUndefined();
    expect(hostOf(url)).toBe(expected);
  });

  it.each([...addresses, ...odd.filter((text) => !/[/?#\\]/.test(text))])('https://%s is refused', (text) => {
    expect(urlProblem(`https://${text}/v1`)).toEqual(expect.any(String));
  });

  it.each([
    'https:storage.example',
    'ftp://storage.example',
    'file:///etc/passwd',
    '//storage.example',
    'storage.example',
    'https://',
    'https://storage.example/?x',
    'https://storage.example/#x',
    'https://storage.example/a b',
    'https://storage.example\\@evil.com/',
    'javascript:alert(1)',
    'HTTPS://storage.example',
  ])(
    // prettier-ignore
    '%s is refused',
    (url) => expect(urlProblem(url)).toEqual(expect.any(String)),
  );
});

describe('a refusal', () => {
  const refusal = (task: () => unknown) => {
    try {
      task();
    } catch (error) {
      if (isPlugboardError(error)) return error;
    }
    return expect.unreachable('this must be refused by an error of ours');
  };

  it('names the field, the reason and the fix, and never the value', () => {
    const error = refusal(() => hostOf('canary@evil.example', 'endpoint'));
    expect(error).toMatchObject({
      kind: 'invalid_request',
      code: 'invalid_input',
      fields: [{ path: 'endpoint', message: 'must not hold a user name or password' }],
    });
    expect(error.hint).toMatch(/storage\.example\.com/);
    expect(JSON.stringify(error)).not.toContain('canary');
    expect(refusal(() => hostOf(undefined, 'OIDC_ISSUER')).fields).toEqual([
      { path: 'OIDC_ISSUER', message: 'is missing' },
    ]);
  });

  it('comes from the fields of forms by their names', () => {
    const schema = z.strictObject({ server: host('Server'), api: baseUrl('API') });
    const error = refusal(() => checkInput(schema, { server: '10.0.0.5', api: 'https://a@b.example' }, 'credentials'));
    expect(error.fields?.map(({ path }) => path)).toEqual(['server', 'api']);
  });

  it('is not needed for what people paste', () => {
    const schema = z.strictObject({ server: host('Server'), api: baseUrl('API') });
    const entered = { server: ' git.example.com ', api: 'https://llm.example.com/v1/ ' };
    expect(checkInput(schema, entered, 'credentials')).toEqual({
      server: 'git.example.com',
      api: 'https://llm.example.com/v1',
    });
  });
});
