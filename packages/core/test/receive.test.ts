import { describe, expect, test } from 'vitest';

import { silentLog } from '../src/log.ts';
import { hmacSigner } from '../src/webhooks/hmac-signature.ts';
import { jsonReply } from '../src/webhooks/reply.ts';
import type { Verdict } from '../src/webhooks/webhook.ts';
import { createRig, key, organizationId } from './support/rig.ts';

const url = 'https://app.example.com/integrations/webhooks/acme';
const sign = hmacSigner({ header: 'x-acme-signature', algorithm: 'sha256', encoding: 'hex' });

async function post(body: string, secret = 'signing-secret', headers: Record<string, string> = {}): Promise<Request> {
  const signed = await sign({ body, url, at: new Date(0) }, secret);
  return new Request(url, { method: 'POST', body, headers: { ...signed, ...headers } });
}

const order = (id: string, account = 'acct-1') => JSON.stringify({ type: 'order.created', id, account, total: 5 });

test('a signed event reaches the handlers of its organization, once', async () => {
  const { board, connect } = createRig();
  await connect();
  const heard: unknown[] = [];
  board.on('acme', 'order.created', ({ id, total }, context) => void heard.push([id, total, context.organizationId]));
  board.on('acme', '*', (_data, { type }) => void heard.push(type));
  const first = await board.webhooks.receive('acme', await post(order('e1')));
  expect(first.status).toBe(200);
  expect((await board.webhooks.receive('acme', await post(order('e1')))).status).toBe(200);
  expect(heard).toEqual([['e1', 5, organizationId], 'order.created']);
});

test('E01 without a good signature nothing is dispatched', async () => {
  const { board, connect } = createRig();
  await connect();
  let heard = 0;
  board.on('acme', '*', () => void heard++);
  const good = (await post(order('e1'))).headers.get('x-acme-signature') ?? '';
  const forged = [
    undefined,
    '',
    good.slice(0, -1),
    `${good}00`,
    good.replace(/^./, (c) => (c === 'a' ? 'b' : 'a')),
    `${good}, ${good}`,
    'x'.repeat(10_240),
  ];
  for (const signature of forged) {
    const request = new Request(url, {
      method: 'POST',
      body: order('e1'),
      headers: signature === undefined ? {} : { 'x-acme-signature': signature },
    });
    const response = await board.webhooks.receive('acme', request);
    expect(response.status, signature?.slice(0, 20)).toBe(401);
  }
  expect((await board.webhooks.receive('acme', await post(order('e1'), 'another-secret'))).status).toBe(401);
  expect(heard).toBe(0);
});

test('E02 without a configured secret the endpoint is closed', async () => {
  const { acmeProvider } = await import('./support/rig.ts');
  const { createPlugboard } = await import('../src/board.ts');
  const { createMemoryStore } = await import('../src/memory-store.ts');
  const { key } = await import('./support/rig.ts');
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [acmeProvider()({ clientId: 'c', clientSecret: 's' })],
    store: createMemoryStore(),
    keys: { k1: key },
    mode: 'test',
    env: {},
  });
  const response = await board.webhooks.receive('acme', await post(order('e1')));
  expect([response.status, await response.json()]).toMatchObject([503, { code: 'webhook_not_configured' }]);
});

test('E04 of a thousand parallel copies the handler sees one', async () => {
  const { board, connect, clock } = createRig();
  await connect();
  let heard = 0;
  board.on('acme', 'order.created', () => void heard++);
  const copies = await Promise.all(
    Array.from({ length: 1_000 }, async () => board.webhooks.receive('acme', await post(order('e1')))),
  );
  expect(heard).toBe(1);
  expect(copies.every((response) => response.status === 200 || response.status === 503)).toBe(true);
  await clock.advance(2 * 86_400_000);
  expect((await board.webhooks.receive('acme', await post(order('e1')))).status).toBe(200);
  expect(heard).toBe(1);
});

