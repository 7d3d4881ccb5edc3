/** What the client offers: https://docs.discord.com/developers/reference (2026-08). */
import { endpoint, type Api, type Secret } from '@plugboard/core';
import { given, like, nothing, z } from '@plugboard/core/fields';

import { webhookPath, webhookUrl } from './credentials.ts';
import {
  application,
  asJson,
  asMessage,
  asQuery,
  channel,
  content,
  guild,
  id,
  ids,
  message,
  more,
  posting,
  says,
  user,
  webhook,
} from './schemas.ts';

export const docs = (page: string) => `https://docs.discord.com/developers/${page}`;
/** Refused for want of a bot, a call would count against the address: https://docs.discord.com/developers/topics/rate-limits (2026-08). */
export const byBot = { methods: ['botToken'] } as const;
const byAnybody = { methods: ['botToken', 'oauth'] } as const;
const gone = { output: nothing, repeat: 'safe', example: { status: 204 } } as const;

export const messages = {
  create: endpoint('POST /channels/{channelId}/messages', {
    summary: 'Posts a message. With a `nonce` a second one of a few minutes is the first one again.',
    docs: docs('resources/message#create-message'),
    ...byBot,
    input: given(
      { channelId: ids.channelId },
      { ...posting, nonce: z.string().min(1).max(25), messageReference: more, tts: z.boolean() },
    ).refine(...says),
    encode: (input) => asMessage(input, ['channelId'], input.nonce === undefined ? {} : { enforce_nonce: true }),
    output: message,
  }),
  list: endpoint('GET /channels/{channelId}/messages', {
    summary: 'Lists messages, the newest first; after one, the oldest pages first.',
    docs: docs('resources/message#get-channel-messages'),
    ...byBot,
    input: given(
      { channelId: ids.channelId },
      {
        limit: z.int().min(1).max(100),
        before: z.string().min(1),
        after: z.string().min(1),
        around: z.string().min(1),
      },
    ),
    ...asQuery('channelId'),
    output: z.array(message),
    paging: {
      items: (page) => page,
      next: (page, input) => {
        const [first, last] = [page[0], page.at(-1)];
        if (first === undefined || last === undefined || input.around !== undefined) return undefined;
        return input.after === undefined ? { ...input, before: last.id } : { ...input, after: first.id };
      },
    },
  }),
  edit: endpoint('PATCH /channels/{channelId}/messages/{messageId}', {
    summary: 'Changes a message of the bot.',
    docs: docs('resources/message#edit-message'),
    repeat: 'safe',
    ...byBot,
    input: given({ channelId: ids.channelId, messageId: ids.messageId }, content).refine(...says),
    encode: (input) => asMessage(input, ['channelId', 'messageId']),
    output: message,
  }),
  delete: endpoint('DELETE /channels/{channelId}/messages/{messageId}', {
    summary: 'Deletes a message.',
    docs: docs('resources/message#delete-message'),
    ...byBot,
    input: given({ channelId: ids.channelId, messageId: ids.messageId }),
    ...gone,
  }),
};

const url = webhookUrl.optional().meta({ examples: ['https://discord.com/api/webhooks/223704706495545344/xxxx'] });
const at = (input: { readonly url?: Secret | undefined }, api: Api) => ({ path: webhookPath(input.url, api) });

