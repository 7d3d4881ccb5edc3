/** What Plugboard is for, from the first redirect to the last revocation, over real HTTP. */
import type { App } from './app.ts';
import { definitions, type ProviderId } from './board.ts';
import { createBrowser, type Browser } from './browser.ts';
import { connectByFields, exampleOf, methodOf } from './connect.ts';
import { ada } from './session.ts';
import { capabilityShowcases, operationShowcase } from './showcase.ts';
import { explain, type Step } from './table.ts';

const { organizationId, userId } = ada;
const concurrentCalls = 50;

/** A row for each vendor, whichever they are; then one for each thing worth seeing. */
export function mainJob(app: App): readonly Step[] {
  const browser = createBrowser();
  const vendors = [...definitions.values()].map(({ id, name }) => ({ id: id as ProviderId, name }));
  return [
    { title: 'Sign in to the application', run: () => signIn(app, browser) },
    ...vendors.map(({ id, name }) => ({ title: `Connect ${name}`, run: () => connectVendor(app, browser, id) })),
    { title: 'Call an operation of each', run: () => callEach(app, vendors) },
    ...vendors.flatMap(({ id, name }) =>
      capabilityShowcases(id).map(({ title, run }) => ({
        title: `${title} ${name}`,
        run: () => run(app.board, organizationId),
      })),
    ),
    { title: `Refresh once under ${concurrentCalls} calls`, run: () => refreshOnce(app) },
    { title: 'Receive a signed webhook of Slack', run: () => receiveWebhook(app, 'signed') },
    { title: 'Refuse a forged webhook of Slack', run: () => receiveWebhook(app, 'forged') },
    { title: 'Check the health of all', run: () => checkHealth(app) },
    { title: 'Disconnect Google Ads and revoke', run: () => disconnect(app) },
  ];
}

async function signIn({ url }: App, browser: Browser): Promise<string> {
  const page = await browser.visit(url);
  expect(page.status === 200, `the page answered ${page.status}`);
  return `${userId} of ${organizationId}`;
}

/** By the first way that the vendor declares, as a user of the application would. */
async function connectVendor(app: App, browser: Browser, provider: ProviderId): Promise<string> {
  const { board } = app;
  const [name, method] = methodOf(provider);
  const details: string[] = [];
  if (method.kind === 'oauth2') details.push(...(await connectByOAuth(app, browser, provider)));
  else await connectByFields(board, provider, { method: name, credentials: exampleOf(method), caller: ada });
  const target = { organizationId };
  if ((await board.connections.get(provider, target))?.status === 'pending') {
    const [first] = await board.accounts.choices(provider, target);
    await board.accounts.choose(provider, { ...target, userId, accountId: first?.id ?? '' });
    details.unshift('chosen');
  }
  const connection = await board.connections.get(provider, target);
  expect(connection?.status === 'active', `the connection is ${connection?.status}: ${connection?.reason}`);
  return [`${method.title}: ${connection.account?.name ?? connection.account?.id}`, ...details].join(', ');
}

/** Start, consent page, form, callback: every hop is a request of its own, and none is followed blindly. */
async function connectByOAuth({ url, sandbox }: App, browser: Browser, provider: ProviderId): Promise<string[]> {
  const given = Object.entries(exampleOf(methodOf(provider)[1])).map(
    ([name, value]) => [`input.${name}`, value] as const,
  );
  const query = new URLSearchParams({ returnTo: '/', ...Object.fromEntries(given) });
  const start = await browser.visit(`${url}/integrations/connect/${provider}?${query.toString()}`);
  expect(start.status === 303, `the start answered ${start.status}: ${await start.text()}`);
  const asked = locationOf(start);
  expect(asked.searchParams.has('state'), 'the redirect carries no state');
  const consent = await browser.visit(asked.href);
  expect(consent.status === 200, `the consent page answered ${consent.status}`);
  const decided = await browser.submit(asked.href, await consent.text(), { decision: 'allow' });
  const finished = await browser.visit(locationOf(decided).href);
  const end = locationOf(finished);
  const status = end.searchParams.get('plugboard');
  expect(status === 'connected' || status === 'choose_account', `the flow ended with ${end.search}`);
  const calls = sandbox.emulators.get(provider)?.oauth.ledger.tokenCalls.length;
  const pkce = asked.searchParams.has('code_challenge') ? ['PKCE'] : [];
  return [...pkce, `${calls} token ${calls === 1 ? 'call' : 'calls'}`];
}

