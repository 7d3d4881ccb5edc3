/** The three things that are asked of a vendor about a channel. Records and routes are the callers' business. */
import type { ChannelDefinition, ChannelHandle, OpenedChannel } from '../channel.ts';
import { createApi } from '../client/api.ts';
import type { Session } from '../client/access.ts';
import type { Engine } from '../engine.ts';
import type { Api } from '../endpoint.ts';
import { configurationError, isPlugboardError, PlugboardError } from '../errors.ts';
import type { WebhookDefinition } from '../provider.ts';
import { checkInput } from '../schema.ts';
import type { ChannelRecord } from './records.ts';

export interface ChannelVendor {
  readonly prolongs: boolean;
  open(record: ChannelRecord, token: string): Promise<OpenedChannel>;
  renew(record: ChannelRecord): Promise<OpenedChannel>;
  /** Resolves when the vendor does not know the channel any more, or offers no way to stop one. */
  stop(record: ChannelRecord): Promise<void>;
}

/** @throws PlugboardError kind `configuration`, code `no_channels`. */
export function channelsOf({ runtime: { definition } }: Pick<Session, 'runtime'>): ChannelDefinition {
  const { channels } = (definition.webhooks ?? {}) as Partial<WebhookDefinition>;
  if (channels !== undefined) return channels;
  throw configurationError(
    'no_channels',
    `Provider \`${definition.id}\` has no channels to open.`,
    'Register its webhooks as its documentation says; they do not expire.',
  );
}

export function channelVendor(engine: Engine, session: Session): ChannelVendor {
  const { definition } = session.runtime;
  const { params, open, renew, stop } = channelsOf(session);
  const subject = `${definition.id} channel`;

  async function asked<T>(name: string, work: (api: Api) => Promise<T>, secrets: readonly string[] = []): Promise<T> {
    return work(createApi(engine, { ...session, secrets }, await session.access(), `channels.${name}`));
  }
  const handle = ({ id, state, params: given }: ChannelRecord): ChannelHandle => ({
    id,
    state,
    params: checkInput(params, given, subject),
  });

  return {
    prolongs: renew !== undefined,
    async open(record, token) {
      const url = `${engine.url}/webhooks/${definition.id}`;
      // A vendor may quote what it was sent, and whoever knows the token can forge notifications.
      const opened = await asked('open', (api) => open(api, { ...handle(record), token, url }), [token]);
      return checked(subject, opened);
    },
    async renew(record) {
      if (renew === undefined) return this.open(record, '');
      return checked(subject, await asked('renew', (api) => renew(api, handle(record))));
    },
    async stop(record) {
      // A vendor that never told when the channel ends never opened it.
      if (stop === undefined || record.expiresAt === null) return;
      try {
        await asked('stop', (api) => stop(api, handle(record)));
      } catch (error) {
        if (!isPlugboardError(error) || error.kind !== 'not_found') throw error;
      }
    },
  };
}

function checked(subject: string, opened: OpenedChannel): OpenedChannel {
  if (!Number.isNaN(opened.expiresAt.getTime())) return opened;
  throw new PlugboardError({
    kind: 'invalid_response',
    code: 'unexpected_shape',
    message: `The end of the ${subject} is not a date.`,
  });
}
