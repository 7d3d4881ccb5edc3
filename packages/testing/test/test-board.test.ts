import { Socket } from 'node:net';

import { createMemoryStore, isStub, silentLog, type Log } from '@plugboard/core';
import { afterEach, expect, test, vi } from 'vitest';

import { createFakeClock } from '../src/clock.ts';
import { createTestBoard, type TestBoard, type TestBoardOptions } from '../src/test-board.ts';
import { acme } from './support/acme.ts';

afterEach(() => vi.unstubAllEnvs());

const who = { organizationId: 'org-1' };
const credentials = { apiKey: 'key_1' };
const app = { clientId: 'client', clientSecret: 'secret' };

const create = (options?: TestBoardOptions) => createTestBoard(acme(app), options);

/** Connected by key, with an empty list of what was sent. */
async function connected(options?: TestBoardOptions) {
  const made = create(options);
  await made.board.connect('acme', { ...who, credentials });
  made.sent.length = 0;
  return { ...made, orders: made.board.client('acme', who).orders };
}

test('keeps what is sent, in its order, in each form in which a test may want to read it', async () => {
  const { board, sent, authorize } = create();
  await board.connect('acme', { ...who, credentials });
  await board.client('acme', who).orders.create({ total: 5 });
  await authorize({ label: 'oauth' });
  expect(sent.map(({ method, url }) => `${method} ${url.href}`)).toEqual([
    'GET https://api.acme.example/me',
    'POST https://api.acme.example/orders',
    'POST https://auth.acme.example/token',
    'GET https://api.acme.example/me',
  ]);
  const [me, order, token] = sent;
  expect([me!.headers.get('x-api-key'), me!.text, me!.json]).toEqual(['key_1', '', undefined]);
  expect([order!.text, order!.json]).toEqual(['{"total":5}', { total: 5 }]);
  expect(order!.bytes).toEqual(new TextEncoder().encode('{"total":5}'));
  expect([token!.form.get('grant_type'), token!.json]).toEqual(['authorization_code', undefined]);
});

test('a test answers instead of the emulator, and leaves to it what it does not answer', async () => {
  const { orders, answer, sent, vendor } = await connected();
  answer(({ json }) => (JSON.stringify(json) === '{"total":1}' ? Response.json({ id: 'mine' }) : undefined));
  expect([await orders.create({ total: 1 }), await orders.create({ total: 2 })]).toEqual([
    { id: 'mine' },
    { id: 'o1' },
  ]);
  answer(() => Promise.resolve(Response.json({ id: 'later' })));
  expect(await orders.create({ total: 1 })).toEqual({ id: 'later' });
  answer(() => undefined);
  expect(await orders.create({ total: 1 })).toEqual({ id: 'o1' });
  // All were sent; the emulator saw those that were left to it, and the check of the key before them.
  expect(sent).toHaveLength(4);
  expect(vendor.requests.map(({ operation }) => operation)).toEqual([null, 'orders.create', 'orders.create']);
});

test('who answers may be an option, which holds from the first request on', async () => {
  const { board, vendor } = create({ answer: () => Response.json({ id: 'a2', name: 'Acme Two' }) });
  expect(await board.connect('acme', { ...who, credentials })).toMatchObject({ account: { id: 'a2' } });
  expect(vendor.requests).toEqual([]);
});

test('a request may be passed to the emulator in another form', async () => {
  const { orders, answer, vendor } = await connected();
  answer((_sent, request) => {
    const changed = new Request(request);
    changed.headers.set('x-api-key', 'key_wrong');
    return vendor.fetch(changed);
  });
  await expect(orders.create({ total: 1 })).rejects.toMatchObject({ kind: 'auth' });
});

test('a refusal that the emulator is asked for reaches the caller', async () => {
  const { orders, vendor } = await connected();
  vendor.failNext('invalidCredentials');
  await expect(orders.create({ total: 1 })).rejects.toMatchObject({ code: 'unauthorized' });
});

test('options reach the board and the emulator', async () => {
  const clock = createFakeClock({ start: Date.UTC(2030, 0, 1) });
  const store = createMemoryStore({ clock });
  const url = 'https://other.example/base';
  const made = createTestBoard(acme(), {
    clock,
    store,
    url,
    env: { ACME_ID: 'from-env', ACME_SECRET: 's' },
    accounts: [{ id: 'a7', name: 'Seven' }],
    redirectUris: [`${url}/callback/acme`],
  });
  const flow = await made.begin();
  expect(flow.url.searchParams.get('client_id')).toBe('from-env');
  expect(flow.url.searchParams.get('redirect_uri')).toBe(`${url}/callback/acme`);
  expect(await flow.finish(await flow.approve())).toMatchObject({ status: 'connected' });
  expect(made.vendor.oauth.ledger.families()).toMatchObject([{ account: { id: 'a7' } }]);
  expect([made.clock, made.store]).toEqual([clock, store]);
  expect((await store.connections.list('org-1')).items).toHaveLength(1);

  const elsewhere = create({ redirectUris: ['https://app.example.com/elsewhere'] });
  await expect(elsewhere.authorize()).rejects.toThrow('authorization endpoint answered 4');
});

