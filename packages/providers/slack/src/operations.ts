/** What the client offers: the methods of https://docs.slack.dev/reference/methods (2026-08). */
import { endpoint, PlugboardError, type RateLimit } from '@plugboard/core';
import { z } from 'zod';

/** Per method and workspace: https://docs.slack.dev/apis/web-api/rate-limits (2026-08). */
const tiers = {
  tier2: perMinute(20),
  tier3: perMinute(50),
  tier4: perMinute(100),
  posting: [{ requests: 1, perMs: 1000 }],
};

function perMinute(requests: number): RateLimit[] {
  return [{ requests, perMs: 60_000 }];
}

/** Whichever credentials the connection has. */
const held = z.looseObject({});

const docs = (method: string) => `https://docs.slack.dev/reference/methods/${method}`;
const id = z.string().min(1);
/** Message id within its channel: a decimal text that no number can hold. */
const ts = z.string().regex(/^\d+\.\d+$/);
const ok = z.looseObject({ ok: z.literal(true) });
const blocks = z.array(z.looseObject({ type: z.string() })).max(50);

const content = {
  text: z.string().max(40_000).optional(),
  markdownText: z.string().max(12_000).optional(),
  blocks: blocks.optional(),
  attachments: z.array(z.looseObject({})).max(100).optional(),
};

interface Content {
  readonly text?: string | undefined;
  readonly markdownText?: string | undefined;
  readonly blocks?: readonly object[] | undefined;
  readonly attachments?: readonly object[] | undefined;
}

function hasContent({ text, markdownText, blocks: shown, attachments }: Content): boolean {
  const other = text !== undefined || shown !== undefined || attachments !== undefined;
  return markdownText === undefined ? other : !other;
}

const contentRule = { error: 'give text, blocks or attachments, or markdownText alone' };

function wire(input: object) {
  const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return { json: Object.fromEntries(Object.entries(input).map(([name, value]) => [snake(name), value])) };
}

const sender = { user: 'U0KRQLJ9H', bot_id: 'B19LU7CSY', team: 'T0G9PQBBK' };
const posted = {
  ok: true,
  channel: 'C123ABC456',
  ts: '1503435956.000247',
  message: { type: 'message', text: 'Here is a message.', ts: '1503435956.000247', ...sender },
};
const cursorIn = { cursor: id.optional(), limit: z.int().min(1).max(1000).optional() };
const cursorOut = { response_metadata: z.looseObject({ next_cursor: z.string().optional() }).optional() };

interface CursorPage {
  readonly response_metadata?: { readonly next_cursor?: string | undefined } | undefined;
}

/** An empty cursor ends the list; a short page does not. */
function nextPage<Input extends object>(page: CursorPage, input: Input): (Input & { cursor: string }) | undefined {
  const cursor = page.response_metadata?.next_cursor;
  return cursor === undefined || cursor === '' ? undefined : { ...input, cursor };
}

const message = z
  .strictObject({
    channel: id,
    ...content,
    threadTs: ts.optional(),
    replyBroadcast: z.boolean().optional(),
    unfurlLinks: z.boolean().optional(),
    unfurlMedia: z.boolean().optional(),
    mrkdwn: z.boolean().optional(),
    metadata: z.strictObject({ event_type: z.string(), event_payload: z.record(z.string(), z.json()) }).optional(),
    // These three need the scope chat:write.customize.
    username: z.string().optional(),
    iconEmoji: z.string().optional(),
    iconUrl: z.url({ protocol: /^https$/ }).optional(),
  })
  .refine(hasContent, contentRule);

export const auth = {
  test: endpoint('POST /auth.test', {
    summary: 'Says which workspace and which bot the token belongs to.',
    docs: docs('auth.test'),
    repeat: 'safe',
    input: z.strictObject({}),
    output: z.looseObject({
      team: z.string().optional(),
      team_id: z.string().optional(),
      user_id: z.string(),
      bot_id: z.string().optional(),
      enterprise_id: z.string().nullish(),
      is_enterprise_install: z.boolean().optional(),
      url: z.string(),
    }),
    example: {
      input: {},
      answer: {
        ok: true,
        url: 'https://subarachnoid.slack.com/',
        team: 'Subarachnoid Workspace',
        user: 'bot',
        team_id: 'T0G9PQBBK',
        user_id: 'W23456789',
        bot_id: 'BZYBOTHED',
        is_enterprise_install: false,
      },
    },
  }),
};

