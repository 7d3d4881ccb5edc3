/** E12: back-channel logout, by the names of the conformance suite's modules where there are any. */
import { beforeAll, describe, expect, test } from 'vitest';

import { appUrl, createKey, createRig, issuer, organizationId, unsigned, type Key } from './rig.ts';

let key: Key;
let other: Key;
beforeAll(async () => void ([key, other] = await Promise.all([createKey(), createKey('RS256', 'key-other')])));

const event = 'http://schemas.openid.net/event/backchannel-logout';
const logout = { jti: 'j1', events: { [event]: {} }, sid: 's1', nonce: undefined, name: undefined };

async function createReceiver(lies = {}, app = {}) {
  const rig = await createRig(key, { lies, app });
  const heard: unknown[] = [];
  rig.board.on('generic-oidc', 'logout', (data, context) => void heard.push([data, context.organizationId]));
  const receive = (body: string) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return rig.board.webhooks.receive(
      'generic-oidc',
      new Request(`${appUrl}/webhooks/generic-oidc`, { method: 'POST', headers, body }),
    );
  };
  const send = async (claims: object = {}) =>
    receive(new URLSearchParams({ logout_token: await rig.idToken({ ...logout, ...claims } as never) }).toString());
  return { ...rig, heard, receive, send };
}

test('oidcc-client-test-rp-backchannel: reaches the connection of the user, once', async () => {
  const { signIn, send, heard } = await createReceiver();
  await signIn();
  const answer = await send();
  expect([answer.status, answer.headers.get('cache-control'), await answer.text()]).toEqual([200, 'no-store', '']);
  expect(heard).toEqual([[{ issuer, subject: 'user-7', sessionId: 's1' }, organizationId]]);
  expect((await send()).status).toBe(200);
  expect(heard).toHaveLength(1);
  expect((await send({ jti: 'j2' })).status).toBe(200);
  expect(heard).toHaveLength(2);
});

test('of a session alone reaches handlers without an organization', async () => {
  const { signIn, send, heard } = await createReceiver();
  await signIn();
  expect((await send({ sub: undefined })).status).toBe(200);
  expect(heard).toEqual([[{ issuer, sessionId: 's1' }, null]]);
});

test('reaches it where the deployment named the document, and its issuer ends in a slash', async () => {
  const slashed = `${issuer}/`;
  const lies = { document: { issuer: slashed }, claims: (claims: object) => ({ ...claims, iss: slashed }) };
  const app = { issuer: `${issuer}/.well-known/openid-configuration` };
  const { begin, finish, send, heard, lie } = await createReceiver(lies, app);
  const { params, cookies } = await begin();
  params.set('iss', slashed);
  await finish(params, cookies);
  expect((await send()).status).toBe(200);
  expect(heard).toEqual([[{ issuer: slashed, subject: 'user-7', sessionId: 's1' }, organizationId]]);
  lie({ ...lies, claims: (claims: object) => ({ ...claims, iss: `${slashed}/` }) });
  expect((await send({ jti: 'j2' })).status).toBe(401);
  expect(heard).toHaveLength(1);
});

describe('is refused, and nobody hears of it', () => {
  test.each([
    ['oidcc-client-test-rp-backchannel-wrong-issuer', { iss: 'https://evil.example' }],
    ['oidcc-client-test-rp-backchannel-wrong-audience', { aud: 'another-client' }],
    ['oidcc-client-test-rp-backchannel-wrong-event', { events: { 'https://evil.example/event': {} } }],
    ['oidcc-client-test-rp-backchannel-no-event', { events: undefined }],
    ['oidcc-client-test-rp-backchannel-no-sub-sid', { sub: undefined, sid: undefined }],
    ['oidcc-client-test-rp-backchannel-nonce', { nonce: 'n' }],
    ['no jti', { jti: undefined }],
    ['no iat', { iat: undefined }],
    ['an old one', { iat: Date.UTC(2026, 0, 1) / 1000 - 301 }],
    ['one from the future', { iat: Date.UTC(2026, 0, 1) / 1000 + 301 }],
    ['an expired one', { exp: Date.UTC(2026, 0, 1) / 1000 - 31 }],
  ])('%s', async (_name, claims) => {
    const { signIn, send, heard } = await createReceiver();
    await signIn();
    expect((await send(claims)).status).toBe(401);
    expect(heard).toEqual([]);
  });

  test('oidcc-client-test-rp-backchannel-alg-none, another key, another body', async () => {
    const { signIn, send, receive, lie, heard, idToken } = await createReceiver();
    await signIn();
    lie({ sign: (truth) => unsigned(truth) });
    expect((await send()).status).toBe(401);
    lie({ keys: [other.jwk], header: { kid: 'key-other' } });
    expect((await send()).status).toBe(401);
    lie({});
    const token = await idToken(logout as never);
    for (const body of [
      '',
      'logout_token=',
      `token=${token}`,
      `logout_token=${token}&logout_token=${token}`,
      `{"logout_token":"${token}"}`,
    ]) {
      expect((await receive(body)).status, body.slice(0, 20)).toBe(401);
    }
    expect(heard).toEqual([]);
  });
});

test('keys on another host are found by asking the issuer, which a flood asks twice a minute at most', async () => {
  const { send, calls, receive } = await createReceiver({ document: { jwks_uri: 'https://keys.example.net/jwks' } });
  expect((await send()).status).toBe(200);
  for (let count = 0; count < 200; count++) {
    const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: `kid-${count}` })).toString('base64url');
    expect((await receive(`logout_token=${header}.e30.AAAA`)).status).toBe(401);
  }
  expect(calls('/openid-configuration')).toHaveLength(1);
  expect(calls('/jwks')).toHaveLength(1);
});

test('an issuer that is down is a 503: it will send again', async () => {
  const { send } = await createReceiver({ answer: () => new Response('down', { status: 503 }) });
  expect((await send()).status).toBe(503);
});
