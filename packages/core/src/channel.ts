/** Channels: what a vendor notifies through for a while, one for each thing watched, and then forgets. */
import type { Api } from './endpoint.ts';
import type { JsonObject } from './json.ts';
import type { Input, Output, Schema } from './schema.ts';
import type { Delivery } from './webhooks/webhook.ts';

/** What the engine has stored before the vendor is asked, so that a notification may come before the answer. */
export interface ChannelRequest<Params = unknown> {
  /** Unique: a UUID. What the vendor sends back with each notification, where it sends anything back. */
  readonly id: string;
  /** 43 characters that prove a notification. The engine keeps a hash of it, so it is known at this moment only. */
  readonly token: string;
  /** Public address of the webhook route. */
  readonly url: string;
  readonly params: Params;
}

export interface OpenedChannel {
  readonly expiresAt: Date;
  /** What `renew` and `stop` need of the vendor's answer. Kept in plain sight: no secrets. */
  readonly state?: JsonObject;
}

/** A channel as `renew` and `stop` get it. */
export interface ChannelHandle<Params = unknown> {
  readonly id: string;
  readonly params: Params;
  readonly state: JsonObject;
}

export interface ChannelDefinition<Params extends Schema = Schema> {
  /** What a host says of the channel it wants: which calendar, which folder. Plain JSON. */
  readonly params: Params;
  readonly open: (api: Api, request: ChannelRequest<Output<Params>>) => Promise<OpenedChannel>;
  /** Where the vendor prolongs a channel as it is. Without it a new one is opened, and then the old one is stopped. */
  readonly renew?: (api: Api, channel: ChannelHandle<Output<Params>>) => Promise<OpenedChannel>;
  /** A channel that the vendor does not know any more counts as stopped: let its `not_found` pass. */
  readonly stop?: (api: Api, channel: ChannelHandle<Output<Params>>) => Promise<void>;
  /**
   * Where a notification names its channel and the token. It reaches the one connection that opened the channel, and
   * `secrets` gets the token, once proven, as `channelToken`. Without it notifications are signed like any webhook.
   */
  readonly read?: (delivery: Delivery) => NamedChannel | undefined;
}

/** What a notification says of the channel that it came through. */
export interface NamedChannel {
  readonly id: string;
  readonly token: string;
  /** Members of `state` that it repeats: refused where one differs, once the vendor has said them at all. */
  readonly state?: JsonObject;
}

/**
 * Declares how channels are opened, prolonged and stopped.
 * @example channels({ params: given({ calendarId: 'primary' }), open: (api, { id, token, url, params }) => ..., stop, read })
 */
export function channels<Params extends Schema<Input<Params>, Output<Params>>>(
  definition: ChannelDefinition<Params>,
): ChannelDefinition {
  return definition as unknown as ChannelDefinition;
}
