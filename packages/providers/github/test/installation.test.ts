import { createPrivateKey } from 'node:crypto';

import { exampleRsaPem, isPlugboardError } from '@plugboard/core';
import githubAppJwt from 'universal-github-app-jwt';
import { describe, expect, test } from 'vitest';

import { appJwt } from '../src/app.ts';
import { createRig, who } from './rig.ts';

const app = { appId: '12345', privateKey: exampleRsaPem, slug: 'plugboard-demo' };
const minted = '/app/installations/1/access_tokens';
const codeOf = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => 'resolved',
    (error: unknown) => (isPlugboardError(error) ? error.code : String(error)),
  );

describe('the proof of an app', () => {
  test('equals that of the vendor’s own library, byte for byte', async () => {
    for (const now of [1_700_000_000, 1_795_168_800, 1]) {
      const { token } = await githubAppJwt({ id: '12345', privateKey: exampleRsaPem, now });
      expect(await appJwt(app, now * 1000 + 999)).toBe(token);
    }
  });

  test('is made of a key in either form, with line breaks of either kind', async () => {
    const pkcs1 = createPrivateKey(exampleRsaPem).export({ type: 'pkcs1', format: 'pem' }) as string;
    const expected = await appJwt(app, 0);
    for (const privateKey of [pkcs1, pkcs1.replaceAll('\n', '\\n'), exampleRsaPem.replaceAll('\n', '\\n')]) {
      expect(await appJwt({ ...app, privateKey }, 0)).toBe(expected);
    }
    expect(await codeOf(appJwt({ ...app, privateKey: 'MIIE' }, 0))).toBe('bad_private_key');
    expect(await codeOf(appJwt({}, 0))).toBe('app_credentials_missing');
  });
});

