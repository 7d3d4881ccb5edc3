import { createPublicKey } from 'node:crypto';
import type { Delivery, JwtHeader, VerifyTools } from '@plugboard/core';
import { exampleRsaKey, Secret, signJwt } from '@plugboard/core';
import { OAuth2Client } from 'google-auth-library';
import { importJWK, type CryptoKey } from 'jose';
import { expect, test } from 'vitest';

import { exampleJwk } from '../src/index.ts';
import { pubSubSecret, readPubSub, signPubSub, verifyPubSub } from '../src/pub-sub.ts';

const email = 'push@demo-project.iam.gserviceaccount.com';
const subscription = 'projects/demo-project/subscriptions/mail-push';
const url = 'https://app.example/integrations/webhooks/gmail';
const app = { pubsubServiceAccount: email, pubsubSubscription: subscription };
const secret = pubSubSecret(app)!;
const at = 1_700_000_000_000;
const data = 'eyJlbWFpbEFkZHJlc3MiOiJ1c2VyQGV4YW1wbGUuY29tIiwiaGlzdG9yeUlkIjoiOTg3NjU0MzIxMCJ9';
const message = { data, messageId: '2070443601311540', publishTime: '2026-11-20T10:00:00.123Z', attributes: {} };

const publicKey = importJWK(exampleJwk, 'RS256') as Promise<CryptoKey>;
const tools: VerifyTools = {
  app: {},
  request: () => expect.unreachable('the keys are known'),
  keys: { find: (_source, id) => (id === exampleJwk.kid ? publicKey : Promise.resolve('unknown')) },
};
const deliveryOf = (headers: Record<string, string>, more: Partial<Delivery> & { json?: unknown } = {}): Delivery => ({
  method: 'POST',
  url: new URL(url),
  headers: new Headers(headers),
  body: new TextEncoder().encode(JSON.stringify(more.json ?? { message, subscription })),
  receivedAt: at,
  ...more,
});
const verify = (delivery: Delivery, secrets = [secret]) =>
  Promise.resolve(
    verifyPubSub(
      delivery,
      secrets.map((text) => new Secret(text)),
      tools,
    ),
  );

/** The claims of Google's sample, https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions (2026-11-20). */
const sample = {
  aud: url,
  azp: '113774264463038321964',
  email,
  sub: '113774264463038321964',
  email_verified: true,
  exp: at / 1000 + 3600,
  iat: at / 1000,
  iss: 'https://accounts.google.com',
};
const bearer = async (claims: object, header: JwtHeader = { alg: 'RS256', kid: exampleJwk.kid, typ: 'JWT' }) => ({
  authorization: `Bearer ${await signJwt(header, claims, exampleRsaKey())}`,
});

test('a push with a token for this receiver, account and subscription is believed, by the secret that fits', async () => {
  expect(await verify(deliveryOf(await bearer(sample)))).toEqual({ ok: true, secretIndex: 0 });
  const others = [pubSubSecret({ ...app, pubsubSubscription: 'projects/p/subscriptions/other' })!, secret];
  expect(await verify(deliveryOf(await bearer(sample)), others)).toEqual({ ok: true, secretIndex: 1 });
  const shortIssuer = await bearer({ ...sample, iss: 'accounts.google.com' });
  expect(await verify(deliveryOf(shortIssuer))).toMatchObject({ ok: true });
  // Google sends one audience; RFC 7519 section 4.1.3 takes a list that names us, which Google's own library does not.
  const several = await bearer({ ...sample, aud: [url, 'https://other.example'] });
  expect(await verify(deliveryOf(several))).toMatchObject({ ok: true });
  // A token is used again for up to an hour.
  const old = await bearer({ ...sample, iat: sample.iat - 3500, exp: sample.iat + 100 });
  expect(await verify(deliveryOf(old))).toMatchObject({ ok: true });
  const named = pubSubSecret({ ...app, pubsubAudience: 'mail' })!;
  expect(await verify(deliveryOf(await bearer({ ...sample, aud: 'mail' })), [named])).toMatchObject({ ok: true });
  expect(await verify(deliveryOf(await bearer(sample)), [named])).toMatchObject({ ok: false });
});

test.each<[string, object]>([
  ['another audience', { aud: 'https://app.example/other' }],
  ['no audience', { aud: undefined }],
  ['another issuer', { iss: 'https://accounts.google.com.evil.example' }],
  ['another service account', { email: 'push@evil.iam.gserviceaccount.com' }],
  ['an address that nobody verified', { email_verified: false }],
  ['the word true', { email_verified: 'true' }],
  ['a time that is over', { iat: sample.iat - 7200, exp: sample.iat - 3600 }],
  ['a time to come', { iat: sample.iat + 7200, exp: sample.iat + 10_800 }],
])('a token with %s is refused', async (_what, change) => {
  expect(await verify(deliveryOf(await bearer({ ...sample, ...change })))).toMatchObject({ ok: false });
});

