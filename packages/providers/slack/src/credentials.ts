/** The three things that Slack hands over: a bot token, a user token, a webhook URL. */
import { at, bearer, member, reveal, splitScopes, text } from '@plugboard/core';
import type { Classify, Grant, Json, JsonObject, Sign } from '@plugboard/core';
import { secret } from '@plugboard/core/fields';

export const webhookUrl = secret('Incoming webhook URL', {
  help: 'Your app > Incoming Webhooks > the URL of the channel.',
  example: 'https://hooks.slack.com/services/T000/B000/xxxx',
  // The host is part of the secret: nothing else may ever be posted to.
  pattern: /^https:\/\/hooks\.slack\.com\/services\/[A-Za-z0-9]+\/[A-Za-z0-9]+\/[A-Za-z0-9]+$/,
});

export const botToken = secret('Bot token', {
  help: 'Your app > OAuth & Permissions > Bot User OAuth Token.',
  example: 'xoxb-0123456789-abcdef',
  pattern: /^xox[be][.-][\x21-\x7e]+$/,
});

const token = bearer();
const webhookHost = 'hooks.slack.com';

/** The path of a webhook URL is its secret, so it is put on last, and goes to that host alone. */
export const signWebhook: Sign = {
  places: ['path'],
  apply({ url }, { credentials }) {
    const value = credentials['webhookUrl'];
    if (value !== undefined) url.pathname = new URL(reveal(value)).pathname;
  },
};

/** The token belongs to the API alone: a webhook URL is called without it. */
export const sign: Sign = {
  places: [...token.places, ...signWebhook.places],
  apply: (request, context) => (request.url.host === webhookHost ? signWebhook : token).apply(request, context),
};

/**
 * One exchange can bring three credentials; a refresh brings the one that was refreshed.
 * @see https://docs.slack.dev/authentication/installing-with-oauth (2026-08)
 */
export function readGrant(answer: Json): Grant {
  const user = member(answer, 'authed_user');
  const expiresIn = member(answer, 'expires_in');
  const scope = text(member(answer, 'scope'));
  const account = accountOf(answer);
  return {
    credentials: {
      ...named('accessToken', member(answer, 'access_token')),
      ...named('refreshToken', member(answer, 'refresh_token')),
      ...named('userToken', member(user, 'access_token')),
      ...named('userRefreshToken', member(user, 'refresh_token')),
      ...named('webhookUrl', at(answer, 'incoming_webhook', 'url')),
    },
    // Without token rotation there is none, and the token lives until it is revoked.
    ...(typeof expiresIn === 'number' && { expiresInMs: expiresIn * 1000 }),
    ...(scope !== undefined && { scopes: splitScopes(scope, ',') }),
    ...(account !== undefined && { account, metadata: metadataOf(answer) }),
  };
}

/** The workspace, or the organization of an installation for a whole Enterprise Grid. */
function accountOf(answer: Json): { id: string; name: string } | undefined {
  const owner = member(answer, member(answer, 'is_enterprise_install') === true ? 'enterprise' : 'team');
  const id = text(member(owner, 'id'));
  return id === undefined ? undefined : { id, name: text(member(owner, 'name')) ?? id };
}

function metadataOf(answer: Json): JsonObject {
  const found = {
    botUserId: member(answer, 'bot_user_id'),
    appId: member(answer, 'app_id'),
    enterpriseId: at(answer, 'enterprise', 'id'),
    webhookChannel: at(answer, 'incoming_webhook', 'channel'),
  };
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function named(name: string, value: Json | undefined): Record<string, string> {
  return typeof value === 'string' && value !== '' ? { [name]: value } : {};
}

const spentGrants = new Set([
  'invalid_code',
  'code_already_used',
  'code_expired',
  'invalid_refresh_token',
  'token_revoked',
  'token_expired',
]);
const badClients = new Set(['invalid_client_id', 'bad_client_secret', 'invalid_app_id', 'bad_redirect_uri']);

/** Failures come with status 200: https://docs.slack.dev/reference/methods/oauth.v2.access (2026-08). */
export const classifyToken: Classify = (answer) => {
  const body = answer.tryJson();
  const ok = member(body, 'ok');
  if (answer.status === 200 && ok === true) return undefined;
  const code = text(member(body, 'error'));
  if (answer.status !== 200 || ok !== false || code === undefined) {
    if (answer.status === 429 || answer.status >= 500) return undefined;
    return { kind: 'invalid_response', code: 'not_a_slack_answer', retryable: true };
  }
  const vendor = { code };
  if (spentGrants.has(code)) return { kind: 'auth', code: 'invalid_grant', vendor };
  if (badClients.has(code)) return { kind: 'configuration', code: 'invalid_client', vendor };
  return code === 'ratelimited' || code === 'internal_error' || code === 'fatal_error'
    ? { kind: 'unavailable', code, vendor }
    : { kind: 'invalid_response', code: 'token_refused', vendor };
};
