import { expect, test } from 'vitest';

import { isPlugboardError } from '../src/errors.ts';
import { readTokenAnswer } from '../src/auth/token-answer.ts';
import { challengeOf, createPkce } from '../src/auth/pkce.ts';
import { createRig, drive, organizationId, userId } from './support/rig.ts';

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : `foreign: ${String(error)}`),
  );

test('A01 a callback in another browser is refused, before any token call, and leaves an audit entry', async () => {
  const { board, consent, tokenCalls, row } = createRig();
  const { back } = await consent();
  const other = await consent('other');
  for (const cookies of ['', other.cookies, 'plugboard-acme=1']) {
    expect(await codeOf(board.callback('acme', { params: back, cookies, organizationId, userId }))).toBe(
      'state_mismatch',
    );
  }
  expect(tokenCalls()).toHaveLength(0);
  expect(await row()).toBeNull();
  const { items } = await board.audit.list({ organizationId });
  expect(items.map((item) => [item.type, item.data])).toContainEqual(['connect.refused', { reason: 'state_mismatch' }]);
});

test('A02 A06 the flow belongs to the user and organization that started it, whatever the callback says', async () => {
  const { board, consent, tokenCalls } = createRig();
  const { back, cookies } = await consent();
  back.searchParams.set('organizationId', 'org-2');
  expect(await codeOf(board.callback('acme', { params: back, cookies, organizationId: 'org-2', userId }))).toBe(
    'tenant_mismatch',
  );
  expect(await codeOf(board.callback('acme', { params: back, cookies, organizationId, userId: 'user-2' }))).toBe(
    'tenant_mismatch',
  );
  expect(tokenCalls()).toHaveLength(0);
  const result = await board.callback('acme', { params: back, cookies, organizationId, userId });
  expect(result).toMatchObject({ status: 'connected', connection: { organizationId } });
});

test('A03 of 50 parallel callbacks one exchanges the code', async () => {
  const { board, consent, tokenCalls, store } = createRig();
  const { back, cookies } = await consent();
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, () => codeOf(board.callback('acme', { params: back, cookies, organizationId, userId }))),
  );
  expect(outcomes.filter((outcome) => outcome === 'resolved')).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === 'state_consumed')).toHaveLength(49);
  expect(tokenCalls()).toHaveLength(1);
  expect((await store.connections.list(organizationId)).items).toHaveLength(1);
});

test('A04 a flow may take ten minutes and not longer', async () => {
  const { board, consent, clock } = createRig();
  const early = await consent('early');
  const late = await consent('late');
  await clock.advance(599_000);
  const inTime = { params: early.back, cookies: early.cookies, organizationId, userId };
  expect(await codeOf(board.callback('acme', inTime))).toBe('resolved');
  await clock.advance(2_000);
  expect(
    await codeOf(board.callback('acme', { params: late.back, cookies: late.cookies, organizationId, userId })),
  ).toBe('state_expired');
});

test('A04 the host may give flows less time or more, an hour at most', async () => {
  const { board, oauth, clock } = createRig({}, { flowMs: 3_600_000 });
  const finish = async (label: string, afterMs: number) => {
    const { url, cookie } = await board.authorize('acme', { organizationId, userId, label });
    expect(cookie.header).toContain('Max-Age=3600;');
    await clock.advance(afterMs);
    const cookies = `${cookie.name}=${cookie.value}`;
    return board.callback('acme', { params: await oauth.approve(url), cookies, organizationId, userId });
  };
  expect(await codeOf(finish('early', 3_599_000))).toBe('resolved');
  await expect(finish('late', 3_600_000)).rejects.toMatchObject({
    code: 'state_expired',
    message: 'The connect flow was not finished within 60 minutes.',
  });
});

test.each([2 * 86_400_000, 59_000, 90_000, 3_660_000, Number.NaN, '600000'])(
  'A04 a flow of %s is refused at the start',
  (flowMs) => {
    expect(() => createRig({}, { flowMs: flowMs as number })).toThrow(
      expect.objectContaining({ code: 'invalid_input', fields: [expect.objectContaining({ path: 'flowMs' })] }),
    );
  },
);

