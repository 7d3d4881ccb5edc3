import { describe, expect, test } from 'vitest';

import { createEmulator, type EmulatorOptions } from '../../src/emulator/create-emulator.ts';
import { isSecret, reveal } from '../../src/secret.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { exampleAccount, keyHeaders, loginHeaders, shop } from './shop-provider.ts';

const base = 'https://api.shop.example/v2';
const formType = { 'content-type': 'application/x-www-form-urlencoded' };

function start(options: EmulatorOptions = {}) {
  const clock = createFakeClock();
  const emulator = createEmulator(shop(), { clock, accounts: [exampleAccount], ...options });
  const send = async (method: string, url: string, init: RequestInit = {}) => {
    const request = new Request(url.startsWith('https:') ? url : base + url, { headers: keyHeaders, ...init, method });
    const response = await emulator.fetch(request);
    const body = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json';
    return { status: response.status, headers: response.headers, body: isJson ? (JSON.parse(body) as unknown) : body };
  };
  const json = (value: unknown, headers: Record<string, string> = keyHeaders) => ({
    body: JSON.stringify(value),
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { clock, emulator, send, json };
}

describe('declared endpoints', () => {
  test('answer with their examples: status, headers, JSON, text, nothing', async () => {
    const { send, json } = start();
    expect(await send('POST', '/orders', json({ total: 5 }))).toMatchObject({ status: 201, body: { id: 'o1' } });
    expect(await send('DELETE', '/orders/o1')).toMatchObject({ status: 204, body: '' });
    const form = { body: new URLSearchParams({ value: 'x' }) };
    expect(await send('POST', '/forms/a%2Fb:submit', form)).toMatchObject({ status: 200, body: 'stored' });
  });

  test('the literal path wins over a template', async () => {
    const { send, emulator } = start();
    expect((await send('GET', '/lists/search/items')).body).toEqual({ found: 'by search' });
    expect((await send('GET', '/lists/l1/items')).body).toMatchObject({ data: [{ id: 'i1' }] });
    expect(emulator.requests.map(({ operation }) => operation)).toEqual(['lists.search', 'lists.list']);
  });

  test('of several operations on one path the most alike answers', async () => {
    const { send, json } = start();
    const ask = async (query: string, variables: object) =>
      (await send('POST', '/query', json({ query, variables }))).body;
    expect(await ask('query shops', { first: '9' })).toEqual({ operation: 'shops' });
    expect(await ask('query products', { id: 'p9' })).toEqual({ operation: 'products' });
  });

  test('any version of the API and any host of a tenant is the vendor', async () => {
    const { send } = start();
    expect((await send('DELETE', 'https://api.shop.example/v9/orders/o1')).status).toBe(204);
    expect((await send('GET', 'https://acme.myshop.example/api/admin/info')).body).toEqual({ tenant: true });
  });

  test('an unknown path, a wrong method and a foreign host say what is wrong', async () => {
    const { send } = start();
    expect(await send('GET', '/nowhere')).toMatchObject({
      status: 404,
      body: { message: 'The emulator of shop knows no GET /v2/nowhere.' },
    });
    const wrong = await send('PUT', '/orders/o1');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'DELETE']);
    expect((await send('GET', 'https://api.other.example/v2/orders')).status).toBe(421);
    expect((await send('GET', 'https://a.b.myshop.example/api/admin/info')).status).toBe(421);
  });

  test('a request id is sent where the vendor has one', async () => {
    const { send } = start();
    const [one, two] = [await send('DELETE', '/orders/o1'), await send('GET', '/nowhere')];
    expect([one.headers.get('x-request-id'), two.headers.get('x-request-id')]).toEqual(['emulated-1', 'emulated-2']);
  });
});

describe('the body', () => {
  test.each([
    ['text that is no JSON', { body: '{', headers: { ...keyHeaders, 'content-type': 'application/json' } }],
    ['no body', {}],
    ['a form', { body: new URLSearchParams({ total: '1' }) }],
    ['a list', { body: '[]', headers: { ...keyHeaders, 'content-type': 'application/json' } }],
    ['JSON without its type', { body: '{"total":1}', headers: { ...keyHeaders, 'content-type': 'text/plain' } }],
  ])('%s is refused where a JSON object is declared', async (_name, init) => {
    const { send } = start();
    expect(await send('POST', '/orders', init)).toMatchObject({ status: 422, body: { error: 'bad input' } });
  });

  test('a form with a file stands for the JSON that holds none', async () => {
    const { send } = start();
    const form = (value: string | Blob) => {
      const data = new FormData();
      data.set('file', value);
      return { body: data };
    };
    expect((await send('POST', '/orders', form(new Blob(['x'])))).status).toBe(201);
    expect((await send('POST', '/orders', form('x'))).status).toBe(422);
  });

  test('types that end in +json are JSON', async () => {
    const { send, json } = start();
    const headers = { ...keyHeaders, 'content-type': 'application/vnd.api+json; charset=utf-8' };
    expect((await send('POST', '/orders', { ...json({ total: 1 }), headers })).status).toBe(201);
  });

  test('may be missing where an input can leave out all that would stand in it', async () => {
    const { send, json } = start();
    expect((await send('POST', '/orders/o1/close')).status).toBe(204);
    expect((await send('POST', '/orders/o1/close', json({ reason: 'x' }))).status).toBe(204);
    expect((await send('POST', '/orders/o1/close', json([]))).status).toBe(422);
    expect((await send('POST', '/notes', { headers: { ...keyHeaders, ...formType } })).status).toBe(204);
    expect((await send('POST', '/notes', json({ text: 'x' }))).status).toBe(422);
  });

  test('JSON is refused where a form is declared', async () => {
    const { send, json } = start();
    expect((await send('POST', '/forms/f:submit', json({ value: 'x' }))).status).toBe(422);
  });
});

