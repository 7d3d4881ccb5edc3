import { expect, test } from 'vitest';

import { codeParams, like, serve } from './oauth-client.ts';

const accounts = [
  { id: 'T1', name: 'Acme' },
  { id: 'T2', name: 'Beta' },
];

test('the answer has the shape of the example, with every token in it issued', async () => {
  const example = {
    ok: true,
    access_token: 'xoxb-17653672481-19874698323',
    token_type: 'bot',
    scope: 'chat:write,channels:read',
    team: { id: 'T1', name: 'Acme' },
    authed_user: { id: 'U1', scope: 'search:read', access_token: 'xoxp-1', token_type: 'user' },
    list: [{ access_token: 'EAAB1' }],
  };
  const scopes = { ask: ['read', 'write'], known: {}, separator: ',' } as const;
  const { server, connect } = serve({ example, scopes });
  const { json } = (await connect()).answer;
  expect(json).toEqual({
    ...example,
    access_token: like(/^xoxb-\w{25,}$/),
    scope: 'read,write',
    authed_user: { ...example.authed_user, access_token: like(/^xoxp-\w{25,}$/) },
    list: [{ access_token: like(/^EAA\w{25,}$/) }],
  });
  const issued = server.ledger.tokens('family-1').filter(({ kind }) => kind === 'access_token');
  expect(new Set(issued.map(({ text }) => text.reveal())).size).toBe(3);
});

test.each([
  ['ya29.a0AfH6SMBx', 'ya29.'],
  ['xoxe.xoxb-1-Mi0yLTE', 'xoxe.xoxb-1-'],
  ['1//0gAbCdEf-xyz', '1//'],
  ['shpat_c0ffee', 'shpat_'],
  ['EAAJjmJZBcVkBO', 'EAA'],
])('tokens like %s start with %s', async (sample, prefix) => {
  const { connect } = serve({ example: { access_token: sample } });
  const { accessToken } = await connect();
  expect(accessToken.slice(0, prefix.length)).toBe(prefix);
  expect(accessToken.slice(prefix.length)).toMatch(/^\w{25,}$/);
});

test('lists of scopes, texts as lives, and null tokens keep their form', async () => {
  const example = { access_token: 'a', scopes: ['x'], expires_in: '3600', refresh_token: null };
  const { clock, server, connect } = serve({ example });
  server.switches.token.next({ expiresIn: 60 });
  const { answer, accessToken } = await connect();
  expect(answer.json).toMatchObject({ scopes: ['read'], expires_in: '60', refresh_token: null });
  await clock.advance(60_000);
  expect(server.use(accessToken)?.state).toBe('expired');
});

test('a token without a life, or with the life 0, does not expire', async () => {
  for (const example of [{ access_token: 'a' }, { access_token: 'a', expires_in: 0 }]) {
    const { clock, server, connect } = serve({ example });
    const { accessToken } = await connect();
    await clock.advance(10 * 365 * 86_400_000);
    expect(server.use(accessToken)?.state).toBe('live');
  }
});

test('the answer speaks of the chosen account', async () => {
  const example = { access_token: 'a', team: { id: 'T1', name: 'Acme' }, note: 'Acme and T1 stay in longer texts' };
  const { server, authorizeUrl, token } = serve({ example }, { accounts });
  const back = await server.approve(authorizeUrl(), { account: 'T2' });
  const { json } = await token(codeParams(back.searchParams.get('code') ?? ''));
  expect(json).toMatchObject({ team: { id: 'T2', name: 'Beta' }, note: example.note });
});

test('two runs issue the same tokens; servers with different seeds, and two grants, do not', async () => {
  const first = async (seed: string) => (await serve({}, { seed }).connect()).accessToken;
  expect(await first('a')).toBe(await first('a'));
  expect(await first('a')).not.toBe(await first('b'));
  const { connect, server } = serve();
  const one = await connect();
  expect((await connect()).accessToken).not.toBe(one.accessToken);
  server.reset();
  expect((await connect()).accessToken).toBe(one.accessToken);
});