test('A05 forged and malformed states never reach the store', { timeout: 60_000 }, async () => {
  const rig = createRig();
  const { back, cookies } = await rig.consent();
  const good = back.searchParams.get('state') ?? '';
  let reads = 0;
  const { peek, take } = rig.store.once;
  Object.assign(rig.store.once, {
    peek: (stateKey: string) => (reads++, peek.call(rig.store.once, stateKey)),
    take: (stateKey: string) => (reads++, take.call(rig.store.once, stateKey)),
  });
  const mutated = Array.from({ length: 10_000 }, (_, index) => {
    const at = (index * 7919) % good.length;
    const replacement = good[at] === 'A' ? 'B' : 'A';
    return good.slice(0, at) + replacement + good.slice(at + 1);
  }).filter((state) => state !== good);
  const malformed = [
    '',
    'x',
    'a'.repeat(42),
    'a'.repeat(44),
    'a'.repeat(65_536),
    '\0',
    '💥',
    `${good} `,
    good.slice(1),
  ];
  for (const state of [...mutated, ...malformed]) {
    const params = new URLSearchParams({ state, code: 'c' });
    const outcome = await codeOf(board(params));
    expect(['state_invalid', 'invalid_input']).toContain(outcome);
  }
  expect(reads).toBe(0);
  expect(await codeOf(board(back.searchParams))).toBe('resolved');

  function board(params: URLSearchParams) {
    return rig.board.callback('acme', { params, cookies, organizationId, userId });
  }
});

test('A08 A09 a declared issuer is enforced, an undeclared one only reported', async () => {
  const issuer = 'https://auth.acme.example.com';
  const declared = createRig({ issuer, issuerAlwaysSent: true });
  const wrong = await declared.consent('wrong');
  wrong.back.searchParams.set('iss', 'https://evil.example.com');
  const missing = await declared.consent('missing');
  missing.back.searchParams.delete('iss');
  for (const { back, cookies } of [wrong, missing]) {
    expect(await codeOf(declared.board.callback('acme', { params: back, cookies, organizationId, userId }))).toBe(
      'issuer_mismatch',
    );
  }
  expect(declared.tokenCalls()).toHaveLength(0);
  expect(await declared.connect('right')).toMatchObject({ status: 'connected' });

  const undeclared = createRig();
  const seen: string[] = [];
  undeclared.board.on('provider.issuer_seen', (event) => void seen.push(event.issuer));
  const { back, cookies } = await undeclared.consent();
  back.searchParams.set('iss', 'x');
  expect(await codeOf(undeclared.board.callback('acme', { params: back, cookies, organizationId, userId }))).toBe(
    'resolved',
  );
  expect(seen).toEqual(['x']);
});

test('A10 a code of another flow is refused by the vendor, and nothing is stored', async () => {
  const { board, consent, row } = createRig();
  const mine = await consent('mine');
  const stolen = await consent('stolen');
  mine.back.searchParams.set('code', stolen.back.searchParams.get('code') ?? '');
  expect(
    await codeOf(board.callback('acme', { params: mine.back, cookies: mine.cookies, organizationId, userId })),
  ).toBe('code_rejected');
  expect(await row('mine')).toBeNull();
});

test('A11 verifiers are fresh and legal, challenges are S256 of them', async () => {
  const seen = new Set<string>();
  for (let index = 0; index < 10_000; index++) {
    const { verifier, challenge } = await createPkce();
    expect(verifier).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(challenge).toBe(await challengeOf(verifier));
    seen.add(verifier);
  }
  expect(seen.size).toBe(10_000);
  // RFC 7636, appendix B.
  expect(await challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  );
});

