/** Where notifications go: by the connection's settings, through the bot or the webhook. */
import type { Api, NotifyCapability } from '@plugboard/core';
import { channelOf, isMuted, notificationSettings } from '@plugboard/core/fields';

import { chat, webhook } from './operations.ts';

export const settings = notificationSettings();

/** Escapes the three characters that Slack's markup gives a meaning: https://docs.slack.dev/messaging/formatting-message-text (2026-08). */
const escape = (value: string) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export function notify(api: Api): NotifyCapability {
  return {
    async send(notification) {
      const wanted = api.settings(settings);
      if (isMuted(wanted, notification)) return { id: '', status: 'muted' };
      const title = notification.title === undefined ? '' : `*${escape(notification.title)}*\n`;
      const body = title + escape(notification.text);
      if (api.method === 'webhook') {
        await api.call(webhook.send, { text: body });
        return { id: '', status: 'posted' };
      }
      const { ts } = await api.call(chat.post, { channel: channelOf(wanted, notification), text: body });
      return { id: ts, status: 'posted' };
    },
  };
}