export const webhooks = {
  create: endpoint('POST /channels/{channelId}/webhooks', {
    summary: 'Makes a webhook in a channel; its `url` is the credential.',
    docs: docs('resources/webhook#create-webhook'),
    ...byBot,
    input: given({ channelId: ids.channelId, name: 'Orders' }, { avatar: z.string() }),
    ...asJson('channelId'),
    output: webhook.extend({ token: z.string().nullish(), url: z.string().nullish() }),
  }),
  get: endpoint('GET /webhooks/{webhookId}/{webhookToken}', {
    summary: 'Reads the webhook of a URL. Default: that of the connection.',
    docs: docs('resources/webhook#get-webhook-with-token'),
    input: z.strictObject({ url }),
    encode: at,
    output: webhook.transform(({ token: _token, url: _url, ...rest }) => rest),
  }),
  send: endpoint('POST /webhooks/{webhookId}/{webhookToken}', {
    summary: 'Posts through a webhook, and waits until the message is there.',
    docs: docs('resources/webhook#execute-webhook'),
    input: given(
      {},
      { ...posting, username: z.string().min(1).max(80), avatarUrl: z.url(), threadName: z.string().min(1) },
    )
      .extend({
        url,
        threadId: z.string().min(1).optional(),
        withComponents: z.boolean().optional(),
      })
      .refine(...says),
    encode: (input, api) => ({
      ...at(input, api),
      ...asMessage(input, ['url', 'threadId', 'withComponents']),
      // Without it the vendor answers nothing, and loses what it does not like.
      query: { wait: true, thread_id: input.threadId, with_components: input.withComponents },
    }),
    output: message,
  }),
  edit: endpoint('PATCH /webhooks/{webhookId}/{webhookToken}/messages/{messageId}', {
    summary: 'Changes a message that was posted through the webhook.',
    docs: docs('resources/webhook#edit-webhook-message'),
    repeat: 'safe',
    input: given({ messageId: ids.messageId }, content)
      .extend({ url, threadId: z.string().min(1).optional() })
      .refine(...says),
    encode: (input, api) => ({
      path: { ...at(input, api).path, messageId: input.messageId },
      ...asMessage(input, ['url', 'threadId', 'messageId']),
      query: { thread_id: input.threadId },
    }),
    output: message,
  }),
  delete: endpoint('DELETE /webhooks/{webhookId}/{webhookToken}', {
    summary: 'Takes a webhook out of its channel.',
    docs: docs('resources/webhook#delete-webhook-with-token'),
    input: z.strictObject({ url }),
    encode: at,
    ...gone,
  }),
};

export const guilds = {
  list: endpoint('GET /users/@me/guilds', {
    summary: 'Lists the servers of the bot, or of the user.',
    docs: docs('resources/user#get-current-user-guilds'),
    ...byAnybody,
    scopes: ['guilds'],
    input: given(
      {},
      { limit: z.int().min(1).max(200), before: z.string().min(1), after: z.string().min(1), withCounts: true },
    ),
    ...asQuery(),
    output: z.array(guild),
    paging: {
      items: (page) => page,
      next: (page, input) => {
        const last = page.at(-1);
        return last === undefined ? undefined : { ...input, after: last.id };
      },
    },
  }),
  get: endpoint('GET /guilds/{guildId}', {
    summary: 'Reads a server that the bot is in.',
    docs: docs('resources/guild#get-guild'),
    ...byBot,
    input: given({ guildId: ids.guildId }, { withCounts: true }),
    ...asQuery('guildId'),
    output: guild,
  }),
  channels: endpoint('GET /guilds/{guildId}/channels', {
    summary: 'Lists the channels of a server, without threads.',
    docs: docs('resources/guild#get-guild-channels'),
    ...byBot,
    input: given({ guildId: ids.guildId }),
    output: z.array(channel),
  }),
};

export const channels = {
  openDirect: endpoint('POST /users/@me/channels', {
    summary: 'Opens a direct message with a user; its `id` is the channel to post in.',
    docs: docs('resources/user#create-dm'),
    repeat: 'safe',
    ...byBot,
    input: given({ recipientId: id('82198898841029460') }),
    ...asJson(),
    output: like({ id: '319674150115610528', type: 1, flags: 0, recipients: [user] }),
  }),
};

export const users = {
  me: endpoint('GET /users/@me', {
    summary: 'Reads the user of the token, or the bot.',
    docs: docs('resources/user#get-current-user'),
    ...byAnybody,
    scopes: ['identify'],
    input: z.strictObject({}),
    output: user,
  }),
  authorization: endpoint('GET /oauth2/@me', {
    summary: 'Says what the user has allowed, and who it is.',
    docs: docs('topics/oauth2#get-current-authorization-information'),
    methods: ['oauth'],
    input: z.strictObject({}),
    output: like(
      {
        application,
        scopes: ['guilds', 'identify'],
        expires: '2026-12-01T19:40:01.159000+00:00',
      },
      { user },
    ),
  }),
};
