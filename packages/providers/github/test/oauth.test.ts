import { exampleRsaPem, isPlugboardError } from '@plugboard/core';
import { describe, expect, test } from 'vitest';

import { createRig, who } from './rig.ts';

const codeOf = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : String(error)),
  );
const tokenUrl = '/login/oauth/access_token';

describe('a GitHub account', () => {
  // https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
  test('is connected by an OAuth app: scopes, PKCE, JSON, a client in the body, a bearer', async () => {
    const { begin, to, client } = createRig();
    const flow = await begin({ method: 'oauth' });
    expect(flow.url.origin + flow.url.pathname).toBe('https://github.com/login/oauth/authorize');
    expect(flow.url.searchParams.get('scope')).toBe('read:user user:email repo');
    expect(flow.url.searchParams.get('code_challenge_method')).toBe('S256');
    await flow.finish(await flow.approve());
    const [exchange] = to(tokenUrl);
    expect(exchange?.headers.get('accept')).toBe('application/json');
    expect(exchange?.headers.get('authorization')).toBeNull();
    expect([exchange?.form.get('client_id'), exchange?.form.get('client_secret')]).toEqual([
      'Iv1.client',
      'client-secret',
    ]);
    await client.user.get();
    const { headers } = to('/user').at(-1)!;
    expect(headers.get('authorization')).toMatch(/^Bearer ghu_/);
    expect(headers.get('x-github-api-version')).toBe('2026-03-10');
    expect(headers.get('accept')).toBe('application/vnd.github+json');
    expect(headers.get('user-agent')).toMatch(/./);
  });

  test('of a GitHub App asks for no scopes, and what it names none of is not missing', async () => {
    const { answer, begin, connection, client } = createRig({ appId: '1', privateKey: 'k', slug: 's' });
    answer(({ url }) =>
      url.pathname === tokenUrl
        ? Response.json({ access_token: 'ghu_1', scope: '', token_type: 'bearer' })
        : url.host === 'api.github.com'
          ? Response.json(url.pathname === '/user' ? { id: 1, login: 'octocat' } : [])
          : undefined,
    );
    const flow = await begin({ method: 'oauth' });
    expect(flow.url.searchParams.has('scope')).toBe(false);
    expect(await flow.finish(await flow.approve())).toMatchObject({ status: 'connected', missingScopes: [] });
    // Tokens of an app that opted out of their end have none.
    expect(await connection()).toMatchObject({ status: 'active', scopes: null, expiresAt: null });
    await expect(client.user.emails()).resolves.toEqual({ items: [] });
  });

  test('has the scopes that the answer names with commas, and those they include', async () => {
    const { answer, connect, connection, client } = createRig();
    answer(({ url }) =>
      url.pathname === tokenUrl
        ? Response.json({ access_token: 'gho_1', scope: 'repo,gist,user', token_type: 'bearer' })
        : url.pathname === '/user'
          ? Response.json({ id: 1, login: 'octocat' })
          : Response.json([]),
    );
    expect(await connect('oauth')).toMatchObject({ status: 'connected', missingScopes: [] });
    expect(await connection()).toMatchObject({ status: 'active', scopes: ['repo', 'gist', 'user'], expiresAt: null });
    await expect(client.user.emails()).resolves.toEqual({ items: [] });
    const hook = { owner: 'o', repo: 'r', url: 'https://example.com/hook', secret: 's' };
    await expect(client.hooks.create(hook)).rejects.toMatchObject({ missingScopes: ['write:repo_hook'] });
  });

  test.each(['oauth', 'installation'] as const)(
    'by `%s` comes back from its own issuer or, on older servers, names none',
    async (method) => {
      const { begin, to } = createRig({ appId: '1', privateKey: exampleRsaPem, slug: 's' });
      const other = await begin({ method });
      const back = await other.approve();
      expect(back.searchParams.get('iss')).toBe('https://github.com/login/oauth');
      back.searchParams.set('iss', 'https://evil.example/login/oauth');
      expect(await codeOf(other.finish(back))).toBe('issuer_mismatch');
      expect(to(tokenUrl)).toEqual([]);
      const silent = await begin({ method });
      const without = await silent.approve();
      without.searchParams.delete('iss');
      expect(await silent.finish(without)).toMatchObject({ status: 'connected' });
    },
  );

  // https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors
  test.each([
    ['bad_verification_code', 'code_rejected'],
    ['incorrect_client_credentials', 'invalid_client'],
    ['redirect_uri_mismatch', 'redirect_uri_mismatch'],
    ['unverified_user_email', 'unverified_user_email'],
    ['something_new', 'token_refused'],
  ])('is refused with status 200 and `%s`', async (error, code) => {
    const { answer, connect, connection } = createRig();
    answer(({ url }) => (url.pathname === tokenUrl ? Response.json({ error, error_description: 'd' }) : undefined));
    expect(await codeOf(connect('oauth'))).toBe(code);
    expect(await connection()).toBeNull();
  });

  test('whose refresh token is dead ends; one whose client is wrong does not', async () => {
    for (const [error, status] of [
      ['bad_refresh_token', 'expired'],
      ['incorrect_client_credentials', 'active'],
    ] as const) {
      const { answer, connect, connection, client, clock } = createRig();
      await connect('oauth');
      answer(({ url }) => (url.pathname === tokenUrl ? Response.json({ error }) : undefined));
      await clock.advance(28_800_000);
      await codeOf(client.user.get());
      await clock.advance(80_000);
      await codeOf(client.user.get());
      expect(await connection(), error).toMatchObject({ status });
    }
  });

  // https://docs.github.com/en/rest/apps/oauth-applications#delete-an-app-token
  test('is disconnected by ending one token, so that the user’s other connections go on', async () => {
    const { board, connect, to, vendor } = createRig();
    await connect('oauth');
    const [family] = vendor.oauth.ledger.families();
    const [accessToken] = vendor.oauth.ledger.tokens(family!.id).filter(({ kind }) => kind === 'access_token');
    expect(await board.disconnect('github', who)).toMatchObject({ revoked: 'revoked' });
    const [{ method, headers, json }] = to('/applications/Iv1.client/token') as [ReturnType<typeof to>[number]];
    expect(method).toBe('DELETE');
    expect(headers.get('authorization')).toBe(`Basic ${btoa('Iv1.client:client-secret')}`);
    expect(json).toEqual({ access_token: accessToken!.text.reveal() });
  });
});