test('E08 E09 bodies that are too large, too slow or compressed are refused before the signature', async () => {
  const { board, clock } = createRig();
  const large = await board.webhooks.receive('acme', await post('x'.repeat(1_048_577)));
  expect(large.status).toBe(413);
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
  const streamed = new Request(url, { method: 'POST', body: endless, duplex: 'half' } as RequestInit);
  expect((await board.webhooks.receive('acme', streamed)).status).toBe(413);
  const zipped = await board.webhooks.receive(
    'acme',
    await post(order('e1'), 'signing-secret', { 'content-encoding': 'gzip' }),
  );
  expect(zipped.status).toBe(415);
  const silent = new Request(url, { method: 'POST', body: new ReadableStream({}), duplex: 'half' } as RequestInit);
  const slow = board.webhooks.receive('acme', silent);
  await clock.advance(15_001);
  expect((await slow).status).toBe(408);
});

test('E10 events about an account that nobody has connected reach nobody', async () => {
  const { board, connect } = createRig();
  await connect();
  let heard = 0;
  board.on('acme', '*', () => void heard++);
  expect((await board.webhooks.receive('acme', await post(order('e1', 'acct-9')))).status).toBe(200);
  expect(heard).toBe(0);
});

test('E16 a handler that fails asks the vendor to send again, and the next delivery runs', async () => {
  const { board, connect } = createRig();
  await connect();
  let runs = 0;
  board.on('acme', 'order.created', () => {
    if (++runs === 1) throw new Error('the host is not ready');
  });
  expect((await board.webhooks.receive('acme', await post(order('e1')))).status).toBe(500);
  expect((await board.webhooks.receive('acme', await post(order('e1')))).status).toBe(200);
  expect((await board.webhooks.receive('acme', await post(order('e1')))).status).toBe(200);
  expect(runs).toBe(2);
});