export const chat = {
  post: endpoint('POST /chat.postMessage', {
    summary: 'Posts a message. Not repeated after a time-out: it could appear twice.',
    docs: docs('chat.postMessage'),
    scopes: ['chat:write'],
    limits: tiers.posting,
    input: message,
    encode: wire,
    output: z.looseObject({ channel: z.string(), ts: z.string() }),
    example: { input: { channel: 'C123ABC456', text: 'Here is a message.' }, answer: posted },
  }),
  update: endpoint('POST /chat.update', {
    summary: 'Replaces the content of a message.',
    docs: docs('chat.update'),
    repeat: 'safe',
    scopes: ['chat:write'],
    limits: tiers.tier3,
    input: z.strictObject({ channel: id, ts, ...content }).refine(hasContent, contentRule),
    encode: wire,
    output: z.looseObject({ channel: z.string(), ts: z.string() }),
    example: {
      input: { channel: 'C123ABC456', ts: '1503435956.000247', text: 'Updated text.' },
      answer: { ...posted, text: 'Updated text.', message: { ...posted.message, text: 'Updated text.' } },
    },
  }),
  delete: endpoint('POST /chat.delete', {
    summary: 'Deletes a message of the bot.',
    docs: docs('chat.delete'),
    scopes: ['chat:write'],
    limits: tiers.tier3,
    input: z.strictObject({ channel: id, ts }),
    output: z.looseObject({ channel: z.string(), ts: z.string() }),
    example: {
      input: { channel: 'C123ABC456', ts: '1503435956.000247' },
      answer: { ok: true, channel: 'C123ABC456', ts: '1503435956.000247' },
    },
  }),
  schedule: endpoint('POST /chat.scheduleMessage', {
    summary: 'Posts a message at a later time.',
    docs: docs('chat.scheduleMessage'),
    scopes: ['chat:write'],
    limits: tiers.tier3,
    input: z
      .strictObject({ channel: id, postAt: z.date(), ...content, threadTs: ts.optional() })
      .refine(hasContent, contentRule),
    encode: ({ postAt, ...rest }) => wire({ ...rest, postAt: Math.floor(postAt.getTime() / 1000) }),
    output: z.looseObject({ channel: z.string(), scheduled_message_id: z.string() }),
    example: {
      input: { channel: 'C123ABC456', postAt: new Date('2026-12-01T09:00:00Z'), text: 'Good morning.' },
      answer: {
        ok: true,
        channel: 'C123ABC456',
        scheduled_message_id: 'Q1298393284',
        post_at: 1_796_115_600,
        message: { text: 'Good morning.', type: 'delayed_message', ...sender },
      },
    },
  }),
};

const channel = z.looseObject({
  id: z.string(),
  name: z.string(),
  is_private: z.boolean().optional(),
  is_archived: z.boolean().optional(),
  is_member: z.boolean().optional(),
  num_members: z.number().optional(),
});
const general = {
  id: 'C012AB3CD',
  name: 'general',
  is_channel: true,
  is_private: false,
  is_archived: false,
  is_member: true,
  num_members: 4,
};

export const channels = {
  list: endpoint('GET /conversations.list', {
    summary: 'Lists the channels that the bot can see.',
    docs: docs('conversations.list'),
    scopes: ['channels:read'],
    limits: tiers.tier2,
    // Private channels need the scope groups:read as well.
    input: z.strictObject({
      types: z
        .array(z.enum(['public_channel', 'private_channel', 'mpim', 'im']))
        .min(1)
        .optional(),
      excludeArchived: z.boolean().optional(),
      teamId: id.optional(),
      ...cursorIn,
    }),
    encode: ({ types, excludeArchived, teamId, cursor, limit }) => ({
      query: { types: types?.join(','), exclude_archived: excludeArchived, team_id: teamId, cursor, limit },
    }),
    output: z.looseObject({ channels: z.array(channel), ...cursorOut }),
    paging: { items: (page) => page.channels, next: nextPage },
    example: {
      input: { excludeArchived: true },
      answer: { ok: true, channels: [general], response_metadata: { next_cursor: 'dGVhbTpDMDYxRkE1UEI=' } },
    },
  }),
  join: endpoint('POST /conversations.join', {
    summary: 'Makes the bot a member of a public channel.',
    docs: docs('conversations.join'),
    repeat: 'safe',
    scopes: ['channels:join'],
    limits: tiers.tier3,
    input: z.strictObject({ channel: id }),
    output: z.looseObject({ channel }),
    example: { input: { channel: 'C012AB3CD' }, answer: { ok: true, channel: general } },
  }),
  open: endpoint('POST /conversations.open', {
    summary: 'Opens a direct message with one or several people.',
    docs: docs('conversations.open'),
    repeat: 'safe',
    scopes: ['im:write'],
    limits: tiers.tier3,
    input: z.strictObject({ users: z.array(id).min(1).max(8) }),
    encode: ({ users }) => ({ json: { users: users.join(',') } }),
    output: z.looseObject({ channel: z.looseObject({ id: z.string() }) }),
    example: { input: { users: ['W1234567890'] }, answer: { ok: true, channel: { id: 'D069C7QFK' } } },
  }),
};

