/** Where notifications go: the settings that every provider of messages offers, and how they are read. */
import { invalidInput } from './errors.ts';
import * as z from './zod.ts';

export interface NotificationSettings {
  readonly channel?: string | undefined;
  readonly routes?: Readonly<Record<string, string>> | undefined;
  readonly types?: readonly string[] | undefined;
}

/** A default channel, a channel for each type, and which types are wanted at all. */
export function notificationSettings() {
  return z.strictObject({
    channel: z
      .string()
      .trim()
      .min(1)
      .max(4096)
      .meta({ title: 'Channel', description: 'Notifications without a channel of their own are posted here.' })
      .optional(),
    routes: z
      .record(z.string().min(1), z.string().min(1))
      .meta({ title: 'Channel by type', description: 'Notification type to channel id.' })
      .optional(),
    types: z
      .array(z.string().min(1))
      .meta({ title: 'Notification types', description: 'Only these are posted. Leave it out to post all.' })
      .optional(),
  });
}

/** True for a type that the connection does not want. */
export function isMuted({ types }: NotificationSettings, { type }: { readonly type?: string }): boolean {
  return type !== undefined && types !== undefined && !types.includes(type);
}

/**
 * The channel that was asked for, else that of the type, else the default.
 * @throws PlugboardError kind `invalid_request`, code `invalid_input`, where there is none.
 */
export function channelOf(
  { channel, routes = {} }: NotificationSettings,
  { type, to }: { readonly type?: string; readonly to?: string },
): string {
  const found = to ?? (type !== undefined && Object.hasOwn(routes, type) ? routes[type] : undefined) ?? channel;
  if (found !== undefined) return found;
  throw invalidInput(
    'The notification',
    [{ path: 'to', message: 'names no channel, and the settings have no default' }],
    'Pass `to`, or choose a channel in the settings.',
  );
}
