/**
 * Cloud Pub/Sub push: the token in the header is signed, the body is not.
 * @see https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions (2026-11-20)
 */
import { configurationError, exampleRsaKey, invalidInput, jwtSignature, keySet, member } from '@plugboard/core';
import { parseJson, reveal, signJwt, text } from '@plugboard/core';
import type { AppFields, AppValues, Delivery, EmulatorRoutes, Json, Verify, WebhookDefinition } from '@plugboard/core';

import { exampleJwk } from './example-key.ts';
import { readBase64 } from './pages.ts';

const keys = keySet('https://www.googleapis.com/oauth2/v3/certs', 'RS256');
const issuers = ['https://accounts.google.com', 'accounts.google.com'];
const hourSeconds = 3600;

/** What the host set up in its Cloud project. @param prefix of the environment names: `GMAIL` */
export const pubSubApp = (prefix: string) =>
  ({
    pubsubTopic: {
      title: 'Pub/Sub topic',
      env: `${prefix}_PUBSUB_TOPIC`,
      set: 'push',
      help: 'projects/<project>/topics/<topic>, in the project of the OAuth client.',
      example: 'projects/demo-project/topics/mail',
    },
    pubsubSubscription: {
      title: 'Pub/Sub push subscription',
      env: `${prefix}_PUBSUB_SUBSCRIPTION`,
      set: 'push',
      help: 'projects/<project>/subscriptions/<subscription>; pushes to the webhook route, with authentication.',
      example: 'projects/demo-project/subscriptions/mail-push',
    },
    pubsubServiceAccount: {
      title: 'Push service account',
      env: `${prefix}_PUBSUB_SERVICE_ACCOUNT`,
      set: 'push',
      help: 'Email address of the service account that the subscription authenticates with.',
      example: 'push@demo-project.iam.gserviceaccount.com',
    },
    pubsubAudience: {
      title: 'Push audience',
      env: `${prefix}_PUBSUB_AUDIENCE`,
      set: 'push',
      optional: true,
      help: 'Audience of the subscription, if it has one of its own. Default: the URL that is pushed to.',
    },
  }) as const satisfies AppFields;

/** @throws PlugboardError kind `configuration`, code `push_not_configured`. */
export function pubSubTopic({ pubsubTopic: topic }: AppValues, fields: AppFields): string {
  if (topic !== undefined) return reveal(topic);
  const names = Object.values(fields).map(({ env }) => env);
  const message = 'The vendor publishes to a topic of Cloud Pub/Sub, and none is set.';
  throw configurationError('push_not_configured', message, `Set ${names.join(', ')}.`);
}

/** Who may push, from the fields of `pubSubApp`: all that a token must name, as one text. */
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

/** What the webhooks of all pushes have in common. */
export const pubSubWebhooks = {
  secrets: ({ app }) => [pubSubSecret(app)],
  verify: verifyPubSub,
  // A token says little of when the delivery was sent.
  rememberDays: 7,
  sign: signPubSub,
} satisfies Partial<WebhookDefinition>;

/** The emulator's half: the keys that `signPubSub` signs with, where Google publishes its own. */
export const pubSubKeys: EmulatorRoutes = {
  'GET /oauth2/v3/certs': { open: true, reply: () => ({ json: { keys: [exampleJwk] } }) },
};
