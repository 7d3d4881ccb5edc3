/** The sound provider, whose vendor also notifies through channels. The broken ones differ in one thing each. */
import { channels, endpoint, number, staticToken, text, type ChannelDefinition } from '@plugboard/core';
import { given, like } from '@plugboard/core/fields';

import { factoryOf, sound, webhooks } from './sound.ts';

const channel = like({ resource: 'res_1', expiresAt: 1_767_830_400_000 });
const watch = endpoint('POST /watch', {
  summary: 'Opens a channel.',
  input: given({ id: 'ch_1', token: 'tok_1', url: 'https://app.example.com/webhooks', list: 'it_1' }),
  output: channel,
});
const stop = endpoint('POST /stop', {
  summary: 'Stops a channel.',
  input: given({ id: 'ch_1', resource: 'res_1' }),
  output: like({ stopped: true }),
});

export const watchedChannels = {
  params: given({ list: 'it_1' }),
  async open(api, { id, token, url, params }) {
    const { resource, expiresAt } = await api.call(watch, { id, token, url, ...(params as { list: string }) });
    return { expiresAt: new Date(number(expiresAt) ?? 0), state: { resource } };
  },
  async stop(api, { id, state }) {
    await api.call(stop, { id, resource: text(state['resource']) ?? '' });
  },
  read({ headers }) {
    const [id, token] = [headers.get('acme-channel'), headers.get('acme-token')];
    return id === null || token === null ? undefined : { id, token };
  },
} satisfies ChannelDefinition;

export const watchedWebhooks = {
  ...webhooks,
  channels: channels(watchedChannels),
  secrets: ({ channelToken }) => [channelToken],
  verify: staticToken({ header: 'acme-token' }),
  parse: ({ headers }) => [
    { type: 'item.changed', id: `${headers.get('acme-channel')}/${headers.get('acme-number')}`, data: {} },
  ],
  events: {},
  rememberDays: 8,
  vectors: [
    {
      name: 'a change',
      source: 'computed',
      secret: 'tok_1',
      headers: { 'acme-channel': 'ch_1', 'acme-token': 'tok_1', 'acme-number': '7' },
      body: 'changed',
      ok: true,
      events: ['item.changed'],
    },
  ],
  sign: async (_delivery, secret) => ({ 'acme-token': secret }),
} satisfies typeof webhooks;

/** With other webhooks than the sound ones. */
export function watched(change: object = {}) {
  const operations = { ...sound.definition.operations, channels: { watch, stop } };
  return factoryOf({ ...sound.definition, operations, webhooks: { ...watchedWebhooks, ...change } });
}
