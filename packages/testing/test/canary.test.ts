import { inspect } from 'node:util';

import { Secret } from '@plugboard/core';
import { expect, test } from 'vitest';

import { createCanaries, findCanaries } from '../src/canary.ts';

const canaries = createCanaries('token', 'key');
const { token } = canaries;
/** Characters that each encoding writes differently, so that each is told from the others. */
const odd = { token: 'canary >>>???+/"=& ü' };
const forms = (text: string) => findCanaries(text, odd).map(({ name, form }) => `${name} ${form}`);

test('canaries are distinct, in one set and in two', () => {
  const texts = [...Object.values(canaries), ...Object.values(createCanaries('token', 'key'))];
  expect(new Set(texts).size).toBe(4);
});

test.each([
  ['plain', `before ${odd.token} after`],
  ['json', JSON.stringify({ a: odd.token })],
  ['json', JSON.stringify(JSON.stringify({ a: odd.token }))],
  ['url', `https://x.example/?a=${encodeURIComponent(odd.token)}`],
  ['url', encodeURIComponent(odd.token).toLowerCase()],
  ['form', new URLSearchParams({ a: odd.token }).toString()],
  ['hex', Buffer.from(`x${odd.token}`).toString('hex')],
  ['hex', Buffer.from(odd.token).toString('hex').toUpperCase()],
  ['base64', Buffer.from(odd.token).toString('base64')],
  ['base64', Buffer.from(`u:${odd.token}`).toString('base64')],
  ['base64', Buffer.from(`use:${odd.token}:tail`).toString('base64')],
  ['base64url', Buffer.from(odd.token).toString('base64url')],
  ['base64url', Buffer.from(`u${odd.token}x`).toString('base64url')],
])('%s in a text', (form, text) => {
  expect(forms(text)).toEqual([`token ${form}`]);
});

test.each([
  ['bytes', Buffer.from(`x${token}y`)],
  ['a deep object', { a: { b: { c: { d: { e: { f: [token] } } } } } }],
  ['an error message', new Error(`failed: ${token}`)],
  ['a cause', new Error('failed', { cause: new Error('inner', { cause: { body: token } }) })],
  ['an aggregate', new AggregateError([new Error(token)], 'several')],
  ['a hidden property', Object.defineProperty({}, 'hidden', { value: token, enumerable: false })],
  ['a map', new Map([['k', { v: token }]])],
  ['headers', new Headers({ authorization: `Bearer ${token}` })],
  ['a form', new URLSearchParams({ a: token })],
  ['toJSON', { toJSON: () => token }],
  ['toString', { toString: () => token }],
  ['bytes of UTF-8', Buffer.from('ü' + token)],
  ['a long text', { text: 'x'.repeat(20_000) + token }],
  ['a long list', [...Array.from({ length: 500 }, () => 'x'), token]],
  ['a custom inspection', { [inspect.custom]: () => token }],
])('%s', (_name, subject) => {
  expect(findCanaries(subject, canaries).map(({ name }) => name)).toContain('token');
});

test.each([
  ['a Secret', new Secret(token)],
  ['a Secret inside', { a: [new Secret(token)], b: new Map([['k', new Secret(token)]]) }],
  ['other texts', { a: 'nothing', b: Buffer.from('nothing'), c: 5, d: null, e: undefined, f: Symbol('x') }],
  ['a part of a canary', token.slice(0, 12)],
  [
    'what cannot be printed',
    {
      toJSON: () => {
        throw new Error('no');
      },
      toString: () => {
        throw new Error('no');
      },
    },
  ],
])('%s holds none', (_name, subject) => {
  expect(findCanaries(subject, canaries)).toEqual([]);
});

test('each canary is told apart', () => {
  const hits = findCanaries(`${canaries.key} ${canaries.token}`, canaries);
  expect(hits).toEqual([
    { name: 'token', form: 'plain', where: 'text' },
    { name: 'key', form: 'plain', where: 'text' },
  ]);
});
