/** What Slack's answers mean: nearly every failure is a 200 with `ok: false`. */
import { at, member, splitScopes, text, vendorErrors } from '@plugboard/core';
import type { Answer, ErrorExample, ErrorKind, Failure, Meaning } from '@plugboard/core';

const dead: Meaning = { kind: 'auth', hint: 'The token is dead or was never good; connect the workspace again.' };
const absent: Meaning = { kind: 'not_found', hint: 'Check the id, and whether the bot can see it.' };
const archived: Meaning = { kind: 'conflict', hint: 'The channel is archived.' };

/** The plain texts of incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (2026-08). */
const webhookTexts: Readonly<Record<string, Meaning>> = {
  no_service: { kind: 'auth', hint: 'The webhook was removed; make a new one and connect again.' },
  channel_not_found: absent,
  channel_is_archived: archived,
  action_prohibited: { kind: 'permission', hint: 'An administrator restricted posting.' },
  user_not_found: absent,
  invalid_payload: 'invalid_request',
  rollup_error: 'unavailable',
};

/** https://docs.slack.dev/reference/methods/chat.postMessage#errors and its siblings (2026-08). */
const codes: Readonly<Record<string, Meaning>> = {
  ...webhookTexts,
  invalid_auth: dead,
  not_authed: dead,
  token_revoked: dead,
  token_expired: dead,
  account_inactive: dead,
  users_not_found: absent,
  message_not_found: absent,
  not_in_channel: {
    kind: 'permission',
    hint: 'Invite the bot to the channel, call channels.join, or grant chat:write.public.',
  },
  is_archived: archived,
  already_in_channel: 'conflict',
  msg_too_long: { kind: 'invalid_request', hint: 'Shorten the text.' },
  no_text: { kind: 'invalid_request', hint: 'Give text, blocks or attachments.' },
  restricted_action: 'permission',
  cant_update_message: 'permission',
  cant_delete_message: 'permission',
  ekm_access_denied: 'permission',
  team_access_not_granted: 'permission',
  rate_limited: { kind: 'rate_limited', retryAfterMs: 1000 },
  ratelimited: { kind: 'rate_limited', retryAfterMs: 30_000 },
  internal_error: 'unavailable',
  fatal_error: 'unavailable',
  service_unavailable: 'unavailable',
  request_timeout: 'timeout',
};

/** None for a 429, whose wait is in its header. */
function codeOf(answer: Answer): string | undefined {
  const body = answer.tryJson();
  if (answer.status === 429) return undefined;
  if (member(body, 'ok') === false) return text(member(body, 'error'));
  const plain = answer.status === 200 ? '' : answer.text().trim();
  return Object.hasOwn(webhookTexts, plain) ? plain : undefined;
}

const messageAt = ['response_metadata', 'messages', 0] as const;

/** The answer names the scopes that are missing. */
function classify(answer: Answer): Failure | undefined {
  const code = codeOf(answer);
  if (code !== 'missing_scope') return undefined;
  const body = answer.tryJson();
  const needed = text(member(body, 'needed')) ?? answer.headers.get('x-accepted-oauth-scopes') ?? '';
  const message = text(at(body, ...messageAt));
  return {
    kind: 'permission',
    code,
    vendor: { code, ...(message !== undefined && { message }) },
    missingScopes: splitScopes(needed, ','),
    hint: 'Start the connect flow again asking for these scopes.',
  };
}

/** As the vendor answers: with status 200. */
const failed = (error: string, kind: ErrorKind, is: Partial<ErrorExample['is']> = {}) =>
  ({ status: 200, body: { ok: false, error }, is: { kind, code: error, ...is } }) satisfies ErrorExample;

export const errors = vendorErrors({
  code: codeOf,
  message: messageAt,
  codes,
  otherwise: 'invalid_request',
  insideSuccess: true,
  classify,
  examples: {
    invalidCredentials: failed('invalid_auth', 'auth'),
    revoked: failed('token_revoked', 'auth'),
    expiredToken: failed('token_expired', 'auth'),
    inactive: failed('account_inactive', 'auth'),
    missingScope: {
      status: 200,
      body: { ok: false, error: 'missing_scope', needed: 'chat:write', provided: 'users:read' },
      is: { kind: 'permission', code: 'missing_scope' },
    },
    channelNotFound: failed('channel_not_found', 'not_found'),
    notInChannel: failed('not_in_channel', 'permission'),
    archived: failed('is_archived', 'conflict'),
    tooLong: failed('msg_too_long', 'invalid_request'),
    unknownError: failed('invalid_blocks', 'invalid_request'),
    rateLimitedInBody: failed('ratelimited', 'rate_limited', { retryAfterMs: 30_000 }),
    rateLimited: {
      status: 429,
      headers: { 'retry-after': '30' },
      body: { ok: false, error: 'ratelimited' },
      is: { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: 30_000 },
    },
    internal: failed('internal_error', 'unavailable', { retryable: true }),
    removedWebhook: { status: 404, body: 'no_service', is: { kind: 'auth', code: 'no_service' } },
    outage: { status: 503, is: { kind: 'unavailable', code: 'unavailable', retryable: true } },
  },
});
