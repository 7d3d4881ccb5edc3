/** Discord: messages by a bot or through a webhook, interactions, and who a user is. */
import {
  botToken,
  defineProvider,
  ed25519Example,
  incomingWebhook,
  oauth2,
  type Api,
  type Choice,
} from '@plugboard/core';
import { channelOf, isMuted, notificationSettings, z } from '@plugboard/core/fields';

import {
  baseUrl,
  botFields,
  deleteWebhook,
  readGrant,
  readWebhook,
  signBot,
  signWebhook,
  webhookUrl,
} from './credentials.ts';
import { errors } from './errors.ts';
import { applications, bot, commands, interactions, permissions, placeOf } from './applications.ts';
import { channels, guilds, messages, users, webhooks } from './operations.ts';
import { ids } from './schemas.ts';
import { webhooks as incoming } from './webhooks.ts';

/** Cloudflare may block callers that name themselves otherwise: https://docs.discord.com/developers/reference#user-agent (2026-08). */
const userAgent = 'DiscordBot (https://github.com/plugboard/plugboard, 0.1.0)';
const endpoints = {
  authorize: { url: 'https://discord.com/oauth2/authorize' },
  token: { url: 'https://discord.com/api/oauth2/token', clientAuth: 'basic' },
  // Documented for public clients of the Social SDK alone: https://docs.discord.com/developers/topics/oauth2 (2026-08).
  pkce: 'none',
} as const;
const grant = {
  access_token: '6qrZcUqja7812RVdnEKjpzOL4CvHBFG',
  token_type: 'Bearer',
  expires_in: 604_800,
  refresh_token: 'D43f5y0ahjqew82jZ4NViEr2YafMKhue',
};
const known = {
  identify: 'Read your name.',
  guilds: 'See which servers you are in.',
  email: 'Read your email address.',
  bot: 'Add the bot to a server.',
  'applications.commands': 'Add commands to a server.',
  'webhook.incoming': 'Post to one channel that you pick.',
};
const settings = notificationSettings();
const hasWebhook = ({ method }: Api) => method === 'webhook' || method === 'channel';

