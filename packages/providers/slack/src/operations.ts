/** What the client offers: the methods of https://docs.slack.dev/reference/methods (2026-08). */
import { endpoint, PlugboardError, snakeNames } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

const minute = 60_000;
/** Calls by time, per method and workspace: https://docs.slack.dev/apis/web-api/rate-limits (2026-08). */
const tiers = { posting: [1, 1000], tier2: [20, minute], tier3: [50, minute], tier4: [100, minute] } as const;

const methods = 'https://docs.slack.dev/reference/methods';
/** The URL of a webhook is no token, and would be put on whatever else is called. */
const byToken = { methods: ['oauth', 'botToken'] };

/** What the vendor's page of a method says about it. Limits are per method, so each has an object of its own. */
function facts(method: string, tier: keyof typeof tiers, ...scopes: readonly string[]) {
  const [requests, perMs] = tiers[tier];
  return { docs: `${methods}/${method}`, ...byToken, limits: [{ requests, perMs }], scopes };
}

/** Whichever credentials the connection has. */
const held = z.looseObject({});

const wire = (input: object) => ({ json: snakeNames(input) });
const id = z.string().min(1);
/** Message id within its channel: a decimal text that no number can hold. */
const ts = z.string().regex(/^\d+\.\d+$/);
const channelId = 'C123ABC456';
const shownTs = '1503435956.000247';
const oneMessage = { channel: channelId, ts: ts.meta({ examples: [shownTs] }) };

const content = {
  text: z
    .string()
    .max(40_000)
    .meta({ examples: ['Here is a message.'] }),
  markdownText: z.string().max(12_000),
  blocks: z.array(z.looseObject({ type: z.string() })).max(50),
  attachments: z.array(z.looseObject({})).max(100),
};
type Content = { readonly [Name in keyof typeof content]?: unknown };
const hasContent = ({ text, markdownText, blocks, attachments }: Content) =>
  (markdownText === undefined) !== (text === undefined && blocks === undefined && attachments === undefined);
const contentRule = { error: 'give text, blocks or attachments, or markdownText alone' };

const message = given(
  { channel: channelId },
  {
    ...content,
    threadTs: ts,
    replyBroadcast: z.boolean(),
    unfurlLinks: z.boolean(),
    unfurlMedia: z.boolean(),
    mrkdwn: z.boolean(),
    metadata: z.strictObject({ event_type: z.string(), event_payload: z.record(z.string(), z.json()) }),
    // These three need the scope chat:write.customize.
    username: z.string(),
    iconEmoji: z.string(),
    iconUrl: z.url({ protocol: /^https$/ }),
  },
).refine(hasContent, contentRule);

const ok = { ok: true };
const sender = { user: 'U0KRQLJ9H', bot_id: 'B19LU7CSY', team: 'T0G9PQBBK' };
const text = 'Here is a message.';
const placed = { ...ok, channel: channelId, ts: shownTs };
const posted = like({}, { type: 'message', text, ts: shownTs, ...sender });

const cursorIn = { cursor: id, limit: z.int().min(1).max(1000) };
const cursorOut = (cursor: string) => ({ response_metadata: like({}, { next_cursor: cursor }) });
/** An empty cursor ends the list; a short page does not. */
function nextPage<Input extends object>(
  page: { readonly response_metadata?: { readonly next_cursor?: string | null | undefined } | null | undefined },
  input: Input,
): (Input & { cursor: string }) | undefined {
  const cursor = page.response_metadata?.next_cursor;
  return cursor ? { ...input, cursor } : undefined;
}

export const auth = {
  test: endpoint('POST /auth.test', {
    summary: 'Says which workspace and which bot the token belongs to.',
    docs: `${methods}/auth.test`,
    ...byToken,
    repeat: 'safe',
    input: given({}),
    output: like(
      { ...ok, url: 'https://subarachnoid.slack.com/', user_id: 'W23456789' },
      {
        team: 'Subarachnoid Workspace',
        team_id: 'T0G9PQBBK',
        user: 'bot',
        bot_id: 'BZYBOTHED',
        enterprise_id: z.string(),
        is_enterprise_install: false,
      },
    ),
  }),
};

export const chat = {
  post: endpoint('POST /chat.postMessage', {
    summary: 'Posts a message. Not repeated after a time-out: it could appear twice.',
    ...facts('chat.postMessage', 'posting', 'chat:write'),
    input: message,
    encode: wire,
    output: like(placed, { message: posted }),
  }),
  update: endpoint('POST /chat.update', {
    summary: 'Replaces the content of a message.',
    ...facts('chat.update', 'tier3', 'chat:write'),
    repeat: 'safe',
    input: given(oneMessage, content).refine(hasContent, contentRule),
    encode: wire,
    output: like(placed, { text, message: posted }),
  }),
  delete: endpoint('POST /chat.delete', {
    summary: 'Deletes a message of the bot.',
    ...facts('chat.delete', 'tier3', 'chat:write'),
    input: given(oneMessage),
    output: like(placed),
  }),
  schedule: endpoint('POST /chat.scheduleMessage', {
    summary: 'Posts a message at a later time.',
    ...facts('chat.scheduleMessage', 'tier3', 'chat:write'),
    input: given({ channel: channelId, postAt: z.date() }, { ...content, threadTs: ts }).refine(
      hasContent,
      contentRule,
    ),
    encode: ({ postAt, ...rest }) => wire({ ...rest, postAt: Math.floor(postAt.getTime() / 1000) }),
    output: like(
      { ...ok, channel: channelId, scheduled_message_id: 'Q1298393284' },
      { post_at: 1_796_115_600, message: like({}, { text: 'Good morning.', type: 'delayed_message', ...sender }) },
    ),
    example: { input: { channel: channelId, postAt: new Date('2026-12-01T09:00:00Z'), text: 'Good morning.' } },
  }),
};