describe('an installation', () => {
  // https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/about-the-setup-url
  test('is verified with the token of the user, who gives it back, and gets tokens of its own', async () => {
    const { begin, connection, sent, to, client, vendor } = createRig(app);
    const flow = await begin({ method: 'installation' });
    expect(flow.url.origin + flow.url.pathname).toBe('https://github.com/apps/plugboard-demo/installations/new');
    expect(flow.url.searchParams.has('code_challenge')).toBe(false);
    expect(await flow.finish(await flow.approve())).toMatchObject({ status: 'connected' });
    expect(await connection()).toMatchObject({
      status: 'active',
      account: { id: '9919', name: 'github' },
      metadata: { installationId: '1', repositorySelection: 'all' },
    });
    expect(sent.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
      'POST /login/oauth/access_token',
      'GET /user/installations',
      `DELETE /applications/Iv1.client/token`,
      `POST ${minted}`,
      'GET /installation/repositories',
    ]);
    const [{ headers }] = to(minted) as [ReturnType<typeof to>[number]];
    expect(headers.get('authorization')).toMatch(/^Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9\./);
    const [user] = vendor.oauth.ledger.families();
    expect(vendor.oauth.ledger.current(user!.id), 'the user’s token').toBeUndefined();
    await client.repos.listInstalled();
  });

  test('that the user cannot reach is refused, whatever the callback says, and nothing is minted or stored', async () => {
    const { begin, connection, to, vendor } = createRig(app);
    for (const id of ['2', '', '1/../2', '01', '1e0']) {
      const { approve, finish } = await begin({ method: 'installation' });
      const back = await approve();
      back.searchParams.set('installation_id', id);
      expect(await codeOf(finish(back)), id).toBe('installation_not_yours');
    }
    expect(to(minted)).toEqual([]);
    expect(await connection()).toBeNull();
    expect(vendor.oauth.ledger.families().every(({ id }) => vendor.oauth.ledger.current(id) === undefined)).toBe(true);
  });

  test('that the callback does not name is taken when there is no other', async () => {
    const { answer, begin } = createRig(app);
    const comeBack = async () => {
      const { approve, finish } = await begin({ method: 'installation' });
      const back = await approve();
      back.searchParams.delete('installation_id');
      return finish(back);
    };
    expect(await comeBack()).toMatchObject({ status: 'connected' });
    const list = [1, 2].map((id) => ({ id, app_id: 12345, account: { id, login: `o${id}` } }));
    answer(({ url }) =>
      url.pathname === '/user/installations' ? Response.json({ total_count: 2, installations: list }) : undefined,
    );
    expect(await codeOf(comeBack())).toBe('installation_not_yours');
  });

  test('is found on a later page', async () => {
    const { answer, connect, connection } = createRig(app);
    const some = (from: number) =>
      Array.from({ length: 100 }, (_, index) => ({ id: from + index, account: { id: from + index, login: 'x' } }));
    answer(({ url }) => {
      if (url.pathname !== '/user/installations') return undefined;
      const page = Number(url.searchParams.get('page'));
      const installations =
        page === 1 ? some(1000) : page === 2 ? some(2000) : [{ id: 1, account: { id: 7, login: 'seven' } }];
      return Response.json({ total_count: 201, installations });
    });
    await connect('installation');
    expect((await connection())?.account).toEqual({ id: '7', name: 'seven' });
  });

  test('that waits for the approval of an owner is no connection', async () => {
    const { begin } = createRig(app);
    const { approve, finish } = await begin({ method: 'installation' });
    const back = await approve();
    back.searchParams.set('setup_action', 'request');
    back.searchParams.delete('code');
    back.searchParams.delete('installation_id');
    expect(await codeOf(finish(back))).toBe('installation_requested');
  });

  test('gets a new token each hour, once for all who wait', async () => {
    const { connect, clock, client, connection, to } = createRig(app);
    await connect('installation');
    const first = await connection();
    expect(first!.expiresAt!.getTime() - clock.now()).toBe(3_600_000);
    await clock.advance(3_600_000);
    await Promise.all(Array.from({ length: 5 }, () => client.repos.listInstalled()));
    expect(to(minted)).toHaveLength(2);
    expect(await connection()).toMatchObject({ status: 'active', account: first!.account, metadata: first!.metadata });
  });

  test.each([
    [404, 'Not Found'],
    [403, 'This installation has been suspended'],
  ])('that answers %i is over, once it is confirmed', async (status, message) => {
    const { connect, clock, client, connection, answer } = createRig(app);
    await connect('installation');
    answer(({ url }) => (url.pathname === minted ? Response.json({ message }, { status }) : undefined));
    await clock.advance(3_600_000);
    expect(await codeOf(client.repos.listInstalled())).toBe('refresh_refused');
    await clock.advance(80_000);
    expect(await codeOf(client.repos.listInstalled())).toBe('reconnect_required');
    expect(await connection()).toMatchObject({ status: 'expired', reason: 'revoked' });
  });

  test('is not over because the key of the app is wrong, its clock is, or there were too many requests', async () => {
    const { connect, clock, client, connection, answer } = createRig(app);
    await connect('installation');
    const limited = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1', date: 'Fri, 20 Nov 2026 10:00:00 GMT' };
    for (const [status, message, headers, code] of [
      [401, 'A JSON web token could not be decoded', {}, 'bad_app_credentials'],
      [401, "'Issued at' claim ('iat') must be an Integer representing the time", {}, 'clock_skew'],
      [403, 'API rate limit exceeded', limited, 'rate_limited'],
    ] as const) {
      answer(({ url }) => (url.pathname === minted ? Response.json({ message }, { status, headers }) : undefined));
      await clock.advance(3_600_000);
      expect(await codeOf(client.repos.listInstalled()), message).toBe(code);
      expect(await connection()).toMatchObject({ status: 'active' });
    }
    answer(() => undefined);
    await clock.advance(3_600_000);
    await expect(client.repos.listInstalled()).resolves.toHaveProperty('items');
  });

  test('is asked for once more by the vendor’s clock where the own one is wrong, and lives as long as it does', async () => {
    const { connect, clock, connection, answer, to } = createRig(app);
    const hour = 3_600_000;
    const theirs = clock.now() - 2 * hour;
    const issuedAt = (headers: Headers) => {
      const [, claims = ''] = (headers.get('authorization') ?? '').split('.');
      return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { iat: number }).iat;
    };
    answer(({ url, headers }) => {
      if (url.pathname !== minted) return undefined;
      const date = { date: new Date(theirs).toUTCString() };
      if (issuedAt(headers) * 1000 > theirs) {
        return Response.json(
          { message: "'Issued at' claim ('iat') must not be in the future" },
          { status: 401, headers: date },
        );
      }
      const body = { token: 'ghs_1', expires_at: new Date(theirs + hour).toISOString(), permissions: {} };
      return Response.json(body, { status: 201, headers: date });
    });
    await connect('installation');
    expect(to(minted).map(({ headers }) => issuedAt(headers))).toEqual([
      Math.floor(clock.now() / 1000) - 30,
      Math.floor(theirs / 1000) - 30,
    ]);
    expect((await connection())?.expiresAt?.getTime()).toBe(clock.now() + hour);
  });

  test('stays installed when it is disconnected, and its token ends', async () => {
    const { board, connect, sent } = createRig(app);
    await connect('installation');
    sent.length = 0;
    expect(await board.disconnect('github', who)).toMatchObject({ revoked: 'revoked' });
    expect(sent.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual(['DELETE /installation/token']);
  });

  test('needs a GitHub App, and says which names are missing', async () => {
    const { begin } = createRig();
    expect(await codeOf(begin({ method: 'installation' }))).toBe('app_credentials_missing');
  });
});
