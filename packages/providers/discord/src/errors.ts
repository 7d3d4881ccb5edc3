/** What Discord's answers mean: https://docs.discord.com/developers/topics/opcodes-and-status-codes (2026-08). */
import { member, number, vendorErrors, type Json } from '@plugboard/core';

const failed = (status: number, code: number, message: string, more: Record<string, Json> = {}) => ({
  status,
  body: { message, code, ...more },
});

export const errors = vendorErrors({
  code: ['code'],
  message: ['message'],
  codes: {
    10003: { kind: 'not_found', code: 'unknown_channel' },
    10004: { kind: 'not_found', code: 'unknown_guild' },
    10008: { kind: 'not_found', code: 'unknown_message' },
    10015: { kind: 'auth', code: 'unknown_webhook', hint: 'Somebody deleted the webhook; connect another one.' },
    10062: { kind: 'not_found', code: 'unknown_interaction', hint: 'Answer within three seconds, or defer.' },
    20028: { kind: 'rate_limited', code: 'channel_write_limit' },
    40001: { kind: 'auth', code: 'unauthorized' },
    40060: { kind: 'conflict', code: 'already_acknowledged' },
    40333: {
      kind: 'permission',
      code: 'blocked',
      hint: 'Cloudflare refused the caller: its address, or its User-Agent.',
    },
    50001: { kind: 'permission', code: 'missing_access', hint: 'Add the bot to the server, and to the channel.' },
    50013: { kind: 'permission', code: 'missing_permissions', hint: 'Give the bot a role with the permission.' },
    50014: { kind: 'auth', code: 'invalid_token' },
    50027: { kind: 'auth', code: 'invalid_webhook_token' },
    50035: { kind: 'invalid_request', code: 'invalid_form' },
  },
  classify(answer) {
    const body = answer.tryJson();
    // Fractions of seconds, which the header rounds: https://docs.discord.com/developers/topics/rate-limits (2026-08).
    const seconds = answer.status === 429 ? number(member(body, 'retry_after')) : undefined;
    if (seconds === undefined) return undefined;
    const code = number(member(body, 'code')) === 20028 ? 'channel_write_limit' : 'rate_limited';
    return { kind: 'rate_limited', code, retryAfterMs: Math.ceil(seconds * 1000) };
  },
  examples: {
    invalidCredentials: { ...failed(401, 0, '401: Unauthorized'), is: { kind: 'auth', code: 'unauthorized' } },
    unauthorized: { ...failed(401, 40001, 'Unauthorized'), is: { kind: 'auth', code: 'unauthorized' } },
    deadToken: {
      ...failed(401, 50014, 'Invalid authentication token provided'),
      is: { kind: 'auth', code: 'invalid_token' },
    },
    missingScope: { ...failed(403, 50001, 'Missing Access'), is: { kind: 'permission', code: 'missing_access' } },
    missingPermission: {
      ...failed(403, 50013, 'Missing Permissions'),
      is: { kind: 'permission', code: 'missing_permissions' },
    },
    blocked: {
      ...failed(403, 40333, 'internal network error'),
      is: { kind: 'permission', code: 'blocked', retryable: false },
    },
    blockedInHtml: {
      status: 403,
      body: '<html>Attention Required!</html>',
      is: { kind: 'permission', code: 'forbidden' },
    },
    deletedWebhook: { ...failed(404, 10015, 'Unknown Webhook'), is: { kind: 'auth', code: 'unknown_webhook' } },
    wrongWebhookToken: {
      ...failed(401, 50027, 'Invalid Webhook Token'),
      is: { kind: 'auth', code: 'invalid_webhook_token' },
    },
    unknownChannel: { ...failed(404, 10003, 'Unknown Channel'), is: { kind: 'not_found', code: 'unknown_channel' } },
    tooLateToAnswer: {
      ...failed(404, 10062, 'Unknown interaction'),
      is: { kind: 'not_found', code: 'unknown_interaction' },
    },
    answeredTwice: {
      ...failed(400, 40060, 'Interaction has already been acknowledged.'),
      is: { kind: 'conflict', code: 'already_acknowledged' },
    },
    invalidForm: {
      ...failed(400, 50035, 'Invalid Form Body', {
        errors: {
          content: { _errors: [{ code: 'BASE_TYPE_MAX_LENGTH', message: 'Must be 2000 or fewer in length.' }] },
        },
      }),
      is: { kind: 'invalid_request', code: 'invalid_form' },
    },
    rateLimited: {
      status: 429,
      body: { message: 'You are being rate limited.', retry_after: 64.57, global: false },
      is: { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: 64_570 },
    },
    channelRateLimited: {
      ...failed(429, 20028, 'The write action you are performing on the channel has hit the write rate limit.', {
        retry_after: 2.5,
        global: false,
      }),
      is: { kind: 'rate_limited', code: 'channel_write_limit', retryAfterMs: 2500 },
    },
    rateLimitedByCloudflare: {
      status: 429,
      headers: { 'retry-after': '30' },
      body: '<html>Error 1015</html>',
      is: { kind: 'rate_limited', code: 'rate_limited', retryAfterMs: 30_000 },
    },
    badGateway: { status: 502, body: '<html>502</html>', is: { kind: 'unavailable', code: 'server_error' } },
  },
});