test('a personal token is a bearer, and belongs to nobody but who gave it', async () => {
  const { board, to } = createRig();
  const credentials = { token: 'ghp_1', webhookSecret: 'own-secret' };
  await board.connect('github', { ...who, method: 'token', credentials });
  expect(to('/user')[0]?.headers.get('authorization')).toBe('Bearer ghp_1');
  expect(await codeOf(board.client('github', { organizationId: 'org-2' }).user.get())).toBe('not_connected');
});

describe('lists', () => {
  test('go on by the number in the link, never by its address', async () => {
    const { answer, connect, client, sent } = createRig();
    await connect('oauth');
    sent.length = 0;
    const pages: Record<string, string> = {
      '1': '<https://evil.example/user/repos?page=2&per_page=1>; rel="next", <https://evil.example/x?page=9>; rel="last"',
      '2': '<https://api.github.com/user/repos?page=1>; rel="prev", <https://api.github.com/user/repos?page=3>; rel="next"',
      '3': '<https://api.github.com/user/repos?page=2>; rel="prev"',
    };
    answer(({ url }) => {
      const page = url.searchParams.get('page') ?? '1';
      const repo = {
        id: Number(page),
        name: page,
        full_name: `o/${page}`,
        private: false,
        owner: { id: 1, login: 'o' },
      };
      return Response.json([repo], { headers: { link: pages[page] ?? '' } });
    });
    const names: string[] = [];
    for await (const { name } of client.repos.list({ perPage: 1 })) names.push(name);
    expect(names).toEqual(['1', '2', '3']);
    expect(sent.map(({ url }) => url.href)).toEqual([
      'https://api.github.com/user/repos?per_page=1',
      'https://api.github.com/user/repos?per_page=1&page=2',
      'https://api.github.com/user/repos?per_page=1&page=3',
    ]);
  });
});

test('a file keeps the slashes of its path, and nothing else of it', async () => {
  const { connect, client, sent } = createRig();
  await connect('oauth');
  sent.length = 0;
  await client.contents.get({ owner: 'o', repo: 'r', path: 'docs/a b?.md', ref: 'v1' });
  expect(sent[0]?.url.href).toBe('https://api.github.com/repos/o/r/contents/docs/a%20b%3F.md?ref=v1');
  expect(await codeOf(client.contents.get({ owner: 'o', repo: 'r', path: '../../user' }))).toBe('invalid_input');
});

describe('an Enterprise host', () => {
  test.each([
    ['github.acme.example', 'https://github.acme.example', 'https://github.acme.example/api/v3/user'],
    ['acme.ghe.com', 'https://acme.ghe.com', 'https://api.acme.ghe.com/user'],
  ])('%s is spoken to and nobody else', async (host, site, api) => {
    const { answer, begin, sent } = createRig({ host });
    answer(({ url }) =>
      url.pathname === tokenUrl
        ? Response.json({ access_token: 'gho_1', scope: 'repo', token_type: 'bearer' })
        : Response.json({ id: 1, login: 'octocat' }),
    );
    const flow = await begin({ method: 'oauth' });
    expect(flow.url.origin).toBe(site);
    await flow.finish(await flow.approve());
    expect(sent.map(({ url }) => url.href)).toEqual([`${site}${tokenUrl}`, api]);
  });
});
