/** Where notifications go: by the connection's settings, through the bot or the webhook. */
import { invalidInput, type Api, type Notification, type NotifyCapability } from '@plugboard/core';
import { text } from '@plugboard/core/fields';
import { z } from 'zod';

import { chat, webhook } from './operations.ts';

export const settings = z.strictObject({
  channel: text('Channel', { help: 'Notifications without a channel of their own are posted here.' }).optional(),
  routes: z
    .record(z.string().min(1), z.string().min(1))
    .meta({ title: 'Channel by type', description: 'Notification type to channel id.' })
    .optional(),
  types: z
    .array(z.string().min(1))
    .meta({ title: 'Notification types', description: 'Only these are posted. Leave it out to post all.' })
    .optional(),
});

/** Escapes the three characters that Slack's markup gives a meaning: https://docs.slack.dev/messaging/formatting-message-text (2026-08). */
const escape = (value: string) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export function notify(api: Api): NotifyCapability {
  return {
    async send(notification: Notification) {
      const { channel, routes = {}, types } = api.settings(settings);
      const { type, to } = notification;
      if (type !== undefined && types !== undefined && !types.includes(type)) return { id: '', status: 'muted' };
      const title = notification.title === undefined ? '' : `*${escape(notification.title)}*\n`;
      const body = title + escape(notification.text);
      if (api.method === 'webhook') {
        await api.call(webhook.send, { text: body });
        return { id: '', status: 'posted' };
      }
      const routed = type !== undefined && Object.hasOwn(routes, type) ? routes[type] : undefined;
      const target = to ?? routed ?? channel;
      if (target === undefined) {
        throw invalidInput(
          'The notification',
          [{ path: 'to', message: 'names no channel, and the settings have no default' }],
          'Pass `to`, or choose a channel in the settings.',
        );
      }
      const { ts } = await api.call(chat.post, { channel: target, text: body });
      return { id: ts, status: 'posted' };
    },
  };
}
