import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { describeUrl, redact } from '../src/redact.ts';

const secret = 'sk-Live/9f+a"b\\c=ü d~e!0123456789';
const base64 = (text: string, encoding: BufferEncoding = 'base64') => Buffer.from(text).toString(encoding);

describe('B02 redact', () => {
  const forms: readonly [string, string][] = [
    ['plain', secret],
    ['percent-encoded', encodeURIComponent(secret)],
    [
      'percent-encoded in lower case',
      encodeURIComponent(secret).replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    ],
    ['form-encoded', new URLSearchParams({ x: secret }).toString().slice(2)],
    ['JSON', JSON.stringify(secret).slice(1, -1)],
    ['JSON with escaped slashes', JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/')],
    ['hex', base64(secret, 'hex')],
    ['HEX', base64(secret, 'hex').toUpperCase()],
    ['base64', base64(secret)],
    ['base64url', base64(secret, 'base64url')],
  ];
  it.each(forms)('removes it %s', (_name, form) => {
    const clean = redact(`before ${form} after`, [secret]);
    expect(clean).toMatch(/^before \[secret\]\S* after$/);
    // Padding and the characters that also hold a neighbour's bits may stay.
    expect(clean.length).toBeLessThanOrEqual('before [secret]xxx after'.length);
  });

  it('removes it from base64 at every offset, as in Basic credentials', () => {
    for (const user of ['', 'u', 'us', 'use', 'user']) {
      for (const encoding of ['base64', 'base64url'] as const) {
        const header = base64(`${user}:${secret}`, encoding);
        const clean = redact(`Basic ${header}`, [secret]);
        const left = clean.replace('Basic ', '').split('[secret]');
        expect(clean).toContain('[secret]');
        // Whatever is left decodes to nothing of the secret but single characters at its edges.
        const start = Buffer.from(left[0] ?? '', encoding).toString('latin1');
        expect(start.startsWith(`${user}:`.slice(0, start.length))).toBe(true);
        expect(start.length).toBeLessThanOrEqual(user.length + 3);
        expect((left[1] ?? '').length).toBeLessThanOrEqual(4);
      }
    }
  });

  it('removes every occurrence, and longer secrets before the shorter ones they contain', () => {
    expect(redact('abcdef abcdefghij abcdef', ['abcdef', 'abcdefghij'])).toBe('[secret] [secret] [secret]');
  });

  it('removes a secret that the message cuts short', () => {
    const key = 'key_0123456789abcdefghijklmnopqrstuv';
    expect(redact(`Unknown key "${key.slice(0, 20)}..."`, [key])).toBe('Unknown key "[secret]..."');
    // Less than half is the part that vendors show on purpose: a prefix that names the kind of key.
    expect(redact(`Unknown key "${key.slice(0, 6)}..."`, [key])).toBe('Unknown key "key_01..."');
  });

  it('leaves a text without secrets as it is', () => {
    expect(redact('No such list: abc', ['does-not-occur', 'ab', ''])).toBe('No such list: abc');
  });

  it('keeps no user name, query or fragment of a URL', () => {
    const text = 'see https://user:pw@api.example.com/v1/x?token=canary#canary, or http://h/p?canary';
    expect(redact(text, [])).toBe('see https://api.example.com/v1/x or http://h/p');
    expect(redact('https://%zz@/?canary', [])).toBe('[secret]');
  });

  it('answers one line of bounded length', () => {
    expect(redact('a\r\nb\0c\u001b[31md\u2028e', [])).toBe('a b c [31md e');
    expect(redact('x'.repeat(10_000), [])).toHaveLength(500);
    expect(redact('x'.repeat(10_000), [], { maxLength: 20 })).toBe(`${'x'.repeat(19)}…`);
  });

  it('leaves no part of a secret at the cut', () => {
    const key = 'K'.repeat(16) + 'k'.repeat(16);
    for (let before = 460; before < 500; before++) {
      const clean = redact(`${'-'.repeat(before)}${key}`, [key]);
      expect(clean).not.toContain('K');
    }
  });

  it('G09 takes linear time', () => {
    const startedAt = performance.now();
    for (const text of [
      'http://'.repeat(150_000),
      `https://${'a'.repeat(1_000_000)}`,
      '\n'.repeat(1_000_000),
      'k'.repeat(1_000_000),
    ]) {
      redact(text, ['k'.repeat(64), secret]);
    }
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('survives lone surrogates in texts and secrets', () => {
    expect(redact('\ud800 abcd\udc00efgh', ['abcd\udc00efgh'])).toBe('\ud800 [secret]');
  });
});

describe('describeUrl', () => {
  it('is origin and path template, nothing that was filled in', () => {
    const url = new URL('https://user:pw@api.example.com:8443/v1/lists/canary?key=canary#canary');
    expect(describeUrl(url, '/v1/lists/{listId}')).toBe('https://api.example.com:8443/v1/lists/{listId}');
    expect(inspect(describeUrl(url))).not.toContain('canary');
  });
});