test('no token, another key, another algorithm and another subscription in the body are refused', async () => {
  const good = await bearer(sample);
  const [head, claims, signature] = good.authorization.slice(7).split('.');
  const none = Buffer.from('{"alg":"none","kid":"rfc-7515-a-2"}').toString('base64url');
  for (const headers of [
    {},
    { authorization: '' },
    { authorization: `Basic ${good.authorization.slice(7)}` },
    { authorization: `Bearer ${none}.${claims}.` },
    { authorization: `Bearer ${head}.${claims}.${signature!.slice(0, -4)}` },
    await bearer(sample, { alg: 'RS256', typ: 'JWT' }),
    await bearer(sample, { alg: 'RS256', kid: 'another', typ: 'JWT' }),
  ]) {
    expect(await verify(deliveryOf(headers)), JSON.stringify(headers)).toMatchObject({ ok: false });
  }
  for (const json of [{ message }, { message, subscription: `${subscription}2` }, [], 'text']) {
    expect(await verify(deliveryOf(good, { json })), JSON.stringify(json)).toMatchObject({ ok: false });
  }
});

test('without a service account or a subscription there is no secret', () => {
  expect(pubSubSecret({ pubsubServiceAccount: email })).toBeUndefined();
  expect(pubSubSecret({ pubsubSubscription: subscription })).toBeUndefined();
});

test('a message is read in either alphabet, and its large numbers stay what they are', () => {
  expect(readPubSub(deliveryOf({}))).toEqual({
    id: '2070443601311540',
    data: { emailAddress: 'user@example.com', historyId: '9876543210' },
    publishedAt: new Date('2026-11-20T10:00:00.123Z'),
  });
  const odd = Buffer.from('{"historyId":98765432109876543210,"text":"ÿÿ?>"}').toString('base64url');
  expect(readPubSub(deliveryOf({}, { json: { message: { data: odd, messageId: '1' } } }))).toEqual({
    id: '1',
    data: { historyId: '98765432109876543210', text: 'ÿÿ?>' },
  });
});

test.each([{}, { message: {} }, { message: { data, messageId: 7 } }, { message: { messageId: '1', data: '%%' } }, []])(
  'a body that is no message is refused: %j',
  (json) => {
    expect(() => readPubSub(deliveryOf({}, { json }))).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  },
);

/** Small, seeded, the same on every machine (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const rounds = 2000;

test(`the verdicts are those of Google’s own library, or stricter by a rule of ours, on ${rounds} tokens`, async () => {
  const random = seeded(20_261_120);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const library = new OAuth2Client();
  const certificates = {
    [exampleJwk.kid]: createPublicKey({ key: exampleJwk, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    }) as string,
  };
  // Google's library has no clock of its own.
  const now = Math.floor(Date.now() / 1000);
  const changes: readonly (readonly [string, object])[] = [
    ['none', {}],
    ['audience', { aud: 'https://evil.example' }],
    ['issuer', { iss: 'https://evil.example' }],
    ['short issuer', { iss: 'accounts.google.com' }],
    ['expired', { iat: now - 8000, exp: now - 4000 }],
    ['too early', { iat: now + 4000, exp: now + 7600 }],
    ['no iat', { iat: undefined }],
    ['no exp', { exp: undefined }],
    // Theirs looks at neither.
    ['ours: account', { email: 'other@demo-project.iam.gserviceaccount.com' }],
    ['ours: unverified', { email_verified: false }],
  ];
  const signed = changes.map(([, change]) => bearer({ ...sample, iat: now, exp: now + 3600, ...change }));
  const tokens = (await Promise.all(signed)).map(
    ({ authorization }, index) => [changes[index]![0], authorization] as const,
  );
  let believed = 0;
  for (let round = 0; round < rounds; round++) {
    const [what, authorization] = pick(tokens);
    const damage = random();
    const at = 'Bearer '.length + Math.floor(random() * (authorization.length - 'Bearer '.length - 1));
    const text =
      damage < 0.4
        ? authorization.slice(0, at) + pick(['A', 'z', '-', '.']) + authorization.slice(at + 1)
        : authorization;
    const ours = await verify(deliveryOf({ authorization: text }, { receivedAt: now * 1000 }));
    const theirs = await library
      .verifySignedJwtWithCertsAsync(text.slice('Bearer '.length), certificates, url, [
        sample.iss,
        'accounts.google.com',
      ])
      .then(
        () => true,
        () => false,
      );
    expect(ours.ok, `${what}: ${text}`).toBe(theirs && !what.startsWith('ours'));
    if (ours.ok) believed++;
  }
  expect(believed).toBeGreaterThan(rounds / 10);
});

test('what the emulator signs is what Google sends', async () => {
  const body = JSON.stringify({ message, subscription });
  const headers = await signPubSub({ body, url, at: new Date(at) }, secret);
  expect(await verify(deliveryOf({ ...headers }))).toMatchObject({ ok: true });
});
