/** A21: every module of the suite's relying-party plans, against a real oidc-provider over HTTP that a proxy lies for. */
import { createMemoryStore, createPlugboard, handlerWire, silentLog } from '@plugboard/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { genericOidc } from '../../src/index.ts';
import { browse, type Jar } from '../browser.ts';
import { appUrl, organizationId, refusal, userId } from '../rig.ts';
import { clientId, clientSecret, curveClientId, issuer, startIssuer, type TamperedIssuer } from './issuer.ts';
import { suite, verdicts, type Verdict } from './modules.ts';

const callbackUrl = `${appUrl}/callback/generic-oidc`;
const otherIssuer = 'https://other.example.com';
let provider: TamperedIssuer;
let other: TamperedIssuer;
/** One browser, whose session at the issuer lasts. */
const jar: Jar = new Map();

beforeAll(async () => {
  [provider, other] = await Promise.all([startIssuer(callbackUrl), startIssuer(callbackUrl, otherIssuer)]);
});
afterAll(() => Promise.all([provider.close(), other.close()]));
beforeEach(() => {
  provider.tamper({});
  provider.requests.length = 0;
});

/** A request to the issuer's https address, which the proxy answers. */
async function ask(request: Request): Promise<Response> {
  const { pathname, search, origin } = new URL(request.url);
  const body = request.method === 'POST' ? await request.text() : undefined;
  const { method, headers } = request;
  return fetch((origin === otherIssuer ? other : provider).origin + pathname + search, {
    method,
    headers,
    redirect: 'manual',
    ...(body !== undefined && { body }),
  });
}

function createBoard(id = clientId, at = issuer) {
  return createPlugboard({
    url: appUrl,
    providers: [
      genericOidc({ issuer: at, clientId: id, clientSecret, tokenEndpointAuthMethod: 'client_secret_basic' }),
    ],
    store: createMemoryStore(),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env: {},
    log: silentLog,
    cacheMs: 0,
    wire: handlerWire(ask),
  });
}

type Board = ReturnType<typeof createBoard>;

async function signIn(board: Board) {
  const { url, cookie } = await board.authorize('generic-oidc', { organizationId, userId });
  const params = await browse(url, jar, ask);
  const cookies = `${cookie.name}=${cookie.value}`;
  return {
    url: new URL(url),
    params,
    result: await board.callback('generic-oidc', { params, cookies, organizationId, userId }),
  };
}

const calls = (path: string) => provider.requests.filter((request) => request.path === path);
const stored = async (board: Board) => (await board.connections.list({ organizationId })).items;

test('A21 each module of the suite has a verdict, and nothing else has one', () => {
  const { refused, accepted, either } = suite;
  expect([refused.length, accepted.length, either.length]).toEqual([37, 19, 3]);
  expect(Object.keys(verdicts).toSorted()).toEqual([...refused, ...accepted, ...either].toSorted());
});

test.each(Object.keys(verdicts))('A21 %s has a verdict that the suite allows, or a reason', (name) => {
  const verdict = verdicts[name]!;
  if ('notOffered' in verdict) expect(verdict.notOffered).toMatch(/^[A-Z].{30,}\.$/);
  else if ('accepted' in verdict) expect(suite.accepted).toContain(name);
  else if (verdict.stricter === undefined) expect(suite.refused).toContain(name);
  else expect(suite.refused).not.toContain(name);
});

type Refused = Extract<Verdict, { readonly refusedAt: string }>;
type Accepted = Extract<Verdict, { readonly accepted: object }>;
const all = Object.entries(verdicts);

test.each(all.filter((entry): entry is [string, Refused] => 'refusedAt' in entry[1]))(
  'A21 %s is refused',
  async (_name, { refusedAt, code, tampering, curve }) => {
    const board = createBoard(curve === true ? curveClientId : clientId);
    provider.tamper(tampering);
    if (refusedAt === 'userinfo') {
      expect(await refusal(signIn(board))).toMatchObject({ code });
      expect(await stored(board)).toEqual([]);
      provider.tamper({});
      await signIn(board);
      provider.tamper(tampering);
      const client = board.client('generic-oidc', { organizationId });
      expect(await refusal(client.identity.userinfo({}))).toMatchObject({ kind: 'invalid_response', code });
      await board.stop();
      return;
    }
    const error = await refusal(signIn(board));
    expect(error.code).toBe(code);
    expect(error.message).not.toContain('mallory');
    expect(await stored(board)).toEqual([]);
    // What the browser brought is judged before the code is spent.
    expect(calls('/token')).toHaveLength(code === 'id_token_refused' ? 1 : 0);
    expect(calls('/auth')).toHaveLength(refusedAt === 'start' ? 0 : 1);
    await board.stop();
  },
);

