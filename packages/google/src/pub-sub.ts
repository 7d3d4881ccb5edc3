/**
 * Cloud Pub/Sub push: the token in the header is signed, the body is not.
 * @see https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions (2026-11-20)
 */
import { exampleRsaKey, invalidInput, jwtSignature, keySet, member } from '@plugboard/core';
import { parseJson, reveal, signJwt, text } from '@plugboard/core';
import type { AppValues, Delivery, EmulatorRoutes, Json, Verify, WebhookDefinition } from '@plugboard/core';

import { exampleJwk } from './example-key.ts';
import { readBase64 } from './pages.ts';

const keys = keySet('https://www.googleapis.com/oauth2/v3/certs', 'RS256');
const issuers = ['https://accounts.google.com', 'accounts.google.com'];
const hourSeconds = 3600;

/** Who may push, from the app fields of these names: all that a token must name, as one text. */
export function pubSubSecret({ pubsubServiceAccount, pubsubSubscription, pubsubAudience }: AppValues) {
  if (pubsubServiceAccount === undefined || pubsubSubscription === undefined) return undefined;
  return [pubsubServiceAccount, pubsubSubscription, pubsubAudience ?? ''].map(reveal).join(' ');
}

const partsOf = (secret: string) => {
  const [serviceAccount = '', subscription = '', audience = ''] = secret.split(' ');
  return { serviceAccount, subscription, audience };
};

const verifyToken = jwtSignature({
  header: 'authorization',
  prefix: 'Bearer ',
  keys,
  audience: ({ url }, secret) => partsOf(secret).audience || url.href,
  claims: (delivery, secret) => {
    const { serviceAccount, subscription } = partsOf(secret);
    // Whoever may push for another subscription of the same account is nobody here.
    const email = member(readQuietly(delivery.body), 'subscription') === subscription ? serviceAccount : [];
    return { iss: issuers, email, email_verified: true };
  },
  required: ['exp'],
  toleranceSeconds: hourSeconds,
});

/** Tokens serve for an hour, so their time says little: a delivery is known again by its message id alone. */
export const verifyPubSub: Verify = async (delivery, secrets, tools) => {
  const verdict = await verifyToken(delivery, secrets, tools);
  return verdict.ok ? { ok: true, secretIndex: verdict.secretIndex } : verdict;
};

export interface PubSubMessage {
  /** The vendor's id of the delivery: the same whenever it is sent again. */
  readonly id: string;
  readonly data: Json;
  readonly publishedAt?: Date;
}

/** @throws PlugboardError code `invalid_input` for a body that is no message with JSON in it. */
export function readPubSub({ body }: Pick<Delivery, 'body'>): PubSubMessage {
  const message = member(readQuietly(body), 'message');
  const id = text(member(message, 'messageId'));
  const bytes = readBase64(text(member(message, 'data')) ?? '');
  const data = bytes === undefined ? undefined : readQuietly(bytes);
  if (id === undefined || data === undefined) {
    throw invalidInput('The webhook body', [{ path: 'message', message: 'is no Pub/Sub message with JSON in it' }]);
  }
  const publishedAt = new Date(text(member(message, 'publishTime')) ?? '');
  return { id, data, ...(!Number.isNaN(publishedAt.getTime()) && { publishedAt }) };
}

/** Numbers of 64 bits survive as texts. */
function readQuietly(bytes: Uint8Array): Json | undefined {
  try {
    return parseJson(new TextDecoder().decode(bytes), { bigIntegers: 'string' });
  } catch {
    return undefined;
  }
}

/** A token as Google makes it, signed by a key that only the emulator publishes. */
export const signPubSub: WebhookDefinition['sign'] = async ({ url, at }, secret) => {
  const { serviceAccount, audience } = partsOf(secret);
  const iat = Math.floor(at.getTime() / 1000);
  const who = {
    azp: '113774264463038321964',
    email: serviceAccount,
    email_verified: true,
    sub: '113774264463038321964',
  };
  const claims = { aud: audience || url, ...who, iss: issuers[0], iat, exp: iat + hourSeconds };
  const token = await signJwt({ alg: 'RS256', kid: exampleJwk.kid, typ: 'JWT' }, claims, exampleRsaKey());
  return { authorization: `Bearer ${token}` };
};

/** The emulator's half: the keys that `signPubSub` signs with, where Google publishes its own. */
export const pubSubKeys: EmulatorRoutes = {
  'GET /oauth2/v3/certs': { open: true, reply: () => ({ json: { keys: [exampleJwk] } }) },
};