const generalId = 'C012AB3CD';
/** Direct messages have no name. */
const channel = like(
  { id: generalId },
  { name: 'general', is_channel: true, is_private: false, is_archived: false, is_member: true, num_members: 4 },
);

export const channels = {
  list: endpoint('GET /conversations.list', {
    summary: 'Lists the channels that the bot can see.',
    ...facts('conversations.list', 'tier2', 'channels:read'),
    // Private channels need the scope groups:read as well.
    input: given(
      {},
      {
        types: z.array(z.enum(['public_channel', 'private_channel', 'mpim', 'im'])).min(1),
        excludeArchived: true,
        teamId: id,
        ...cursorIn,
      },
    ),
    encode: ({ types, excludeArchived, teamId, cursor, limit }) => ({
      query: { types: types?.join(','), exclude_archived: excludeArchived, team_id: teamId, cursor, limit },
    }),
    output: like({ ...ok, channels: [channel] }, cursorOut('dGVhbTpDMDYxRkE1UEI=')),
    paging: { items: (page) => page.channels, next: nextPage },
  }),
  join: endpoint('POST /conversations.join', {
    summary: 'Makes the bot a member of a public channel.',
    ...facts('conversations.join', 'tier3', 'channels:join'),
    repeat: 'safe',
    input: given({ channel: generalId }),
    output: like({ ...ok, channel }),
  }),
  open: endpoint('POST /conversations.open', {
    summary: 'Opens a direct message with one or several people.',
    ...facts('conversations.open', 'tier3', 'im:write'),
    repeat: 'safe',
    input: given({
      users: z
        .array(id)
        .min(1)
        .max(8)
        .meta({ examples: [['W1234567890']] }),
    }),
    encode: ({ users }) => ({ json: { users: users.join(',') } }),
    output: like({ ...ok, channel: { id: 'D069C7QFK' } }),
  }),
};

const email = 'spengler@ghostbusters.example.com';
const user = like(
  { id: 'W012A3CDE' },
  {
    team_id: 'T012AB3C4',
    name: 'spengler',
    deleted: false,
    is_bot: false,
    profile: like({}, { real_name: 'Egon Spengler', email }),
  },
);

export const users = {
  list: endpoint('GET /users.list', {
    summary: 'Lists the members of the workspace.',
    ...facts('users.list', 'tier2', 'users:read'),
    input: given({}, cursorIn),
    output: like({ ...ok, members: [user] }, { cache_ts: 1_498_777_272, ...cursorOut('dXNlcjpVMEc5V0ZYTlo=') }),
    paging: { items: (page) => page.members, next: nextPage },
  }),
  lookupByEmail: endpoint('GET /users.lookupByEmail', {
    summary: 'Finds a member by email address.',
    ...facts('users.lookupByEmail', 'tier3', 'users:read.email'),
    input: given({ email: z.email().meta({ examples: [email] }) }),
    output: like({ ...ok, user }),
  }),
};

const file = { id: 'F123ABC456' };

/** A file goes up in three steps; the bytes are posted to the address of the first. */
export const files = {
  getUploadUrl: endpoint('GET /files.getUploadURLExternal', {
    summary: 'Asks where to post the bytes of a file.',
    ...facts('files.getUploadURLExternal', 'tier4', 'files:write'),
    input: given(
      {
        filename: 'report.csv',
        length: z
          .int()
          .positive()
          .meta({ examples: [53_072] }),
      },
      { altText: z.string() },
    ),
    encode: ({ altText, ...query }) => ({ query: { ...query, alt_txt: altText } }),
    output: like({
      ...ok,
      upload_url: z.url().meta({ examples: ['https://files.slack.com/upload/v1/ABC123'] }),
      file_id: file.id,
    }),
  }),
  completeUpload: endpoint('POST /files.completeUploadExternal', {
    summary: 'Shares uploaded files in a channel.',
    ...facts('files.completeUploadExternal', 'tier4', 'files:write'),
    input: given(
      { files: z.array(given(file, { title: 'Report' })).min(1) },
      { channelId, initialComment: z.string(), threadTs: ts },
    ),
    encode: wire,
    output: like({ ...ok, files: [like(file, { title: 'Report' })] }),
  }),
};

export const webhook = {
  send: endpoint('POST', {
    summary: 'Posts to the channel of the incoming webhook.',
    docs: 'https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks',
    methods: ['oauth', 'webhook'],
    // The rest of the path is the secret.
    baseUrl: 'https://hooks.slack.com/services',
    limits: [{ requests: 1, perMs: 1000 }],
    input: given({}, { ...content, threadTs: ts }).refine(hasContent, contentRule),
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
    output: z.looseObject({ ok: z.literal(true) }),
    example: { answer: 'ok', headers: { 'content-type': 'text/html' } },
  }),
};