export const discord = defineProvider({
  id: 'discord',
  name: 'Discord',
  category: 'messaging',
  summary: 'Post messages, answer commands, and learn who a user is.',
  docs: {
    home: 'https://discord.com',
    keys: 'https://discord.com/developers/applications',
    reference: 'https://docs.discord.com/developers/reference',
    checked: '2026-11-28',
  },
  hosts: ['discord.com'],

  app: {
    clientId: { title: 'Application id', env: 'DISCORD_CLIENT_ID' },
    clientSecret: { title: 'Client secret', env: 'DISCORD_CLIENT_SECRET', secret: true },
    publicKey: {
      title: 'Public key',
      env: 'DISCORD_PUBLIC_KEY',
      set: 'webhooks',
      help: '64 hexadecimal digits, under General Information.',
      example: ed25519Example.publicKey,
    },
  },

  auth: {
    botToken: botToken({
      credentials: botFields,
      env: { botToken: 'DISCORD_BOT_TOKEN' },
      sign: signBot,
      example: { botToken: 'MTk4NjIyNDgzNDcx.CsHM-G.0123456789abcdefghij', publicKey: ed25519Example.publicKey },
    }),
    webhook: incomingWebhook({
      credentials: z.strictObject({ webhookUrl }),
      env: { webhookUrl: 'DISCORD_WEBHOOK_URL' },
      sign: signWebhook,
      example: {
        webhookUrl: 'https://discord.com/api/webhooks/223704706495545344/3d89bb7572e0fb30d8128367b3b1b44fecd172',
      },
    }),
    oauth: oauth2({
      title: 'Sign in with Discord',
      ...endpoints,
      // With the scope `bot` the page adds the bot to a server: that one, or one that the user picks.
      input: z.strictObject({ permissions: permissions.exactOptional(), guildId: ids.guildId.exactOptional() }),
      authorize: { ...endpoints.authorize, params: placeOf },
      scopes: {
        ask: ['identify', 'guilds'],
        known,
      },
      read: readGrant,
      // Each refresh brings a new pair; whether the old one goes on is not said.
      refresh: { rotation: 'unknown' },
      // Any token of a user takes back all that the user allowed: https://docs.discord.com/developers/topics/oauth2 (2026-08).
      revoke: { url: 'https://discord.com/api/oauth2/token/revoke', clientAuth: 'basic', ends: 'app' },
      example: { ...grant, scope: 'identify guilds' },
    }),
    channel: oauth2({
      title: 'Add to a channel',
      ...endpoints,
      scopes: { ask: ['webhook.incoming'], known: { 'webhook.incoming': known['webhook.incoming'] } },
      read: readWebhook,
      refresh: 'none',
      revoke: deleteWebhook,
      sign: signWebhook,
      example: {
        ...grant,
        scope: 'webhook.incoming',
        webhook: {
          id: '223704706495545344',
          token: '3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777c372',
          url: 'https://discord.com/api/webhooks/223704706495545344/3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777c372',
          channel_id: '155101607195836416',
          guild_id: '197038439483310086',
        },
      },
    }),
  },

  api: {
    baseUrl,
    headers: { 'user-agent': userAgent },
    // For each bot, besides what each route counts for itself: https://docs.discord.com/developers/topics/rate-limits (2026-08).
    limits: [{ requests: 50, perMs: 1000 }],
    errors,
  },

  async account(api) {
    if (hasWebhook(api)) {
      const { id, name, channel_id: channelId, guild_id: guildId } = await api.call(webhooks.get, {});
      return {
        kind: 'known',
        account: { id, name: name ?? id },
        metadata: { channelId: channelId ?? null, guildId: guildId ?? null },
      };
    }
    if (api.method === 'botToken') {
      const { id, name } = await api.call(applications.current, {});
      return { kind: 'known', account: { id, name } };
    }
    const { user, scopes } = await api.call(users.authorization, {});
    // A server that the bot was added to is what was connected; the user only did it.
    if (api.account !== null) return { kind: 'known', account: api.account, scopes };
    if (user === undefined || user === null) return { kind: 'derived', name: 'Discord user' };
    return { kind: 'known', account: { id: user.id, name: user.global_name ?? user.username }, scopes };
  },

  async healthCheck(api) {
    if (hasWebhook(api)) await api.call(webhooks.get, {});
    else if (api.method === 'botToken') await api.call(applications.current, {});
    else await api.call(users.authorization, {});
    return { status: 'healthy' };
  },

  settings: { schema: settings, choices: { channel: channelChoices } },
  flags: { notifications: { description: 'Post notifications to Discord.', default: true, requiresConnection: true } },

  webhooks: incoming,
  operations: { users, messages, webhooks, guilds, channels, commands, interactions, applications, bot },
  capabilities: {
    notify: (api) => ({
      async send(notification) {
        const wanted = api.settings(settings);
        if (isMuted(wanted, notification)) return { id: '', status: 'muted' };
        const { title, text } = notification;
        // Nobody is called by what somebody else wrote.
        const message = {
          content: title === undefined ? text : `**${title}**\n${text}`,
          allowedMentions: { parse: [] },
        };
        const { id } = hasWebhook(api)
          ? await api.call(webhooks.send, message)
          : await api.call(messages.create, { ...message, channelId: channelOf(wanted, notification) });
        return { id, status: 'posted' };
      },
    }),
  },
});

const textKinds = new Set([0, 5]);

/** Channels for text and announcements, of the first servers of the bot. */
async function channelChoices(api: Api): Promise<Choice[]> {
  if (api.method !== 'botToken') return [];
  const servers = (await api.call(guilds.list, { limit: 20 })).map(async ({ id, name }) => {
    const found = await api.call(guilds.channels, { guildId: id });
    const texts = found.filter(({ type }) => textKinds.has(type));
    return texts.map((channel) => ({ value: channel.id, label: `#${channel.name ?? channel.id} (${name})` }));
  });
  return (await Promise.all(servers)).flat();
}
