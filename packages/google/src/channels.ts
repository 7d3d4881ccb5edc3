/**
 * Notification channels: requests without a body and without a signature, whose headers say what changed and hold the
 * token that the channel was opened with.
 * @see https://developers.google.com/workspace/drive/api/guides/push (2026-11-20)
 */
import { channels, endpoint, invalidInput, staticToken, text } from '@plugboard/core';
import type { Api, Delivery, EndpointOptions, Input, NamedChannel, Output, Schema } from '@plugboard/core';
import type { WebhookDefinition, WebhookVector } from '@plugboard/core';
import { given, like, nothing, z } from '@plugboard/core/fields';

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

const channelEnd = given({ id: '4ba78bf0-6a47-11e2-bcfd-0800200c9a66', resourceId: 'o3hgv1538sdjfh' });

/** How the vendor calls channels of this kind. */
export const webHook = <Body extends object>(json: Body) => ({ ...json, type: 'web_hook' });

/** Goes into `operations` beside the endpoints that open channels. @param facts what its API says of it */
export const stopChannel = (facts: Pick<EndpointOptions<Schema, Schema, never>, 'docs' | 'limits' | 'scopes'>) =>
  endpoint('POST /channels/stop', {
    summary: 'Ends a channel.',
    ...facts,
    input: channelEnd,
    output: nothing,
    repeat: 'safe',
    example: { status: 204 },
  });

const header = ({ headers }: Delivery, name: string) => headers.get(`x-goog-${name}`) ?? '';

/** Which channel a notification names, by which token, and for what. */
function read(delivery: Delivery): NamedChannel | undefined {
  const [id, token] = [header(delivery, 'channel-id'), header(delivery, 'channel-token')];
  const state = { resourceId: header(delivery, 'resource-id') };
  return id === '' || token === '' ? undefined : { id, token, state };
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

export interface ChannelWebhooksOptions<Params extends Schema<Input<Params>, Output<Params>>, State extends string> {
  readonly docs: string;
  /** What a host says of the channel it wants. */
  readonly params: Params;
  /** @param ask the body for a channel of that life: the longest that the API allows, because its default is an hour */
  readonly open: (
    api: Api,
    params: Output<Params>,
    ask: (lifeMs: number) => z.output<typeof channelBody>,
  ) => Promise<z.output<typeof channel>>;
  readonly stop: ReturnType<typeof stopChannel>;
  /** The states of a notification, which are its events: `exists`, `update`. */
  readonly states: readonly State[];
  readonly vectors: readonly WebhookVector[];
}

/** Webhooks through channels. */
export function channelWebhooks<Params extends Schema<Input<Params>, Output<Params>>, const State extends string>(
  options: ChannelWebhooksOptions<Params, State>,
): WebhookDefinition<Readonly<Record<State, typeof notification>>> {
  const { docs, params, open, stop, states, vectors } = options;
  return {
    ...delivered,
    docs,
    channels: channels({
      params,
      async open(api, { id, token, url: address, params: wanted }) {
        const now = api.clock.now();
        const ask = (lifeMs: number) => ({ id, token, address, expiration: String(now + lifeMs) });
        const { resourceId, expiration } = await open(api, wanted, ask);
        return { expiresAt: new Date(Number(expiration)), state: { resourceId } };
      },
      stop: (api, { id, state }) => api.call(stop, { id, resourceId: text(state['resourceId']) ?? '' }),
      read,
    }),
    events: Object.fromEntries(states.map((state) => [state, notification])) as Record<State, typeof notification>,
    vectors,
  };
}

const delivered = {
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