test('A12 the browser goes back to the host or nowhere else', async () => {
  const { board, oauth } = createRig({}, { returnOrigins: ['https://admin.example.com'] });
  const hostile = [
    '//evil.example', '/\\evil.example', '\\\\evil.example', 'https:evil.example', '/%09/evil.example', '/\t/evil.example',
    'https://app.example.com@evil.example', 'https://app.example.com.evil.example', 'javascript:alert(1)', 'data:text/html,x',
    '／／evil.example', '/ok\r\nset-cookie: a=b', `/${'a'.repeat(8192)}`, '/./%2f/evil.example//', 'http://app.example.com/x',
    '/.//evil.example', 'https://user:pw@admin.example.com/', 'https:/\\evil.example', '', ' /x', '/%5cevil.example',
  ]; // prettier-ignore
  const allowed = ['/settings', '/a/b?c=d#e', 'https://admin.example.com/x', 'https://app.example.com/y'];
  for (const returnTo of [...hostile, ...allowed]) {
    const { url, cookie } = await board.authorize('acme', {
      organizationId,
      userId: returnTo.slice(0, 20) || 'u',
      returnTo,
    });
    const back = await oauth.approve(url);
    const result = await board.callback('acme', {
      params: back,
      cookies: `${cookie.name}=${cookie.value}`,
      organizationId,
      userId: returnTo.slice(0, 20) || 'u',
    });
    const target = new URL(result.returnTo, 'https://app.example.com');
    expect(['https://app.example.com', 'https://admin.example.com'], returnTo).toContain(target.origin);
    if (allowed.includes(returnTo))
      expect(result.returnTo).toBe(returnTo.replace('https://app.example.com/y', 'https://app.example.com/y'));
  }
});

test('A13 the redirect URI is configuration, and the same in both requests', async () => {
  const { consent, board, oauth } = createRig();
  const { started, back, cookies } = await consent();
  expect(new URL(started.url).searchParams.get('redirect_uri')).toBe(
    'https://app.example.com/integrations/callback/acme',
  );
  // The server compares the two byte for byte; a difference would be an error of the exchange.
  expect(await codeOf(board.callback('acme', { params: back, cookies, organizationId, userId }))).toBe('resolved');
  expect(oauth.ledger.tokenCalls).toHaveLength(1);
});

test('A15 a repeated parameter is refused before the state is spent', async () => {
  const { board, consent } = createRig();
  const { back, cookies } = await consent();
  for (const name of ['code', 'state', 'iss', 'error']) {
    const doubled = new URLSearchParams(back.searchParams);
    doubled.append(name, 'x');
    doubled.append(name, 'y');
    expect(await codeOf(board.callback('acme', { params: doubled, cookies, organizationId, userId }))).toBe(
      'repeated_parameter',
    );
  }
  expect(await codeOf(board.callback('acme', { params: back, cookies, organizationId, userId }))).toBe('resolved');
});

test('A16 a refusal is a result with a code of ours, without the words of the vendor', async () => {
  const { board, consent, tokenCalls } = createRig();
  const denied = await consent('denied', { allow: false });
  const result = await board.callback('acme', { params: denied.back, cookies: denied.cookies, organizationId, userId });
  expect(result).toEqual({ status: 'denied', reason: 'access_denied', returnTo: '/' });
  const { back, cookies } = await consent('script');
  back.searchParams.delete('code');
  back.searchParams.set('error', '<img src=x onerror=alert(1)>');
  back.searchParams.set('error_description', '<script>');
  const scripted = await board.callback('acme', { params: back, cookies, organizationId, userId });
  expect(JSON.stringify(scripted)).not.toContain('<');
  expect(tokenCalls()).toHaveLength(0);
});

test('A22 a reconnect with another account is refused and the connection stays as it was', async () => {
  const { connect, row, oauth, board } = createRig();
  await connect('default', { account: 'acct-1' });
  const before = await row();
  expect(await codeOf(connect('default', { account: 'acct-2' }))).toBe('account_mismatch');
  const after = await row();
  expect(after?.credentials).toEqual(before?.credentials);
  expect(after?.version).toBe(before?.version);
  expect(oauth.ledger.families().filter((family) => family.revokedBy === 'request')).toHaveLength(1);
  const replaced = await connect('default', { account: 'acct-2', allowAccountChange: true });
  expect(replaced).toMatchObject({ status: 'connected', connection: { id: before?.id, account: { id: 'acct-2' } } });
  expect(await board.client('acme', { organizationId }).orders.list()).toMatchObject({ items: ['o1'] });
});