test.each(all.filter((entry): entry is [string, Accepted] => 'accepted' in entry[1]))(
  'A21 %s is accepted',
  async (name, { accepted }) => {
    const board = createBoard();
    provider.tamper(accepted);
    const { url, result } = await signIn(board);
    expect(result).toMatchObject({ status: 'connected', missingScopes: [], connection: { status: 'active' } });
    expect(url.searchParams.get('response_type')).toBe('code');
    expect(url.searchParams.get('nonce')).toMatch(/^[\w-]{43}$/);
    const user = await board.client('generic-oidc', { organizationId }).identity.userinfo({});
    expect(user).toMatchObject({ sub: 'alice', name: 'The alice', email: 'alice@example.com' });
    const [token] = calls('/token');
    const pair = [clientId, clientSecret].map((part) => new URLSearchParams({ part }).toString().slice('part='.length));
    expect(token?.authorization, name).toBe(`Basic ${Buffer.from(pair.join(':')).toString('base64')}`);
    expect([...(token?.form.keys() ?? [])]).not.toContain('client_secret');
    const [userinfo] = calls('/me');
    expect(userinfo?.authorization).toMatch(/^Bearer \S+$/);
    expect(userinfo?.query).toBe('');
    await board.stop();
  },
);

test('A08 a code of another issuer is spent at neither, whichever of the two the callback names', async () => {
  const [board, foreign] = [createBoard(), createBoard(clientId, otherIssuer)];
  const begin = async (at: Board) => {
    const { url, cookie } = await at.authorize('generic-oidc', { organizationId, userId });
    return { back: await browse(url, new Map(), ask), cookies: `${cookie.name}=${cookie.value}` };
  };
  const [{ back, cookies }, theirs] = [await begin(board), await begin(foreign)];
  expect([back, theirs.back].map(({ searchParams }) => searchParams.get('iss'))).toEqual([issuer, otherIssuer]);
  const finish = (change: Record<string, string>) => {
    const params = new URLSearchParams({ ...Object.fromEntries(back.searchParams), ...change });
    return board.callback('generic-oidc', { params, cookies, organizationId, userId });
  };
  const code = theirs.back.searchParams.get('code')!;
  expect(await refusal(finish({ code, iss: otherIssuer }))).toMatchObject({ code: 'issuer_mismatch' });
  expect([...calls('/token'), ...other.requests.filter(({ path }) => path === '/token')]).toEqual([]);
  expect(await stored(board)).toEqual([]);
  // The code under the name of the right issuer: that one does not know it.
  const again = await begin(board);
  again.back.searchParams.set('code', code);
  const lie = { params: again.back, cookies: again.cookies, organizationId, userId };
  expect(await refusal(board.callback('generic-oidc', lie))).toMatchObject({ code: 'code_rejected' });
  expect(await stored(board)).toEqual([]);
  await Promise.all([board.stop(), foreign.stop()]);
});

describe('what is not offered is refused where it comes all the same', () => {
  test('A21 an answer of the authorization endpoint that is a JWT (JARM)', async () => {
    const board = createBoard();
    const response = await provider.signer.sign({ iss: issuer, aud: clientId, code: 'c', state: 's' });
    provider.tamper({
      back(params) {
        for (const name of Array.from(params.keys())) params.delete(name);
        params.set('response', response);
      },
    });
    expect(await refusal(signIn(board))).toMatchObject({ code: 'state_invalid' });
    expect(calls('/token')).toEqual([]);
    await board.stop();
  });

  test('A21 an id token that comes through the browser, instead of the one of the token endpoint', async () => {
    const board = createBoard();
    provider.tamper({
      back: (params) => params.set('id_token', 'a.b.c'),
      tokens: ({ id_token: _token, ...answer }) => answer,
    });
    expect(await refusal(signIn(board))).toMatchObject({ code: 'id_token_refused' });
    expect(await stored(board)).toEqual([]);
    await board.stop();
  });
});

test('A21 ids of keys that nobody has cost the issuer one question, and an honest token still passes', async () => {
  const board = createBoard();
  expect((await signIn(board)).result.status).toBe('connected');
  let count = 0;
  provider.tamper({ idToken: (truth, signer) => signer.sign(truth, { kid: `nobody-${count++}` }) });
  for (let turn = 0; turn < 30; turn++) {
    expect(await refusal(signIn(board))).toMatchObject({ code: 'id_token_refused' });
  }
  expect(calls('/jwks')).toHaveLength(1);
  provider.tamper({});
  expect((await signIn(board)).result.status).toBe('connected');
  expect(calls('/jwks')).toHaveLength(1);
  await board.stop();
});
