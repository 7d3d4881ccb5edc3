/** What Slack's answers mean: nearly every failure is a 200 with `ok: false`. */
import { at, member, text, type Answer, type Classify, type ErrorRules, type Failure } from '@plugboard/core';

type Meaning = Omit<Failure, 'code'> & { readonly code?: string };

const dead: Meaning = { kind: 'auth', hint: 'The token is dead or was never good; connect the workspace again.' };
const absent: Meaning = { kind: 'not_found', hint: 'Check the id, and whether the bot can see it.' };
const notMember: Meaning = {
  kind: 'permission',
  hint: 'Invite the bot to the channel, call channels.join, or grant chat:write.public.',
};
const down: Meaning = { kind: 'unavailable' };

/** https://docs.slack.dev/reference/methods/chat.postMessage#errors and its siblings (2026-08). */
const meanings: Readonly<Record<string, Meaning>> = {
  invalid_auth: dead,
  not_authed: dead,
  token_revoked: dead,
  token_expired: dead,
  account_inactive: dead,
  channel_not_found: absent,
  user_not_found: absent,
  users_not_found: absent,
  message_not_found: absent,
  not_in_channel: notMember,
  is_archived: { kind: 'conflict', hint: 'The channel is archived.' },
  already_in_channel: { kind: 'conflict' },
  msg_too_long: { kind: 'invalid_request', hint: 'Shorten the text.' },
  no_text: { kind: 'invalid_request', hint: 'Give text, blocks or attachments.' },
  restricted_action: { kind: 'permission' },
  cant_update_message: { kind: 'permission' },
  cant_delete_message: { kind: 'permission' },
  ekm_access_denied: { kind: 'permission' },
  team_access_not_granted: { kind: 'permission' },
  rate_limited: { kind: 'rate_limited', retryAfterMs: 1000 },
  ratelimited: { kind: 'rate_limited', retryAfterMs: 30_000 },
  internal_error: down,
  fatal_error: down,
  service_unavailable: down,
  request_timeout: { kind: 'timeout' },
};

/** The plain texts of incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (2026-08). */
const webhookTexts: Readonly<Record<string, Meaning>> = {
  no_service: { kind: 'auth', hint: 'The webhook was removed; make a new one and connect again.' },
  channel_not_found: absent,
  channel_is_archived: { kind: 'conflict', hint: 'The channel is archived.' },
  action_prohibited: { kind: 'permission', hint: 'An administrator restricted posting.' },
  user_not_found: absent,
  invalid_payload: { kind: 'invalid_request' },
  rollup_error: down,
};

export const classify: Classify = (answer) => {
  const body = answer.tryJson();
  if (member(body, 'ok') === true || answer.status === 429) return undefined;
  const code = text(member(body, 'error'));
  if (member(body, 'ok') === false && code !== undefined) return failureOf(code, body, answer);
  return Object.hasOwn(webhookTexts, answer.text().trim()) && answer.status !== 200
    ? { code: answer.text().trim(), ...webhookTexts[answer.text().trim()]! }
    : undefined;
};

function failureOf(code: string, body: unknown, answer: Answer): Failure {
  const vendor = { code, ...messageOf(body) };
  if (code === 'missing_scope') {
    const needed = text(member(body, 'needed')) ?? answer.headers.get('x-accepted-oauth-scopes') ?? '';
    const missingScopes = needed
      .split(',')
      .map((scope) => scope.trim())
      .filter((scope) => scope !== '');
    return {
      kind: 'permission',
      code,
      vendor,
      missingScopes,
      hint: 'Start the connect flow again asking for these scopes.',
    };
  }
  const meaning = Object.hasOwn(meanings, code) ? meanings[code] : undefined;
  return { kind: 'invalid_request', code, vendor, ...meaning };
}

function messageOf(body: unknown): { message?: string } {
  const message = text(at(body, 'response_metadata', 'messages', 0));
  return message === undefined ? {} : { message };
}

export const errorExamples = {
  invalidCredentials: {
    status: 200,
    body: { ok: false, error: 'invalid_auth' },
    is: { kind: 'auth', code: 'invalid_auth' },
  },
  revoked: { status: 200, body: { ok: false, error: 'token_revoked' }, is: { kind: 'auth', code: 'token_revoked' } },
  expiredToken: {
    status: 200,
    body: { ok: false, error: 'token_expired' },
    is: { kind: 'auth', code: 'token_expired' },
  },
  inactive: {
    status: 200,
    body: { ok: false, error: 'account_inactive' },
    is: { kind: 'auth', code: 'account_inactive' },
  },
  missingScope: {
    status: 200,
    body: { ok: false, error: 'missing_scope', needed: 'chat:write', provided: 'users:read' },
    is: { kind: 'permission', code: 'missing_scope' },
  },
  channelNotFound: {
    status: 200,
    body: { ok: false, error: 'channel_not_found' },
    is: { kind: 'not_found', code: 'channel_not_found' },
  },
  notInChannel: {
    status: 200,
    body: { ok: false, error: 'not_in_channel' },
    is: { kind: 'permission', code: 'not_in_channel' },
  },
  archived: { status: 200, body: { ok: false, error: 'is_archived' }, is: { kind: 'conflict', code: 'is_archived' } },
  tooLong: {
    status: 200,
    body: { ok: false, error: 'msg_too_long' },
    is: { kind: 'invalid_request', code: 'msg_too_long' },
  },
  unknownError: {
    status: 200,
    body: { ok: false, error: 'invalid_blocks' },
    is: { kind: 'invalid_request', code: 'invalid_blocks' },
  },
  rateLimitedInBody: {
    status: 200,
    body: { ok: false, error: 'ratelimited' },
    is: { kind: 'rate_limited', code: 'ratelimited', retryAfterMs: 30_000 },
  },
  rateLimited: {
    status: 429,
    headers: { 'retry-after': '30' },
    body: { ok: false, error: 'ratelimited' },
    is: { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: 30_000 },
  },
  internal: {
    status: 200,
    body: { ok: false, error: 'internal_error' },
    is: { kind: 'unavailable', code: 'internal_error', retryable: true },
  },
  outage: { status: 503, is: { kind: 'unavailable', code: 'unavailable', retryable: true } },
} as const satisfies ErrorRules['examples'];