async function callEach({ board }: App, vendors: readonly { readonly id: ProviderId }[]): Promise<string> {
  const showcases = vendors.flatMap(({ id }) => {
    const showcase = operationShowcase(id);
    return showcase === undefined ? [] : [{ id, showcase }];
  });
  const failures = await Promise.all(
    showcases.map(({ id, showcase: { title, run } }) =>
      run(board, organizationId).then(
        () => undefined,
        (error: unknown) => `${title} ${id}: ${explain(error)}`,
      ),
    ),
  );
  const failed = failures.filter((failure) => failure !== undefined);
  expect(failed.length === 0, failed.join('; '));
  return `${showcases.length} vendors answered as they declare`;
}

/** The vendor ends every access token at once, and nobody tells the application. */
async function refreshOnce({ board, sandbox }: App): Promise<string> {
  const vendor = sandbox.emulators.get('google-ads')!;
  const refreshes = () => vendor.oauth.ledger.tokenCalls.filter((call) => call.grantType === 'refresh_token').length;
  const before = refreshes();
  vendor.expireTokens();
  const client = board.client('google-ads', { organizationId });
  const calls = Array.from({ length: concurrentCalls }, () => client.customers.listAccessible());
  await Promise.all(calls);
  const count = refreshes() - before;
  expect(count === 1, `the vendor saw ${count} refreshes`);
  return `${concurrentCalls} answers, ${count} refresh`;
}

/** Slack signs with the app's secret; the stub's is known to both sides. */
async function receiveWebhook({ url, board, sandbox }: App, kind: 'signed' | 'forged'): Promise<string> {
  const connection = await board.connections.get('slack', { organizationId });
  let handled = 0;
  const stop = board.on('slack', 'message', (_message, context) => {
    if (context.organizationId === organizationId) handled += 1;
  });
  const event = {
    type: 'event_callback',
    event_id: `Ev-${kind}`,
    team_id: connection?.account?.id ?? '',
    event: { type: 'message', channel: 'C0123456789', text: 'Where is my order?' },
  };
  const secret = kind === 'signed' ? 'stub-slack-signingSecret' : 'a-guess-of-an-attacker';
  const options = { url: `${url}/integrations/webhooks/slack` };
  const delivery = await sandbox.emulators.get('slack')!.webhook(event, secret, options);
  const { status } = await fetch(delivery);
  stop();
  const good = kind === 'signed' ? status === 200 && handled === 1 : status === 401 && handled === 0;
  expect(good, `answered ${status}, the handler ran ${handled} times`);
  return `${status}, ${handled === 1 ? 'the handler ran once' : 'no handler ran'}`;
}

async function checkHealth({ board }: App): Promise<string> {
  const ids = [...definitions.keys()] as ProviderId[];
  const all = await Promise.all(ids.map((id) => board.health(id, { organizationId })));
  const bad = all.filter(({ status }) => status !== 'stubbed');
  const detail = bad.map(({ provider, status, reason }) => `${provider} is ${status}: ${reason}`).join(', ');
  expect(bad.length === 0, detail);
  return `${all.length} vendors answer, all emulated`;
}

async function disconnect({ board, sandbox }: App): Promise<string> {
  const { revoked } = await board.disconnect('google-ads', { organizationId, userId });
  expect(revoked === 'revoked', `the revocation ${revoked}`);
  const seen = sandbox.emulators.get('google-ads')!.oauth.ledger.revocations.filter(({ by }) => by === 'request');
  expect(seen.length === 1, `the vendor saw ${seen.length} revocations`);
  return 'the vendor saw it';
}

function locationOf(response: Response): URL {
  const location = response.headers.get('location');
  expect(location !== null, `expected a redirect, got ${response.status}`);
  return new URL(location);
}

function expect(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}
