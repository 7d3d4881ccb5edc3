/** Slack: messages, channels and events of a workspace. */
import { botToken as botTokenMethod, collect, defineProvider, incomingWebhook } from '@plugboard/core';
import { isPlugboardError, oauth2, reveal, text } from '@plugboard/core';
import type { Api, Choice, OAuthClient, Secret } from '@plugboard/core';
import { z } from '@plugboard/core/fields';

import { botToken, classifyToken, readGrant, sign, signWebhook, webhookUrl } from './credentials.ts';
import { emulator } from './emulator.ts';
import { errors } from './errors.ts';
import { notify, settings } from './notify.ts';
import { auth, channels, chat, files, users, webhook } from './operations.ts';
import { webhooks } from './webhooks.ts';

const asked = {
  'chat:write': 'Post messages.',
  'channels:read': 'Let you pick a channel.',
  'groups:read': 'Let you pick a private channel.',
  'users:read': 'Read the names of members.',
};
const more = {
  'chat:write.public': 'Post in public channels without joining.',
  'chat:write.customize': 'Post under another name and picture.',
  'channels:join': 'Join public channels.',
  'im:write': 'Open direct messages.',
  'users:read.email': 'Find members by email address.',
  'files:write': 'Upload files.',
  'incoming-webhook': 'Post to one channel that you pick.',
  commands: 'Answer slash commands.',
  'app_mentions:read': 'Hear when the app is mentioned.',
  'channels:history': 'Hear messages of public channels.',
};

export const slack = defineProvider({
  id: 'slack',
  name: 'Slack',
  category: 'messaging',
  summary: 'Post messages, read channels, and hear events and slash commands of a workspace.',
  docs: {
    home: 'https://slack.com',
    keys: 'https://api.slack.com/apps',
    reference: 'https://docs.slack.dev/reference/methods',
    checked: '2026-11-20',
  },
  hosts: ['slack.com', 'hooks.slack.com'],

  app: {
    clientId: { title: 'Client ID', env: 'SLACK_CLIENT_ID' },
    clientSecret: { title: 'Client secret', env: 'SLACK_CLIENT_SECRET', secret: true },
    signingSecret: { title: 'Signing secret', env: 'SLACK_SIGNING_SECRET', secret: true, set: 'webhooks' },
  },

  auth: {
    // https://docs.slack.dev/authentication/installing-with-oauth (2026-08)
    oauth: oauth2({
      title: 'Add to Slack',
      authorize: { url: 'https://slack.com/oauth/v2/authorize' },
      token: { url: 'https://slack.com/api/oauth.v2.access', clientAuth: 'basic' },
      // Switched on per app, for good, and it turns the app into a public client: not for servers.
      // https://docs.slack.dev/authentication/using-pkce (2026-08)
      pkce: 'none',
      scopes: { ask: Object.keys(asked), known: { ...asked, ...more }, separator: ',' },
      read: readGrant,
      classify: classifyToken,
      // Only apps with token rotation have refresh tokens; each use revokes the old one.
      // https://docs.slack.dev/authentication/using-token-rotation (2026-08)
      refresh: { rotation: 'strict', run: refreshBoth },
      // A workspace has one bot token for each app, whoever installed it.
      revoke: { run: revokeToken, ends: 'account' },
      sign,
      example: {
        ok: true,
        access_token: 'xoxe.xoxb-1-17653672481',
        token_type: 'bot',
        scope: Object.keys(asked).join(','),
        bot_user_id: 'U0KRQLJ9H',
        app_id: 'A0KRD7HC3',
        expires_in: 43_200,
        refresh_token: 'xoxe-1-17653672481',
        team: { name: 'Subarachnoid Workspace', id: 'T0G9PQBBK' },
        enterprise: null,
        is_enterprise_install: false,
        authed_user: { id: 'U1234' },
        // Only with the scope incoming-webhook.
        incoming_webhook: {
          channel: '#general',
          channel_id: 'C012AB3CD',
          configuration_url: 'https://subarachnoid.slack.com/services/B00000000',
          url: 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX',
        },
      },
    }),
    botToken: botTokenMethod({
      credentials: z.strictObject({ accessToken: botToken }),
      env: { accessToken: 'SLACK_BOT_TOKEN' },
      sign,
      example: { accessToken: 'xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcBrzbqgy' },
    }),
    webhook: incomingWebhook({
      credentials: z.strictObject({ webhookUrl }),
      env: { webhookUrl: 'SLACK_WEBHOOK_URL' },
      sign: signWebhook,
      example: { webhookUrl: 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX' },
    }),
  },

  api: { baseUrl: 'https://slack.com/api', errors },

  async account(api) {
    // The URL of a webhook names no workspace, and there is no call that proves it without posting.
    if (api.method === 'webhook')
      return { kind: 'derived', name: text(api.metadata['webhookChannel']) ?? 'Incoming webhook' };
    const found = await api.call(auth.test, {});
    const id = (found.is_enterprise_install === true ? found.enterprise_id : found.team_id) ?? found.team_id ?? '';
    return { kind: 'known', account: { id, name: found.team ?? id }, metadata: { url: found.url } };
  },

  async healthCheck(api) {
    if (api.method === 'webhook')
      return {
        status: 'unknown',
        reason: 'not_checkable',
        detail: 'Slack has no check for a webhook URL but posting.',
      };
    await api.call(auth.test, {});
    return { status: 'healthy' };
  },

  settings: {
    schema: settings,
    choices: { channel: channelChoices },
    scopes: { channel: ['chat:write'], routes: ['chat:write'] },
  },

  flags: { notifications: { description: 'Post notifications to Slack.', default: true, requiresConnection: true } },

  webhooks,
  operations: { auth, chat, channels, users, files, webhook },
  capabilities: { notify },
  emulator,
});

/**
 * Bot and user tokens rotate apart. The bot's comes first and is kept whatever becomes of the other: the vendor has
 * revoked the old one by then.
 */
async function refreshBoth(client: OAuthClient) {
  const refresh = (token: Secret | string) =>
    client.token({ grant_type: 'refresh_token', refresh_token: reveal(token) });
  const { refreshToken = '', userRefreshToken } = client.credentials;
  const bot = await refresh(refreshToken);
  if (userRefreshToken === undefined) return bot;
  try {
    const { credentials } = await refresh(userRefreshToken);
    const user = { userToken: credentials['accessToken'], userRefreshToken: credentials['refreshToken'] };
    return { ...bot, credentials: { ...bot.credentials, ...user } };
  } catch (error) {
    if (isPlugboardError(error)) return bot;
    throw error;
  }
}

/** https://docs.slack.dev/reference/methods/auth.revoke (2026-08). A token that is dead already is what was asked for. */
async function revokeToken(client: OAuthClient): Promise<void> {
  for (const name of ['accessToken', 'userToken']) {
    const value = client.credentials[name];
    if (value === undefined) continue;
    const authorization = `Bearer ${reveal(value)}`;
    await client.request({
      method: 'POST',
      url: 'https://slack.com/api/auth.revoke',
      headers: { authorization },
      form: {},
    });
  }
}

function channelChoices(api: Api): Promise<Choice[]> {
  const granted = api.scopes === null || api.scopes.includes('groups:read');
  const types = ['public_channel' as const, ...(granted ? ['private_channel' as const] : [])];
  const pages = api.pages(channels.list, { types, excludeArchived: true, limit: 1000 });
  return collect(pages, (page) => page.channels.map(({ id, name }) => ({ value: id, label: name ? `#${name}` : id })));
}
