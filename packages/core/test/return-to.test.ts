/** A12: where a finished flow may send the browser, to the character. */
import { expect, test } from 'vitest';

import { safeReturnTo } from '../src/connections/return-to.ts';
import type { Engine } from '../src/engine.ts';

const at = (url: string, asked?: string) =>
  safeReturnTo({ url, returnOrigins: ['https://admin.example.com'] } as unknown as Engine, asked);
const returned = (asked?: string) => at('https://app.example.com/integrations', asked);

test.each([
  ['/', '/'],
  ['/settings?tab=a//b#c//d', '/settings?tab=a//b#c//d'],
  ['/a//', '/a//'],
  ['/a/../b', '/b'],
  ['/~!$&%20%2f%2F%80', '/~!$&%20%2f%2F%80'],
  [`/${'a'.repeat(2047)}`, `/${'a'.repeat(2047)}`],
  ['https://app.example.com/x?a=1#b', 'https://app.example.com/x?a=1#b'],
  ['https://admin.example.com', 'https://admin.example.com/'],
])('A12 %s is followed', (asked, expected) => expect(returned(asked)).toBe(expected));

test.each([
  ['nothing', undefined],
  ['an empty text', ''],
  ['2,049 characters', `/${'a'.repeat(2048)}`],
  ['a path without a slash before it', 'settings'],
  ['another host by two slashes', '//evil.example/x'],
  ['the own host by two slashes', '//app.example.com/x'],
  ['two slashes behind a dot', '/.//evil.example'],
  ['two slashes behind a parent', '/a/..//evil.example'],
  ['no host that a parser knows', 'https://['],
  ['an origin that was not allowed', 'https://evil.example/'],
  ['an allowed host without TLS', 'http://admin.example.com/'],
  ['an allowed host at another port', 'https://admin.example.com:8443/'],
  ['an allowed host without slashes', 'https:admin.example.com/x'],
  ['an allowed host behind three slashes', 'https:///admin.example.com/x'],
  ['what another scheme holds', 'blob:https://admin.example.com/x'],
  ['a user name', 'https://ada@admin.example.com/'],
  ['a password', 'https://:secret@admin.example.com/'],
])('A12 %s leads to the default page', (_what, asked) => expect(returned(asked)).toBe('/'));

test.each([
  '/a b', '/a\tb', '/a\nb', '/a\u0000b', '/a\u007fb', '/a\u00a0b', '/é', '/／evil.example', '/\\evil.example', '/a\\b',
  'https://admin.example.com/a b', 'https://admin.example.com/\\x', 'https://admin.example.com/é',
  '/%00', '/%0a', '/%0D', '/%09', '/%10', '/%1f', '/%1F', '/%7f', '/%7F', '/%5c', '/a?b=%5C', 'https://admin.example.com/%0a',
])('A12 no character that somebody on the way reads as another: %j', (asked) => expect(returned(asked)).toBe('/')); // prettier-ignore

test('A12 a board in development is followed without TLS, on its own origin alone', () => {
  const local = (asked: string) => at('http://localhost:3000/integrations', asked);
  expect(local('http://localhost:3000/x')).toBe('http://localhost:3000/x');
  expect(local('/x')).toBe('/x');
  expect(local('http://localhost:3001/x')).toBe('/');
});
