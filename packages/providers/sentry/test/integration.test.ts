import { createHmac } from 'node:crypto';

import { member } from '@plugboard/core';
import { agreesWithVerifier, type SentRequest } from '@plugboard/testing';
import { describe, expect, test } from 'vitest';

import { sentry } from '../src/index.ts';
import { app, installationId, organizationId, rig, who } from './rig.ts';

const code = 'e3ad2ae3d8ba4ae7a3a0c5f0d4a9e2b1';
const method = 'integration';

async function install(given = rig()) {
  const { page, flow } = await given.board.prepare('sentry', { ...who, method });
  const connection = await given.board.connect('sentry', {
    ...who,
    method,
    credentials: { code, installationId },
    flow,
  });
  return { ...given, page, connection };
}

const pathsOf = (sent: readonly SentRequest[]) => sent.map(({ method: verb, url }) => `${verb} ${url.pathname}`);
const exchange = `POST /api/0/sentry-app-installations/${installationId}/authorizations/`;

describe('an installation', () => {
  test('begins at the vendor’s page, exchanges its code as JSON, and says that it works', async () => {
    const { page, connection, sent } = await install();
    expect(page).toEqual({ url: 'https://sentry.io/sentry-apps/plugboard/external-install/' });
    expect(pathsOf(sent).slice(0, 2)).toEqual([exchange, `PUT /api/0/sentry-app-installations/${installationId}/`]);
    expect(sent[0]!.json).toEqual({
      grant_type: 'authorization_code',
      code,
      client_id: app.integrationClientId,
      client_secret: app.integrationClientSecret,
    });
    expect(sent[1]!.json).toEqual({ status: 'installed' });
    expect(sent[1]!.headers.get('authorization')).toMatch(/^Bearer \S+$/);
    expect(connection).toMatchObject({ account: { id: installationId, name: 'The Interstellar Jurisdiction' } });
    expect(connection.expiresAt?.toISOString()).toBe('2026-01-01T01:00:00.000Z');
  });

  test('whose id is none is refused before anything is sent', async () => {
    const { board, sent } = rig();
    const { flow } = await board.prepare('sentry', { ...who, method });
    const credentials = { code, installationId: '../organizations' };
    await expect(board.connect('sentry', { ...who, method, credentials, flow })).rejects.toMatchObject({
      fields: [{ path: 'installationId' }],
    });
    expect(sent).toEqual([]);
  });

  test('needs the integration of the host and not its OAuth application', async () => {
    const { clientId: _id, clientSecret: _secret, ...integration } = app;
    expect((await install(rig(integration))).connection.status).toBe('active');
    const { board } = rig({ clientId: app.clientId, clientSecret: app.clientSecret });
    await expect(board.prepare('sentry', { ...who, method })).rejects.toMatchObject({
      code: 'app_credentials_missing',
      message: expect.stringContaining('SENTRY_APP_SLUG, SENTRY_APP_CLIENT_ID, SENTRY_APP_CLIENT_SECRET') as unknown,
    });
  });

  test('is refreshed at its own address, and every pair is spent once', async () => {
    const { client, clock, sent } = await install();
    sent.length = 0;
    for (let turn = 0; turn < 2; turn++) {
      await clock.advance(2 * 3_600_000);
      await client.issues.list();
    }
    const refreshes = sent.filter(({ url }) => url.pathname.endsWith('/authorizations/'));
    expect(refreshes.map(({ json }) => member(json, 'grant_type'))).toEqual(['refresh_token', 'refresh_token']);
    expect(new Set(refreshes.map(({ json }) => member(json, 'refresh_token'))).size).toBe(2);
    expect(sent.at(-1)!.url.pathname).toBe('/api/0/organizations/2/issues/');
  });

  test('whose pair was lost asks for another one with a signed assertion', async () => {
    const { answer, client, clock, sent } = await install();
    sent.length = 0;
    await clock.advance(2 * 3_600_000);
    let refused = false;
    answer(({ url, text }) => {
      if (!url.pathname.endsWith('/authorizations/') || !text.includes('"refresh_token"')) return undefined;
      refused = true;
      return Response.json({ detail: 'Token not found, invalid, or revoked' }, { status: 401 });
    });
    await client.issues.list();
    expect(refused).toBe(true);
    const asked = sent.find(({ text }) => text.includes('jwt-bearer'))!;
    expect(asked.json).toEqual({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' });
    const [header = '', claims = '', signature = ''] = asked.headers.get('authorization')!.slice(7).split('.');
    const expected = createHmac('sha256', app.integrationClientSecret)
      .update(`${header}.${claims}`)
      .digest('base64url');
    expect(signature).toBe(expected);
    const now = clock.now() / 1000;
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toEqual({
      iss: app.integrationClientId,
      sub: app.integrationClientId,
      iat: now,
      exp: now + 60,
      jti: expect.stringMatching(/^[\w-]{36}$/) as unknown,
    });
  });

  test('that is gone ends the connection; a wrong client of the host ends none', async () => {
    const { answer, board, client, clock } = await install();
    let answered = { status: 401, detail: 'Invalid Client ID / Secret pair' };
    answer(({ url }) =>
      url.pathname.endsWith('/authorizations/')
        ? Response.json({ detail: answered.detail }, { status: answered.status })
        : undefined,
    );
    const status = async () => (await board.connections.get('sentry', { organizationId }))?.status;
    await clock.advance(2 * 3_600_000);
    await expect(client.issues.list()).rejects.toMatchObject({ kind: 'configuration' });
    expect(await status()).toBe('active');
    answered = { status: 404, detail: 'The requested resource does not exist' };
    await clock.advance(3_600_000);
    await expect(client.issues.list()).rejects.toMatchObject({ kind: 'auth' });
    await clock.advance(3_600_000);
    await expect(client.issues.list()).rejects.toMatchObject({ kind: 'auth' });
    expect(await status()).toBe('expired');
  });

  test('hears of its organization alone, and ends when it is deleted', async () => {
    const { board } = await install();
    const heard: string[] = [];
    board.on('sentry', '*', (_data, { type }) => void heard.push(type));
    const url = 'https://app.example.com/integrations/webhooks/sentry';
    const post = async (
      resource: string,
      action: string,
      uuid = installationId,
      secret = app.integrationClientSecret,
    ) => {
      const body = JSON.stringify({ action, installation: { uuid }, data: { installation: { uuid } } });
      const signature = await sentry.definition.webhooks!.sign({ body, url, at: new Date(0) }, secret);
      const headers = { ...signature, 'sentry-hook-resource': resource, 'request-id': `${resource}-${action}-${uuid}` };
      return (await board.webhooks.receive('sentry', new Request(url, { method: 'POST', body, headers }))).status;
    };
    expect(await post('event_alert', 'triggered')).toBe(200);
    expect(await post('event_alert', 'triggered')).toBe(200);
    expect(await post('issue', 'custom', '00000000-0000-4000-8000-000000000000')).toBe(200);
    expect(await post('metric_alert', 'critical', installationId, 'another')).toBe(401);
    expect(await post('Issue!', 'created')).toBe(400);
    expect(await post('installation', 'deleted')).toBe(200);
    expect(heard).toEqual(['event_alert.triggered', 'installation.deleted']);
    expect(await board.connections.get('sentry', { organizationId })).toMatchObject({ status: 'disconnected' });
  });
});

test('an internal integration is heard by its own secret, under the ids that the vendor told', async () => {
  const { board, connect } = rig();
  const webhookSecret = 'c'.repeat(64);
  const token = { authToken: 'a'.repeat(64), organization: 'the-interstellar-jurisdiction', webhookSecret };
  const { metadata } = await connect(token, 'token');
  expect(metadata).toMatchObject({ alsoKnownAs: [installationId] });
  const url = 'https://app.example.com/integrations/webhooks/sentry';
  const post = async (uuid: string, secret: string) => {
    const body = JSON.stringify({ action: 'created', installation: { uuid }, data: {} });
    const signature = await sentry.definition.webhooks!.sign({ body, url, at: new Date(0) }, secret);
    const request = new Request(url, { method: 'POST', body, headers: { ...signature, 'sentry-hook-resource': 'x' } });
    return (await board.webhooks.receive('sentry', request, { organizationId })).status;
  };
  expect(await post(installationId, webhookSecret)).toBe(200);
  expect(await post('00000000-0000-4000-8000-000000000000', webhookSecret)).toBe(403);
  expect(await post(installationId, 'another')).toBe(401);
});

test('R54 our verdict equals that of the vendor’s example, which signs nothing for an empty object', async () => {
  const secret = app.integrationClientSecret;
  const { accepted } = await agreesWithVerifier(sentry.definition.webhooks!, {
    secret,
    accepts: ({ body, headers }) =>
      [body, ...(body === '{}' ? [''] : [])]
        .map((signed) => createHmac('sha256', secret).update(signed).digest('hex'))
        .includes(headers['sentry-hook-signature'] ?? ''),
  });
  expect(accepted).toBeGreaterThan(1000);
});

describe('OAuth', () => {
  async function authorize(organizations: readonly object[]) {
    const made = rig();
    made.answer(({ url }) => (url.pathname === '/api/0/organizations/' ? Response.json(organizations) : undefined));
    const { url, approve, finish } = await made.begin({ method: 'oauth' });
    return { ...made, url, result: await finish(await approve()) };
  }

  test('ends every address in a slash, and binds the code', async () => {
    const { result, sent, url } = await authorize([{ id: '2', slug: 'x', name: 'X' }]);
    expect(url.origin + url.pathname).toBe('https://sentry.io/oauth/authorize/');
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    const { form: exchanged } = sent[0]!;
    expect(sent[0]!.url.href).toBe('https://sentry.io/oauth/token/');
    expect(exchanged.get('client_secret')).toBe(app.clientSecret);
    expect(exchanged.get('code_verifier')).toMatch(/^[\w-]{43,}$/);
    expect(result).toMatchObject({ status: 'connected', connection: { account: { id: '2', name: 'X' } } });
  });

  test('lets the user choose among organizations, and asks the chosen one', async () => {
    const { board, result, sent } = await authorize([
      { id: '2', slug: 'x', name: 'X' },
      { id: '3', slug: 'y', name: 'Y' },
    ]);
    expect(result).toMatchObject({ status: 'choose_account' });
    await board.accounts.choose('sentry', { organizationId, accountId: '3' });
    await board.client('sentry', { organizationId }).issues.list();
    expect(sent.at(-1)!.url.pathname).toBe('/api/0/organizations/3/issues/');
  });
});