test('without a key the board is a stub, which speaks to the log of the options', async () => {
  const lines: string[] = [];
  const log: Log = { ...silentLog, info: (_fields, text) => void lines.push(text) };
  const { board, sent } = createTestBoard(acme(), { log });
  expect(isStub(await board.client('acme', who).orders.create({ total: 1 }))).toBe(true);
  expect(lines).toEqual(['stub: acme orders.create would have sent']);
  expect(sent).toEqual([]);
});

test('nothing is served from memory unless a test asks for it', async () => {
  const reads = async (options?: TestBoardOptions) => {
    const { orders, store } = await connected(options);
    const read = vi.spyOn(store.connections, 'find');
    for (let turn = 0; turn < 3; turn++) await orders.create({ total: turn });
    return read.mock.calls.length;
  };
  expect(await reads()).toBe(3);
  expect(await reads({ cacheMs: 60_000 })).toBeLessThan(2);
});

test('one call goes through consent and back, for one organization and user unless the input names others', async () => {
  const { board, authorize, vendor } = create();
  expect(await authorize()).toMatchObject({
    status: 'connected',
    connection: { method: 'oauth', account: { id: 'a1' } },
  });
  const other = { organizationId: 'org-2', userId: 'user-2', label: 'second' };
  expect(await authorize(other)).toMatchObject({ connection: { organizationId: 'org-2', label: 'second' } });
  expect(await board.connections.get('acme', who)).toMatchObject({ status: 'active', label: 'default' });
  expect(vendor.oauth.ledger.tokenCalls.map(({ outcome }) => outcome)).toEqual(['issued', 'issued']);
});

test('a consent that grants less, or nothing, ends as it does at the vendor', async () => {
  const { board, authorize, sent } = create();
  expect(await authorize({}, { allow: false })).toMatchObject({ status: 'denied', reason: 'access_denied' });
  expect([await board.connections.get('acme', who), sent]).toEqual([null, []]);
  expect(await authorize({}, { scopes: [] })).toMatchObject({ missingScopes: ['orders'] });
});

test('a flow stops at the consent page and before the callback, so that a test can look and change', async () => {
  const { begin, sent } = create();
  const flow = await begin({ scopes: ['orders'] });
  expect(`${flow.url.origin}${flow.url.pathname}`).toBe('https://auth.acme.example/authorize');
  expect(flow.url.searchParams.get('scope')).toBe('orders');
  const back = await flow.approve();
  const forged = new URL(back);
  forged.searchParams.set('state', 'another');
  await expect(flow.finish(forged)).rejects.toMatchObject({ kind: 'permission' });
  expect(sent).toEqual([]);
  expect(await flow.finish(back.searchParams)).toMatchObject({ status: 'connected' });
});

test('time stands for the board and for the vendor, and both see it move', async () => {
  const { board, clock, sent, authorize, vendor } = create();
  const start = Date.UTC(2026, 0, 1);
  await authorize();
  expect(clock.now()).toBe(start);
  expect((await board.connections.get('acme', who))?.expiresAt?.getTime()).toBe(start + 3_600_000);
  const [family] = vendor.oauth.ledger.families();
  const states = () => vendor.oauth.ledger.tokens(family!.id).map(({ text }) => vendor.oauth.use(text.reveal())?.state);
  expect(states()).toContain('live');
  sent.length = 0;
  await clock.advance(3_600_000);
  expect(states()).toContain('expired');
  await board.client('acme', who).orders.create({ total: 1 });
  expect(sent.map(({ form }) => form.get('grant_type'))).toEqual(['refresh_token', null]);
  expect(vendor.requests.at(-1)).toMatchObject({ credential: { good: true } });
});

test('a wait before another try ends when the test says so', async () => {
  const { board, clock, sent, vendor } = create();
  vendor.failNext({ status: 503, text: 'later' });
  const connecting = board.connect('acme', { ...who, credentials });
  // Its deadline, and the wait.
  await clock.untilPending(2);
  expect(sent).toHaveLength(1);
  await clock.advance(10_000);
  await connecting;
  expect(sent).toHaveLength(2);
});

test('nothing leaves the process, and nothing comes from its environment', async () => {
  const opened = vi.spyOn(Socket.prototype, 'connect');
  vi.stubEnv('ACME_ID', 'client-of-the-process');
  vi.stubEnv('ACME_SECRET', 'secret');
  const made = createTestBoard(acme());
  await made.board.connect('acme', { ...who, credentials });
  await made.board.client('acme', who).orders.create({ total: 1 });
  await create().authorize();
  expect(opened).not.toHaveBeenCalled();
  expect((await made.begin()).url.searchParams.get('client_id')).toBe('stub-acme-clientId');
  // What the spy would have seen.
  await fetch('http://127.0.0.1:2').catch(() => undefined);
  expect(opened).toHaveBeenCalled();
});

test('boards share nothing', async () => {
  const [first, second]: TestBoard<ReturnType<typeof acme>>[] = [create(), create()];
  await first!.authorize();
  expect(second!.sent).toEqual([]);
  expect(await second!.board.connections.get('acme', who)).toBeNull();
});

test('the client is that of the provider: another name of it or of an operation is an error of types', async () => {
  const { board, orders } = await connected();
  // @ts-expect-error there is no such operation
  expect(orders.remove).toBeUndefined();
  // @ts-expect-error an order has a total
  await expect(orders.create({})).rejects.toMatchObject({ code: 'invalid_input' });
  // @ts-expect-error there is one provider on the board
  expect(() => board.client('other', who)).toThrow();
});