test('E17 signed but hostile JSON is refused in bounded time and pollutes nothing', async () => {
  const { board, connect } = createRig();
  await connect();
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  expect((await board.webhooks.receive('acme', await post(deep))).status).toBe(400);
  expect((await board.webhooks.receive('acme', await post('not json'))).status).toBe(400);
  const hostile =
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"type":"x","id":"e1","account":"acct-1"}';
  expect((await board.webhooks.receive('acme', await post(hostile))).status).toBe(200);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('a known event of an unexpected shape is kept at the vendor instead of being lost', async () => {
  const { board, connect } = createRig();
  await connect();
  const body = JSON.stringify({ type: 'order.created', id: 'e1', account: 'acct-1', total: 'five' });
  expect((await board.webhooks.receive('acme', await post(body))).status).toBe(500);
});

test('an uninstall event ends the connection and drops its secrets', async () => {
  const { board, connect, row, oauth } = createRig();
  await connect();
  const ended: string[] = [];
  board.on('connection.disconnected', ({ reason }) => void ended.push(reason));
  const body = JSON.stringify({ type: 'app.uninstalled', id: 'e1', account: 'acct-1' });
  expect((await board.webhooks.receive('acme', await post(body))).status).toBe(200);
  expect(await row()).toMatchObject({ status: 'disconnected', statusReason: 'uninstalled', credentials: null });
  expect(ended).toEqual(['uninstalled']);
  expect(oauth.ledger.revocations).toHaveLength(0);
});

test('an unknown provider has no endpoint', async () => {
  const { board } = createRig();
  expect((await board.webhooks.receive('nobody', await post('{}'))).status).toBe(404);
});

describe('what a handler returns', () => {
  const interaction = JSON.stringify({ type: 'command', id: 'i1', account: 'acct-1' });

  test('is the answer to the vendor; of several the first, and only the first time', async () => {
    const reply = () => ({ status: 202 });
    const { board, connect } = createRig({ webhooks: { reply } });
    await connect();
    board.on('acme', '*', () => undefined);
    board.on('acme', '*', () => jsonReply({ type: 4, data: { content: 'Hello' } }));
    board.on('acme', '*', () => ({ status: 204 }));
    const first = await board.webhooks.receive('acme', await post(interaction));
    expect([first.status, first.headers.get('content-type'), await first.json()]).toEqual([
      200,
      'application/json',
      { type: 4, data: { content: 'Hello' } },
    ]);
    const again = await board.webhooks.receive('acme', await post(interaction));
    expect([again.status, await again.text()]).toEqual([202, '']);
  });

  test('keeps the headers that protect the route', async () => {
    const { board, connect } = createRig();
    await connect();
    board.on('acme', '*', async () => ({
      status: 200,
      headers: { 'Content-Type': 'text/xml', 'X-Content-Type-Options': 'x', 'Cache-Control': 'public' },
      body: '<Response/>',
    }));
    const answer = await board.webhooks.receive('acme', await post(interaction));
    expect(Object.fromEntries(answer.headers)).toEqual({
      'content-type': 'text/xml',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
  });

  test('has no body where the status allows none', async () => {
    const { board, connect } = createRig();
    await connect();
    board.on('acme', '*', () => ({ status: 204, body: 'x' }));
    const answer = await board.webhooks.receive('acme', await post(interaction));
    expect([answer.status, answer.body]).toEqual([204, null]);
  });

  test.each([
    ['a redirect', { status: 302, headers: { location: 'https://evil.example' } }],
    ['an error', { status: 500 }],
    ['no status', { body: 'x' }],
    ['a status as text', { status: '200' }],
    ['a fraction', { status: 200.5 }],
    ['a text', 'ok'],
    ['a row of the host', { id: 1, status: 200 }],
    ['a body that is no text', { status: 200, body: { type: 4 } }],
    ['a header of two lines', { status: 200, headers: { 'x-a': 'b\r\nset-cookie: c=d' } }],
    ['a header with a line at its end', { status: 200, headers: { 'x-a': 'b\n' } }],
    ['a name with a line', { status: 200, headers: { 'x-a\r\nb': 'c' } }],
    ['a header that is no text', { status: 200, headers: { 'x-a': 1 } }],
    ['a cookie', { status: 200, headers: { 'Set-Cookie': 'a=b' } }],
    ['a length', { status: 200, headers: { 'content-length': '9' } }],
    ['another framing', { status: 200, headers: { 'Transfer-Encoding': 'chunked' } }],
    ['a character that no header holds', { status: 200, headers: { 'x-a': '\u{1f511}' } }],
  ])('is refused when it is %s: nothing of it is sent, and the vendor sends again', async (_what, reply) => {
    const logged: unknown[] = [];
    const log = { ...silentLog, error: (fields: object) => void logged.push(fields) };
    const { board, connect } = createRig({}, { log });
    await connect();
    let runs = 0;
    board.on('acme', '*', () => (runs++, reply) as never);
    for (const run of [1, 2]) {
      const answer = await board.webhooks.receive('acme', await post(interaction));
      expect([answer.status, await answer.json(), runs]).toMatchObject([500, { code: 'handler_failed' }, run]);
    }
    expect(logged).toMatchObject([{ code: 'invalid_reply' }, { code: 'invalid_reply' }]);
  });
});

test('a vendor that wants another status for a refusal gets it, for that reason alone', async () => {
  const { board, connect } = createRig({ webhooks: { refusals: { signature_invalid: 406 } } });
  await connect();
  const forged = await board.webhooks.receive('acme', await post(order('e1'), 'another-secret'));
  expect([forged.status, forged.headers.get('content-type'), await forged.json()]).toEqual([
    406,
    'application/problem+json',
    {
      type: 'urn:plugboard:problem:signature_invalid',
      title: 'Signature invalid',
      status: 406,
      code: 'signature_invalid',
    },
  ]);
  const unsigned = new Request(url, { method: 'POST', body: order('e1') });
  expect((await board.webhooks.receive('acme', unsigned)).status).toBe(401);
});

test('a believed delivery that says nothing readable gets the status of what is malformed', async () => {
  for (const [refusals, status] of [[{ malformed: 406 }, 406] as const, [{ replayed: 406 }, 400] as const]) {
    const { board, connect } = createRig({ webhooks: { refusals } });
    await connect();
    expect((await board.webhooks.receive('acme', await post('not json'))).status).toBe(status);
  }
});

describe('an event that names a further id of the account', () => {
  const pages = { alsoKnownAs: ['page-1', 'page-2'] };

  test('reaches the connections that the vendor listed it for', async () => {
    const { board, connect } = createRig(pages);
    await connect();
    const heard: unknown[] = [];
    board.on('acme', '*', (_data, context) => void heard.push([context.organizationId, context.accountId]));
    for (const account of ['page-2', 'acct-1', 'page-3'])
      expect((await board.webhooks.receive('acme', await post(order(account, account)))).status).toBe(200);
    expect(heard).toEqual([
      [organizationId, 'page-2'],
      [organizationId, 'acct-1'],
    ]);
  });

  test('passes a route of its own connection, and no other id does', async () => {
    const { board, connect } = createRig(pages);
    await connect();
    const statuses = ['page-1', 'page-3'].map(async (account) => {
      const request = await post(order(account, account));
      return (await board.webhooks.receive('acme', request, { organizationId })).status;
    });
    expect(await Promise.all(statuses)).toEqual([200, 403]);
  });

  test('is no longer heard after a reconnect that does not list it', async () => {
    const rig = createRig(pages);
    await rig.connect();
    const later = createRig({}, { store: rig.store, keys: { k1: key } });
    await later.connect();
    let heard = 0;
    later.board.on('acme', '*', () => void heard++);
    const statuses = ['page-1', 'acct-1'].map(async (account) => {
      const request = await post(order(account, account));
      return (await later.board.webhooks.receive('acme', request)).status;
    });
    expect([await Promise.all(statuses), heard]).toEqual([[200, 200], 1]);
  });
});

test('an event that concerns several accounts reaches a connection to each of them, once', async () => {
  const parse = ({ body }: { body: Uint8Array }) => {
    const [accountId, ...otherAccountIds] = JSON.parse(new TextDecoder().decode(body)) as [string, ...string[]];
    return [{ type: 'command', accountId, otherAccountIds, data: null }];
  };
  const { board, connect } = createRig({ webhooks: { parse }, alsoKnownAs: ['app-1'] });
  await connect();
  const heard: unknown[] = [];
  board.on('acme', '*', (_data, context) => void heard.push([context.organizationId, context.accountId]));
  const send = async (ids: readonly string[], target = {}) =>
    (await board.webhooks.receive('acme', await post(JSON.stringify(ids)), target)).status;
  expect([await send(['guild-1', 'acct-1', 'app-1']), await send(['guild-1', 'app-2'])]).toEqual([200, 200]);
  expect(heard).toEqual([[organizationId, 'guild-1']]);
  expect([await send(['guild-2', 'app-1'], { organizationId })]).toEqual([200]);
  expect([await send(['guild-2', 'app-2'], { organizationId })]).toEqual([403]);
  expect(heard).toHaveLength(2);
});

test('an id that one connection has used is none that another has', async () => {
  const { board, connect } = createRig();
  await connect();
  await connect('second');
  const heard: unknown[] = [];
  board.on('acme', 'order.created', (_data, { connection }) => void heard.push(connection?.label));
  for (const target of [{ label: 'default' }, { label: 'second' }, { label: 'second' }]) {
    const answer = await board.webhooks.receive('acme', await post(order('e1')), { organizationId, ...target });
    expect(answer.status).toBe(200);
  }
  expect(heard).toEqual(['default', 'second']);
});

test('a connection that was ended hears nothing any more, and ends once', async () => {
  const { board, connect } = createRig();
  await connect();
  const heard: string[] = [];
  board.on('acme', '*', (_data, { type }) => void heard.push(type));
  board.on('connection.disconnected', ({ reason }) => void heard.push(reason));
  await board.disconnect('acme', { organizationId });
  for (const type of ['order.created', 'app.uninstalled']) {
    const body = JSON.stringify({ type, id: type, account: 'acct-1', total: 5 });
    expect((await board.webhooks.receive('acme', await post(body), { organizationId })).status).toBe(200);
  }
  expect(heard).toEqual(['disconnected']);
});

test.each(['org-1', 'org-2', 'org-3'])(
  'what fails for %s keeps an event from no other, and comes again for it alone',
  async (failing) => {
    const { board } = createRig();
    const organizations = ['org-1', 'org-2', 'org-3'];
    for (const organization of organizations) {
      await board.connect('acme', { organizationId: organization, credentials: { apiKey: 'acme-key' } });
    }
    const heard: string[] = [];
    let broken = true;
    board.on('acme', 'order.created', (_data, context) => {
      if (context.organizationId === failing && broken) throw new Error('the handler is broken');
      heard.push(String(context.organizationId));
    });
    for (let turn = 0; turn < 3; turn++) {
      expect((await board.webhooks.receive('acme', await post(order('e1')))).status).toBe(500);
    }
    expect(heard.toSorted()).toEqual(organizations.filter((organization) => organization !== failing));
    broken = false;
    expect((await board.webhooks.receive('acme', await post(order('e1')))).status).toBe(200);
    expect(heard.toSorted()).toEqual(organizations);
  },
);

test('each failure of an event is told with the connection that it is of, and nothing of its text', async () => {
  const lines: object[] = [];
  const nothing = () => undefined;
  const log = { info: nothing, warn: nothing, error: (fields: object) => void lines.push(fields) };
  const { board, store } = createRig({}, { log });
  const organizations = ['org-1', 'org-2', 'org-3'];
  for (const organization of organizations) {
    await board.connect('acme', { organizationId: organization, credentials: { apiKey: 'acme-key' } });
  }
  board.on('acme', 'order.created', (_data, { organizationId: whose }) => {
    if (whose !== 'org-2') throw new TypeError('canary-1');
  });
  expect((await board.webhooks.receive('acme', await post(order('e1')))).status).toBe(500);
  const told = [];
  for (const whose of ['org-1', 'org-3']) {
    const { id } = (await store.connections.find(whose, { provider: 'acme', label: 'default' }))!;
    told.push(
      expect.objectContaining({ provider: 'acme', type: 'order.created', organizationId: whose, connectionId: id }),
    );
  }
  expect(lines).toHaveLength(2);
  expect(lines).toEqual(expect.arrayContaining(told));
  expect(JSON.stringify(lines)).not.toContain('canary-1');
});

test('who heard an event hears it once, also where the others are gone by the next try', async () => {
  const { board } = createRig();
  for (const organization of ['org-1', 'org-2']) {
    await board.connect('acme', { organizationId: organization, credentials: { apiKey: 'acme-key' } });
  }
  const heard: unknown[] = [];
  board.on('acme', 'order.created', (_data, context) => {
    if (context.organizationId === 'org-1') throw new Error('the handler is broken');
    heard.push(context.organizationId);
  });
  expect((await board.webhooks.receive('acme', await post(order('e1')))).status).toBe(500);
  await board.disconnect('acme', { organizationId: 'org-1' });
  expect((await board.webhooks.receive('acme', await post(order('e1')))).status).toBe(200);
  expect(heard).toEqual(['org-2']);
});

test('what fails for one event of a delivery keeps none of the others from their handlers', async () => {
  const ids = ['e1', 'e2', 'e3'];
  const { board, connect } = createRig({
    webhooks: { parse: () => ids.map((id) => ({ type: 'order.created', id, data: { id, total: 5 } })) },
  });
  await connect();
  const heard: unknown[] = [];
  let broken = true;
  board.on('acme', 'order.created', ({ id }) => {
    if (id === 'e1' && broken) throw new Error('the handler is broken');
    heard.push(id);
  });
  for (let turn = 0; turn < 3; turn++) {
    expect((await board.webhooks.receive('acme', await post(order('e1')))).status).toBe(500);
  }
  expect(heard).toEqual(['e2', 'e3']);
  broken = false;
  expect((await board.webhooks.receive('acme', await post(order('e1')))).status).toBe(200);
  expect(heard).toEqual(['e2', 'e3', 'e1']);
});

test('a delivery of which nothing is signed reaches nobody, and the vendor is told to come again', async () => {
  const verdict = { ok: true, secretIndex: 0, bodySigned: false } as unknown as Verdict;
  const { board, connect } = createRig({ webhooks: { verify: () => verdict } });
  await connect();
  const heard: unknown[] = [];
  board.on('acme', '*', (data) => void heard.push(data));
  expect((await board.webhooks.receive('acme', await post(order('e1')))).status).toBe(503);
  expect(heard).toEqual([]);
});