test('A23 fewer scopes than asked for: degraded, and what needs the rest is not even tried', async () => {
  const { connect, board, calls } = createRig();
  const attention: string[] = [];
  board.on('connection.attention', ({ reason }) => void attention.push(reason));
  const result = await connect('default', { scopes: ['read'] });
  expect(result).toMatchObject({
    status: 'connected',
    missingScopes: ['write'],
    connection: { status: 'degraded', reason: 'scopes_missing' },
  });
  expect(attention).toEqual(['scopes_missing']);
  const client = board.client('acme', { organizationId });
  const sent = calls.length;
  const error = await client.orders.create({ total: 1 }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ kind: 'permission', code: 'insufficient_scope', missingScopes: ['write'] });
  expect(calls).toHaveLength(sent);
  expect(await client.orders.list()).toMatchObject({ items: ['o1'] });
});

test('A24 odd token answers are read as far as they can be, and never as something else', () => {
  const grants = [
    { access_token: 'a', expires_in: -5 }, { access_token: 'a', expires_in: Number.NaN }, { access_token: 'a', expires_in: '3600' },
    { access_token: 'a', expires_in: 1e308 }, { access_token: 'a', expires_in: 'abc' }, { access_token: 'a', expires_in: null },
  ]; // prettier-ignore
  expect(grants.map((answer) => readTokenAnswer(answer as never).expiresInMs)).toEqual([
    1000, undefined, 3_600_000, 10 * 365 * 86_400_000, undefined, undefined,
  ]); // prettier-ignore
  for (const answer of [
    null,
    [],
    'x',
    5,
    {},
    { access_token: 5 },
    { access_token: {} },
    { access_token: '' },
    { access_token: ['a'] },
  ]) {
    expect(Object.keys(readTokenAnswer(answer as never).credentials)).toEqual([]);
  }
});

test('A24 junk from the token endpoint stores nothing and throws one of our errors', async () => {
  for (const body of ['html', 'empty', 'truncated', 'array', 'null'] as const) {
    const { oauth, connect, row } = createRig();
    oauth.switches.token.next({ body });
    const outcome = await codeOf(connect());
    expect(outcome, body).not.toMatch(/resolved|foreign/);
    expect(await row()).toBeNull();
  }
});

test('A27 one user cannot fill the store with flows', async () => {
  const { board } = createRig();
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, () => codeOf(board.authorize('acme', { organizationId, userId }))),
  );
  expect(outcomes.filter((outcome) => outcome === 'resolved')).toHaveLength(20);
  expect(outcomes.filter((outcome) => outcome === 'too_many_flows')).toHaveLength(30);
  expect(await codeOf(board.authorize('acme', { organizationId, userId: 'somebody-else' }))).toBe('resolved');
});

test('an account is chosen where a grant reaches several, and the connection waits for it', async () => {
  const accounts = [{ id: 'a1', name: 'First' }, { id: 'a2', name: 'Second' }]; // prettier-ignore
  const { connect, board } = createRig({ accounts });
  expect(await connect()).toMatchObject({
    status: 'choose_account',
    choices: accounts,
    connection: { status: 'pending' },
  });
  const client = board.client('acme', { organizationId });
  expect(await codeOf(Promise.resolve(client.orders.list()))).toBe('account_choice');
  expect(await codeOf(board.accounts.choose('acme', { organizationId, accountId: 'a3' }))).toBe('invalid_input');
  const chosen = await board.accounts.choose('acme', { organizationId, accountId: 'a2' });
  expect(chosen).toMatchObject({ status: 'active', account: { id: 'a2', name: 'Second' }, metadata: {} });
  expect(await client.orders.list()).toMatchObject({ items: ['o1'] });
  // The same grant again keeps the choice.
  expect(await connect()).toMatchObject({ status: 'connected', connection: { account: { id: 'a2' } } });
});

test('D22 disconnecting revokes at the vendor and drops the secrets, also when the vendor is down', async () => {
  const { connect, board, oauth, row, clock } = createRig();
  await connect();
  const { connection, revoked } = await board.disconnect('acme', { organizationId, userId });
  expect([connection.status, revoked]).toEqual(['disconnected', 'revoked']);
  expect(oauth.ledger.families().every((family) => family.revokedBy === 'request')).toBe(true);
  expect((await row())?.credentials).toBeNull();
  expect(await codeOf(board.disconnect('acme', { organizationId }))).toBe('not_connected');

  await connect('third');
  for (let time = 0; time < 2; time++) oauth.switches.revoke.next({ status: 503 });
  const tried = board.disconnect('acme', { organizationId, label: 'third' });
  expect((await drive({ clock }, tried)).revoked).toBe('revoked');

  await connect('second');
  oauth.switches.revoke.always({ status: 503 });
  const ending = board.disconnect('acme', { organizationId, label: 'second' });
  expect((await drive({ clock }, ending)).revoked).toBe('failed');
  expect((await row('second'))?.credentials).toBeNull();
});

