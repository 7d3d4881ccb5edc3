/**
 * Notification channels: requests without a body and without a signature, whose headers say what changed and hold the
 * token that the channel was opened with.
 * @see https://developers.google.com/workspace/drive/api/guides/push (2026-11-20)
 */
import { invalidInput, staticToken, text } from '@plugboard/core';
import type {
  ChannelRequest,
  Delivery,
  JsonObject,
  OpenedChannel,
  WebhookDefinition,
  WebhookVector,
} from '@plugboard/core';
import { given, like } from '@plugboard/core/fields';
import { z } from 'zod';

const tokenHeader = 'x-goog-channel-token';

/** The body that opens a channel. */
export const channelBody = given({
  id: '4ba78bf0-6a47-11e2-bcfd-0800200c9a66',
  token: 'a-token-that-nobody-can-guess-0123456789abc',
  address: z.url({ protocol: /^https$/ }).meta({ examples: ['https://app.example/webhooks'] }),
  /** Milliseconds since 1970. */
  expiration: z
    .string()
    .regex(/^\d+$/)
    .meta({ examples: ['1796036400000'] }),
});

/** What Google says of a channel that it opened. */
export const channel = like(
  { id: '4ba78bf0-6a47-11e2-bcfd-0800200c9a66', resourceId: 'o3hgv1538sdjfh', expiration: '1796036400000' },
  { kind: 'api#channel', resourceUri: 'https://www.googleapis.com/drive/v3/changes' },
);

/** Ends a channel. */
export const channelEnd = given({ id: '4ba78bf0-6a47-11e2-bcfd-0800200c9a66', resourceId: 'o3hgv1538sdjfh' });

/** @param lifeMs the longest that the API allows: its default is an hour */
export function askChannel({ id, token, url: address }: ChannelRequest, nowMs: number, lifeMs: number) {
  return { id, token, address, expiration: String(nowMs + lifeMs) };
}

export function openedChannel({ resourceId, expiration }: z.output<typeof channel>): OpenedChannel {
  return { expiresAt: new Date(Number(expiration)), state: { resourceId } };
}

/** What `channelEnd` needs of an opened channel. */
export function endChannel({ id, state }: { readonly id: string; readonly state: JsonObject }) {
  return { id, resourceId: text(state['resourceId']) ?? '' };
}

const header = ({ headers }: Delivery, name: string) => headers.get(`x-goog-${name}`) ?? '';

/** Which channel a notification names, and by which token. */
export function readChannel(delivery: Delivery): { readonly id: string; readonly token: string } | undefined {
  const [id, token] = [header(delivery, 'channel-id'), header(delivery, 'channel-token')];
  return id === '' || token === '' ? undefined : { id, token };
}

/** The data of every notification. */
export const notification = like(
  { channelId: '4ba78bf0-6a47-11e2-bcfd-0800200c9a66', resourceId: 'o3hgv1538sdjfh', messageNumber: 10 },
  {
    resourceUri: 'https://www.googleapis.com/drive/v3/changes',
    /** What of a file changed, where the vendor says so: `content`, `properties`, `parents`, `children`, `permissions`. */
    changed: ['content'],
  },
);

/** What webhooks through channels have in common. Their events are the states: `exists`, `update`. */
export const channelWebhooks = {
  secrets: ({ channelToken }) => [channelToken],
  verify: staticToken({ header: tokenHeader }),
  // Nothing says when it was sent.
  rememberDays: 7,
  sign: (_delivery, secret) => Promise.resolve({ [tokenHeader]: secret }),
  parse(delivery) {
    const state = header(delivery, 'resource-state');
    // The greeting of a new channel: nothing has changed.
    if (state === 'sync') return [];
    const [channelId, number] = [header(delivery, 'channel-id'), header(delivery, 'message-number')];
    if (state === '' || channelId === '' || !/^\d+$/.test(number)) {
      throw invalidInput('The notification', [{ path: 'x-goog-resource-state', message: 'is missing, or its number' }]);
    }
    const [resourceUri, changed] = [header(delivery, 'resource-uri'), header(delivery, 'changed')];
    const data = {
      channelId,
      resourceId: header(delivery, 'resource-id'),
      messageNumber: Number(number),
      ...(resourceUri !== '' && { resourceUri }),
      ...(changed !== '' && { changed: changed.split(',').map((facet) => facet.trim()) }),
    };
    // The documentation spells one state in two ways.
    return [{ type: state === 'changed' ? 'change' : state, id: `${channelId}/${number}`, data }];
  },
} satisfies Partial<WebhookDefinition>;

/** A delivery as the vendor's documentation shows it. */
export function notified(name: string, state: string, events: readonly string[], more: Record<string, string> = {}) {
  const secret = 'tok-1';
  const headers = {
    'x-goog-channel-id': 'ch-1',
    [tokenHeader]: secret,
    'x-goog-resource-id': 'o3hgv1538sdjfh',
    'x-goog-resource-state': state,
    'x-goog-message-number': state === 'sync' ? '1' : '10',
    ...more,
  };
  return { name, source: 'vendor', secret, headers, body: '', ok: true, events } as const satisfies WebhookVector;
}