describe('paging', () => {
  test('the page after the example is the last one', async () => {
    const { send } = start();
    expect((await send('GET', '/lists/l1/items')).body).toMatchObject({
      links: { next: expect.stringContaining('cursor=abc') as string },
    });
    const last = (await send('GET', '/lists/l1/items?cursor=abc')).body;
    expect(last).toEqual({ data: [{ id: 'i1' }], links: { next: null } });
    expect((await send('GET', '/lists/l1/items?limit=5')).body).not.toEqual(last);
  });
});

describe('routes of the provider', () => {
  test('remember, and leave the rest to the examples', async () => {
    const { send, json } = start();
    const made = await send('POST', '/orders', json({ total: 1, note: 'two' }));
    expect(made.body).toEqual({ id: 'o000001', note: 'two', shop: 'shop-1' });
    expect((await send('GET', '/orders/o000001')).body).toEqual(made.body);
    expect((await send('GET', '/orders/o9')).status).toBe(404);
    expect((await send('POST', '/orders', json({ total: 1 }))).body).toMatchObject({ id: 'o1' });
  });

  test('may answer with declared examples and failures', async () => {
    const { send } = start();
    expect(await send('GET', '/copy')).toMatchObject({ status: 201, body: { id: 'o1' } });
    const limited = await send('GET', '/limits');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
  });

  test('need a good credential, unless they are open', async () => {
    const { emulator, send } = start();
    expect((await send('GET', '/orders/o1', { headers: {} })).status).toBe(401);
    const { accessToken } = emulator.credentials('oauth');
    const ended = await send('POST', '/auth/end', {
      headers: {},
      body: new URLSearchParams({ token: reveal(accessToken!) }),
    });
    expect(ended.status).toBe(200);
    expect(emulator.oauth.ledger.revocations).toHaveLength(1);
  });

  test.each(['orders', 'FETCH /orders', 'GET orders', 'GET /a b'])('the route %s is refused', (route) => {
    const broken = { definition: { ...shop.definition, emulator: () => ({ [route]: () => undefined }) }, options: {} };
    expect(() => createEmulator(broken)).toThrowError(expect.objectContaining({ code: 'invalid_emulator' }));
  });

  test('ids and tables start anew after a reset', async () => {
    const { send, json, emulator } = start();
    const note = json({ total: 1, note: 'x' });
    expect((await send('POST', '/orders', note)).body).toMatchObject({ id: 'o000001' });
    emulator.reset();
    expect(emulator.requests).toEqual([]);
    expect((await send('GET', '/orders/o000001')).status).toBe(404);
    expect((await send('POST', '/orders', note)).body).toMatchObject({ id: 'o000001' });
  });
});

describe('failures on demand', () => {
  test('a declared example, any reply, the next ones, in their order', async () => {
    const { emulator, send } = start();
    emulator.failNext('rateLimited', 2);
    emulator.failNext({ status: 502, text: 'bad gateway' });
    const statuses = [];
    for (let turn = 0; turn < 4; turn++) statuses.push((await send('DELETE', '/orders/o1')).status);
    expect(statuses).toEqual([429, 429, 502, 204]);
  });

  test('an unknown name is refused and says which there are', () => {
    const { emulator } = start();
    expect(() => emulator.failNext('nonsense')).toThrowError(
      expect.objectContaining({ code: 'unknown_example', hint: expect.stringContaining('rateLimited') as string }),
    );
  });
});

describe('the log', () => {
  test('tells what was sent, and keeps credentials as secrets', async () => {
    const { clock, emulator, send, json } = start();
    await send('POST', '/orders?trace=1', json({ total: 5 }));
    expect(emulator.requests).toEqual([
      {
        at: clock.now(),
        method: 'POST',
        host: 'api.shop.example',
        path: '/v2/orders',
        part: 'api',
        operation: 'orders.create',
        query: { trace: '1' },
        headers: { 'content-type': 'application/json' },
        json: { total: 5 },
        credential: { method: 'key', good: true, values: { apiKey: expect.anything() as unknown } },
        status: 201,
      },
    ]);
    expect(isSecret(emulator.requests[0]?.credential?.values['apiKey'])).toBe(true);
    expect(JSON.stringify(emulator.requests)).not.toContain('key_example');
  });

  test('holds no secret of any way to authenticate', async () => {
    const { emulator, send } = start();
    const { accessToken } = emulator.credentials('machine');
    const token = reveal(accessToken!);
    await send('DELETE', '/orders/o1', { headers: loginHeaders });
    await send('DELETE', '/orders/o1', { headers: { 'x-machine-token': token } });
    await send('DELETE', '/orders/o1', { headers: { authorization: 'Unheard-Of canary' } });
    const body = JSON.stringify({
      grant_type: 'refresh_token',
      refresh_token: 'canary',
      client_id: 'c',
      client_secret: 'canary',
    });
    await send('POST', 'https://acme.myshop.example/oauth/token', {
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(emulator.requests.map(({ part, credential }) => [part, credential?.method ?? null])).toEqual([
      ['api', 'login'],
      ['api', 'machine'],
      ['api', null],
      ['oauth', null],
    ]);
    const log = JSON.stringify(emulator.requests);
    for (const text of ['canary', token, 'c29tZW9uZTpleGFtcGxl']) expect(log).not.toContain(text);
  });
});
