/** Vendors that post their answer: over real HTTP, with cookies as a browser gives them along. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { toNodeHandler } from '@plugboard/http/node';
import { afterEach, describe, expect, it } from 'vitest';

import { createBrowser, createPostingRig } from './support/poster.ts';

const running: (() => void)[] = [];
afterEach(() => running.splice(0).forEach((stop) => stop()));

async function start(session: 'None' | 'Lax', options: Parameters<typeof createPostingRig>[0] = {}) {
  const rig = createPostingRig(options);
  const server = createServer(toNodeHandler(rig.handler)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  running.push(() => server.close().closeAllConnections());
  const browser = createBrowser((server.address() as AddressInfo).port, session);
  const started = await browser.send('/connect/vendor?returnTo=/settings', 'strict');
  expect(started.status).toBe(303);
  const asked = new URL(started.headers.get('location')!).searchParams;
  const answer = new URLSearchParams({ code: 'c-1', state: asked.get('state')! });
  const stored = () => rig.board.connections.get('vendor', { organizationId: 'org-1' });
  return { ...rig, browser, started, asked, answer, stored };
}

/** What the page would post, and that it is this page which may do so. */
async function formOf(response: Response): Promise<URLSearchParams> {
  const html = await response.text();
  const inputs = [...html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
  const unescape = (text = '') => text.replaceAll(/&#(\d+);/g, (_, sign) => String.fromCharCode(Number(sign)));
  return new URLSearchParams(inputs.map(([, name, value]): [string, string] => [unescape(name), unescape(value)]));
}

const end = (response: Response) => [response.status, response.headers.get('location')];
const connected = [303, 'https://app.example.com/settings?plugboard=connected&provider=vendor'];
const failed = (reason: string) => [303, `https://app.example.com/?plugboard=error&provider=vendor&reason=${reason}`];

describe('A17 a vendor that posts its answer', () => {
  it('A17 gets a cookie of its own, and connects in one post where the session comes along', async () => {
    const { browser, started, asked, answer, stored } = await start('None');
    expect(asked.get('response_mode')).toBe('form_post');
    expect(started.headers.get('set-cookie')).toMatch(/^__Host-plugboard-vendor-.*; HttpOnly; SameSite=None; Secure$/);
    expect(end(await browser.send('/callback/vendor', 'none', answer))).toEqual(connected);
    expect(await stored()).toMatchObject({ status: 'active' });
  });

  it('A17 connects by a second post of our own page where browsers keep the session back', async () => {
    const { browser, answer, seen, tokenCalls } = await start('Lax');
    answer.set('user', '{"name":"<script>alert(1)</script>\'"}');
    const page = await browser.send('/callback/vendor', 'none', answer);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'sha256-[\w+/]{43}='; base-uri 'none'; frame-ancestors 'none'$/,
    );
    expect([page.headers.get('cache-control'), page.headers.get('referrer-policy')]).toEqual([
      'no-store',
      'no-referrer',
    ]);
    expect(await page.clone().text()).not.toMatch(/<script>alert|'"}|src=|href=/);
    expect(tokenCalls()).toBe(0);
    const again = await formOf(page);
    expect(Object.fromEntries(again)).toMatchObject(Object.fromEntries(answer));
    expect(end(await browser.send('/callback/vendor', 'strict', again))).toEqual(connected);
    // A vendor may sign all of its parameters, so it is given none of ours.
    expect(seen).toEqual([['code', 'state', 'user']]);
    expect(tokenCalls()).toBe(1);
  });

  it('A17 ends with an error, and no third post, where nobody is signed in', async () => {
    const { browser, answer, tokenCalls } = await start('Lax');
    browser.jar.setCookieSync('session=; Path=/; Secure; Max-Age=0', 'https://app.example.com');
    const again = await formOf(await browser.send('/callback/vendor', 'none', answer));
    expect(end(await browser.send('/callback/vendor', 'strict', again))).toEqual(failed('not_signed_in'));
    expect(tokenCalls()).toBe(0);
  });

  it.each(['None', 'Lax'] as const)('A17 fails closed without the flag, with a session that is %s', async (session) => {
    const { browser, started, asked, answer, stored, tokenCalls } = await start(session, { formPost: false });
    expect(asked.has('response_mode')).toBe(false);
    expect(started.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Lax; Secure$/);
    const reason = session === 'None' ? 'state_mismatch' : 'not_signed_in';
    expect(end(await browser.send('/callback/vendor', 'none', answer))).toEqual(failed(reason));
    expect([await stored(), tokenCalls()]).toEqual([null, 0]);
    // The redirect that it was started for still works.
    expect(end(await browser.send(`/callback/vendor?${answer.toString()}`, 'lax'))).toEqual(connected);
  });

  it('A17 changes nothing for the other providers of the board', async () => {
    const { browser } = await start('None');
    const other = await browser.send('/connect/other', 'strict');
    expect(other.headers.get('set-cookie')).toMatch(/^__Host-plugboard-other-.*; HttpOnly; SameSite=Lax; Secure$/);
    const posted = await browser.send('/callback/other', 'none', new URLSearchParams({ state: 'x' }));
    expect(posted.status).toBe(303);
  });

  it('A17 A01 lets no other browser finish it', async () => {
    const mine = await start('None');
    const answer = new URLSearchParams(mine.answer);
    mine.browser.jar.removeAllCookiesSync();
    mine.browser.jar.setCookieSync('session=org-1/ada; Path=/; Secure; SameSite=None', 'https://app.example.com');
    expect(end(await mine.browser.send('/callback/vendor', 'none', answer))).toEqual(failed('state_mismatch'));
    expect(mine.tokenCalls()).toBe(0);
  });

  it('A17 is not begun where browsers would refuse the cookie', async () => {
    const { board } = createPostingRig({ url: 'http://app.example.com/integrations' });
    const begun = board.authorize('vendor', { organizationId: 'org-1', userId: 'ada' });
    await expect(begun).rejects.toMatchObject({ kind: 'configuration', code: 'form_post_needs_https' });
    // A stand-in redirects.
    expect((await board.authorize('other', { organizationId: 'org-1', userId: 'ada' })).cookie.header).toMatch(
      /SameSite=Lax$/,
    );
  });
});
