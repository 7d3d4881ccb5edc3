/** The page as a browser without scripts uses it: forms, cookies, redirects. */
import { get, type IncomingMessage } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApp, type App } from '../src/app.ts';
import { createBrowser, type Browser } from '../src/browser.ts';
import { providers } from '../src/providers.ts';

let app: App;
let browser: Browser;

beforeAll(async () => {
  app = await startApp(0);
  browser = createBrowser();
}, 120_000);
afterAll(() => app.close());

/** The page as text, tags cut out: what a reader sees. */
async function see(): Promise<string> {
  const page = await browser.visit(app.url);
  return (await page.text())
    .replace(/<style>[^]*<\/style>/, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll(/\s+/g, ' ');
}

async function press(action: string, form: Readonly<Record<string, string>> = {}): Promise<string> {
  const response = await browser.submit(`${app.url}/actions/${action}`, '', form, { origin: app.url });
  expect([response.status, response.headers.get('location')]).toEqual([303, '/']);
  return see();
}

describe('the page', () => {
  it('shows every vendor, and what can be done', async () => {
    const text = await see();
    for (const { definition } of providers) expect(text).toContain(`${definition.name} Not connected`);
    expect(text).toContain('Connect by API key Resend');
  });

  it('connects by key, sends a test, disconnects', async () => {
    const refused = await press('connect/klaviyo', { method: 'privateKey', privateKey: 'nonsense' });
    expect(refused).toMatch(/privateKey: /);
    const privateKey = 'pk_0123456789abcdef0123456789abcdef01';
    expect(await press('connect/klaviyo', { method: 'privateKey', privateKey })).toContain('Connected Klaviyo Demo.');
    expect(await see()).not.toContain('Connected Klaviyo Demo.');
    expect(await see()).toContain('Try it (Klaviyo)');
    expect(await press('test/klaviyo')).toContain('Call accounts.get of Klaviyo: accounts.get.');
    expect(await press('disconnect/klaviyo')).toContain('Disconnected.');
  });

  it('takes the values of every way to connect from what it declares', async () => {
    const html = await (await browser.visit(app.url)).text();
    expect(html).toContain('name="accessToken"');
    expect(html).toMatch(/id="twilio-\w+-\w+"\s+name="\w+"\s+type="password"\s+value="[^"]+"/);
  });

  it('connects by OAuth through the consent page of the vendor, and shows the choice of an account', async () => {
    const start = await browser.visit(`${app.url}/integrations/connect/meta?returnTo=/`);
    const consent = await browser.visit(start.headers.get('location')!);
    const decided = await browser.submit(start.headers.get('location')!, await consent.text(), { decision: 'allow' });
    const finished = await browser.visit(decided.headers.get('location')!);
    const end = await browser.visit(finished.headers.get('location')!);
    expect(await end.text()).toContain('Choose one of your accounts.');
    const [account] = await app.board.accounts.choices('meta', { organizationId: 'northwind' });
    expect(await press('choose/meta', { account: account!.id })).toContain(`Chose ${account!.name}.`);
    expect(await press('disconnect/meta')).toContain('Disconnected, and revoked at the vendor.');
  });

  it('says that the user denied', async () => {
    const start = await browser.visit(`${app.url}/integrations/connect/slack?returnTo=/`);
    const decided = await browser.submit(start.headers.get('location')!, '', { decision: 'deny' });
    const finished = await browser.visit(decided.headers.get('location')!);
    const end = await browser.visit(finished.headers.get('location')!);
    expect(await end.text()).toContain('The connection to Slack was denied.');
  });

  it('shows markup of others as text', async () => {
    const query = new URLSearchParams({ plugboard: 'error', provider: '<b>x', reason: '<img src=x onerror=alert(1)>' });
    const html = await (await browser.visit(`${app.url}/?${query.toString()}`)).text();
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
  });

  it('G14 does nothing for a page of another site, nor without a session', async () => {
    const url = `${app.url}/actions/disconnect/klaviyo`;
    const foreign = await browser.submit(url, '', {}, { origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    const stranger = await createBrowser().submit(url, '', {}, { origin: app.url });
    expect([stranger.status, stranger.headers.get('set-cookie')]).toEqual([303, null]);
  });

  it('leads browsers to the one address that the vendors send them back to', async () => {
    // Not fetch, which says itself what mode it is in.
    const headers = { host: `localhost:${new URL(app.url).port}`, 'sec-fetch-mode': 'navigate' };
    const response = await new Promise<IncomingMessage>((resolve) => get(app.url, { headers }, resolve));
    expect([response.statusCode, response.headers.location]).toEqual([307, app.url]);
  });
});