test('a token that is dead already is revoked as far as anyone can tell', async () => {
  const { connect, board, oauth } = createRig();
  for (const [label, error] of Object.entries({ rfc: 'invalid_grant', other: 'invalid_token' })) {
    await connect(label);
    oauth.switches.revoke.always({ error });
    expect((await board.disconnect('acme', { organizationId, label })).revoked, error).toBe('revoked');
  }
  await connect('client');
  oauth.switches.revoke.always({ error: 'invalid_client' });
  expect((await board.disconnect('acme', { organizationId, label: 'client' })).revoked).toBe('failed');
});

test('A23 scopes that are missing are still missing after an account was chosen', async () => {
  const accounts = [
    { id: 'a1', name: 'First' },
    { id: 'a2', name: 'Second' },
  ];
  const { connect, board } = createRig({ accounts });
  await connect('default', { scopes: ['read'] });
  const chosen = await board.accounts.choose('acme', { organizationId, accountId: 'a2' });
  expect(chosen).toMatchObject({ status: 'degraded', reason: 'scopes_missing', metadata: {} });
});

test('a chosen account that a reconnect does not reach stays, and the reconnect is refused', async () => {
  const accounts = [
    { id: 'a1', name: 'First' },
    { id: 'a2', name: 'Second' },
  ];
  const { connect, board, row } = createRig({ accounts });
  await connect();
  await board.accounts.choose('acme', { organizationId, accountId: 'a2' });
  accounts.length = 0;
  expect(await codeOf(connect())).toBe('account_mismatch');
  expect(await row()).toMatchObject({ status: 'active', account: { id: 'a2' } });
  await connect('default', { allowAccountChange: true });
  expect(await row()).toMatchObject({ status: 'degraded', statusReason: 'account_unknown', account: null });
});

test('the second step of a connect sees the callback, and no parameter of it twice', async () => {
  const seen: (string | null)[] = [];
  const rig = createRig({
    oauth: {
      afterCode: async (grant, { callback }) => {
        seen.push(callback?.get('installation_id') ?? null);
        return grant;
      },
    },
  });
  const finish = async (...ids: string[]) => {
    const { back, cookies } = await rig.consent();
    for (const id of ids) back.searchParams.append('installation_id', id);
    return rig.board.callback('acme', { params: back, cookies, organizationId, userId });
  };
  expect(await codeOf(finish('7', '8'))).toBe('repeated_parameter');
  expect(seen).toEqual([]);
  await finish('7');
  await finish();
  expect(seen).toEqual(['7', null]);
});

test('a granted scope brings those that it includes', async () => {
  const known = { read: 'Read.', write: 'Write.', admin: 'Everything.' };
  const implies = (scope: string) => (scope === 'admin' ? ['write'] : scope === 'write' ? ['read'] : []);
  const rig = createRig({ oauth: { scopes: { ask: ['read', 'write'], known, implies } } });
  const { back, cookies } = await rig.consent('default', { scopes: ['write'] });
  const outcome = await rig.board.callback('acme', { params: back, cookies, organizationId, userId });
  expect(outcome).toMatchObject({ status: 'connected', missingScopes: [] });
  expect(await rig.row()).toMatchObject({ status: 'active', scopes: ['write'] });
  const client = rig.board.client('acme', { organizationId });
  await client.orders.list();
  await client.orders.create({ total: 1 });
  await expect(client.orders.purge()).rejects.toMatchObject({ code: 'insufficient_scope', missingScopes: ['admin'] });
  const settings = { channel: 'c1', admin: true };
  const refused = rig.board.settings.update('acme', { organizationId, settings });
  await expect(refused).rejects.toMatchObject({ code: 'insufficient_scope', missingScopes: ['admin'] });
});