const user = z.looseObject({
  id: z.string(),
  name: z.string().optional(),
  deleted: z.boolean().optional(),
  is_bot: z.boolean().optional(),
  profile: z.looseObject({ real_name: z.string().optional(), email: z.string().optional() }).optional(),
});
const spengler = {
  id: 'W012A3CDE',
  team_id: 'T012AB3C4',
  name: 'spengler',
  deleted: false,
  is_bot: false,
  profile: { real_name: 'Egon Spengler', email: 'spengler@ghostbusters.example.com' },
};

export const users = {
  list: endpoint('GET /users.list', {
    summary: 'Lists the members of the workspace.',
    docs: docs('users.list'),
    scopes: ['users:read'],
    limits: tiers.tier2,
    input: z.strictObject(cursorIn),
    output: z.looseObject({ members: z.array(user), ...cursorOut }),
    paging: { items: (page) => page.members, next: nextPage },
    example: {
      input: {},
      answer: {
        ok: true,
        members: [spengler],
        cache_ts: 1498777272,
        response_metadata: { next_cursor: 'dXNlcjpVMEc5V0ZYTlo=' },
      },
    },
  }),
  lookupByEmail: endpoint('GET /users.lookupByEmail', {
    summary: 'Finds a member by email address.',
    docs: docs('users.lookupByEmail'),
    scopes: ['users:read.email'],
    limits: tiers.tier3,
    input: z.strictObject({ email: z.email() }),
    output: z.looseObject({ user }),
    example: { input: { email: 'spengler@ghostbusters.example.com' }, answer: { ok: true, user: spengler } },
  }),
};

/** A file goes up in three steps; the bytes are posted to the address of the first. */
export const files = {
  getUploadUrl: endpoint('GET /files.getUploadURLExternal', {
    summary: 'Asks where to post the bytes of a file.',
    docs: docs('files.getUploadURLExternal'),
    scopes: ['files:write'],
    limits: tiers.tier4,
    input: z.strictObject({ filename: id, length: z.int().positive(), altText: z.string().optional() }),
    encode: ({ altText, ...query }) => ({ query: { ...query, alt_txt: altText } }),
    output: z.looseObject({ upload_url: z.url(), file_id: z.string() }),
    example: {
      input: { filename: 'report.csv', length: 53_072 },
      answer: { ok: true, upload_url: 'https://files.slack.com/upload/v1/ABC123', file_id: 'F123ABC456' },
    },
  }),
  completeUpload: endpoint('POST /files.completeUploadExternal', {
    summary: 'Shares uploaded files in a channel.',
    docs: docs('files.completeUploadExternal'),
    scopes: ['files:write'],
    limits: tiers.tier4,
    input: z.strictObject({
      files: z.array(z.strictObject({ id, title: z.string().optional() })).min(1),
      channelId: id.optional(),
      initialComment: z.string().optional(),
      threadTs: ts.optional(),
    }),
    encode: wire,
    output: z.looseObject({ files: z.array(z.looseObject({ id: z.string() })) }),
    example: {
      input: { files: [{ id: 'F123ABC456', title: 'Report' }], channelId: 'C123ABC456' },
      answer: { ok: true, files: [{ id: 'F123ABC456', title: 'Report' }] },
    },
  }),
};

export const webhook = {
  send: endpoint('POST', {
    summary: 'Posts to the channel of the incoming webhook.',
    docs: 'https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks',
    // The rest of the path is the secret.
    baseUrl: 'https://hooks.slack.com/services',
    limits: tiers.posting,
    input: z.strictObject({ ...content, threadTs: ts.optional() }).refine(hasContent, contentRule),
    encode(input, api) {
      if ('webhookUrl' in api.credentials(held)) return wire(input);
      throw new PlugboardError({
        kind: 'permission',
        code: 'no_webhook',
        message: 'This Slack connection has no incoming webhook.',
        hint: 'Connect with the scope incoming-webhook, or by the URL of a webhook.',
      });
    },
    // The answer is the text `ok`, not JSON.
    decode: (answer) => ({ ok: answer.text().trim() === 'ok' }),
    output: ok,
    example: { input: { text: 'Hello, world.' }, answer: 'ok', headers: { 'content-type': 'text/html' } },
  }),
};
