/** R50: what browsers bring back, and what callers hand in to go on. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { isPlugboardError } from '../../src/errors.ts';
import { readCursor, writeCursor } from '../../src/store-cursor.ts';
import { createRig, organizationId, userId } from '../support/rig.ts';
import { corpus, corpusTimeoutMs } from './corpus.ts';
import { hostileText, nearly } from './texts.ts';

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`),
  );

test(
  'R50 a state near a good one is refused, and costs no token call',
  async () => {
    const { board, consent, tokenCalls } = createRig();
    const { back, cookies } = await consent();
    const good = back.searchParams.get('state')!;
    const states = fc.oneof({ weight: 4, arbitrary: nearly(fc.constant(good)) }, hostileText);
    await corpus(
      'state',
      states,
      async (state) => {
        if (state === good) return;
        const params = new URL(back);
        params.searchParams.set('state', state);
        const code = await codeOf(board.callback('acme', { params, cookies, organizationId, userId }));
        expect(code).toBe('state_invalid');
      },
      { share: 0.2 },
    );
    expect(tokenCalls()).toHaveLength(0);
    expect(await codeOf(board.callback('acme', { params: back, cookies, organizationId, userId }))).toBe('accepted');
  },
  corpusTimeoutMs,
);

test(
  'R50 of all Cookie headers only one that holds the cookie once is the browser of the flow',
  async () => {
    const { board, consent, tokenCalls } = createRig();
    const { back, cookies: good, started } = await consent();
    const { name, value } = started.cookie;
    const pairs = fc.array(fc.oneof(hostileText, nearly(fc.constant(good)), fc.constantFrom(name, value, `${name}=`, '')), { maxLength: 4 }); // prettier-ignore
    await corpus(
      'cookies',
      fc.tuple(pairs, fc.constantFrom('; ', ';', ',', '=')),
      async ([parts, between]) => {
        const cookies = parts.join(between);
        const holds = cookies
          .slice(0, 16_384)
          .split(';')
          .map((part) => part.trim());
        if (holds.includes(good)) return;
        const code = await codeOf(board.callback('acme', { params: back, cookies, organizationId, userId }));
        expect(code).toBe('state_mismatch');
      },
      { share: 0.1 },
    );
    expect(tokenCalls()).toHaveLength(0);
    const twice = `${good}; ${good}`;
    expect(await codeOf(board.callback('acme', { params: back, cookies: twice, organizationId, userId }))).toBe(
      'state_mismatch',
    );
    const among = `theme=dark;${good}; __proto__=1`;
    expect(await codeOf(board.callback('acme', { params: back, cookies: among, organizationId, userId }))).toBe(
      'accepted',
    );
  },
  corpusTimeoutMs,
);

test(
  'R50 parameters of a callback: a result or a refusal of ours, whatever the vendor or a stranger sends',
  async () => {
    const { board, consent } = createRig();
    const { back, cookies } = await consent();
    const names = fc.constantFrom(
      'code',
      'state',
      'iss',
      'error',
      'error_description',
      'scope',
      '__proto__',
      'state[]',
    );
    const pairs = fc.array(fc.tuple(names, hostileText), { maxLength: 4 });
    await corpus(
      'callback',
      fc.tuple(pairs, fc.boolean()),
      async ([added, emptied]) => {
        const params = new URL(back);
        if (emptied) params.search = '';
        for (const [name, value] of added) params.searchParams.append(name, value);
        if (added.length === 0 && !emptied) return;
        const code = await codeOf(board.callback('acme', { params, cookies, organizationId, userId }));
        expect(code).not.toMatch(/^foreign/);
      },
      { share: 0.1 },
    );
  },
  corpusTimeoutMs,
);

test(
  'R50 G02 a cursor that was altered, or is of another scope, is refused',
  async () => {
    const scope = ['org-1', 'list', 'acme'];
    const position = fc.oneof(hostileText, fc.json()).map((text) => text.toWellFormed().slice(0, 200));
    await corpus(
      'cursors',
      fc.tuple(position, nearly(fc.constant('.'.repeat(40))), hostileText, fc.nat()),
      async ([at, noise, other, place]) => {
        const cursor = await writeCursor(scope, at);
        if (cursor.length <= 1024) expect(await readCursor(scope, cursor, (read) => read)).toBe(at);
        const altered =
          cursor.slice(0, place % cursor.length) + noise.slice(0, 2) + cursor.slice((place % cursor.length) + 1);
        for (const [asked, text] of [
          [scope, altered === cursor ? '' : altered],
          [scope, other],
          [[...scope, ''], cursor],
          [['org-1', 'listacme'], cursor],
        ] as const) {
          expect(await codeOf(readCursor(asked, text, (read) => read))).toBe('invalid_input');
        }
      },
      { share: 0.4 },
    );
  },
  corpusTimeoutMs,
);
