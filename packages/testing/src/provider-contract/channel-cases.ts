/** Channels: opened, kept open and given up against the emulator, by the same engine as in production. */
import type { ChannelDefinition, ChannelRequest, WebhookDefinition } from '@plugboard/core';
import { exampleOf } from '@plugboard/core/provider-kit';
import { expect } from 'vitest';

import { providerCase, type ProviderCase, type Subject } from './case.ts';
import { boardUrl, organizationId, withConnection, type ListedChannel, type World } from './world.ts';

export function channelCases(subject: Subject): readonly ProviderCase[] {
  const { webhooks } = subject.factory().definition;
  const { channels } = (webhooks ?? {}) as Partial<WebhookDefinition>;
  if (channels === undefined) return [];
  const target = { organizationId };
  return [
    providerCase('channels: one is opened at the vendor, for this route, and its token is kept nowhere', async () => {
      const watched = withCapturedChannels(subject);
      await withConnection(watched.subject, async (world) => {
        const channel = await openExample(world, channels);
        const [request, ...others] = watched.opened;
        expect(others).toEqual([]);
        expect(request).toMatchObject({ id: channel.id, url: `${boardUrl}/webhooks/${world.definition.id}` });
        expect(world.edge.requests.length, 'requests to the vendor').toBeGreaterThan(0);
        expect(channel).toMatchObject({ status: 'open', expiresAt: expect.any(Date) as Date, error: null });
        const listed = await world.board.channels.list(world.definition.id, target);
        expect(listed).toEqual([channel]);
        const connection = await world.board.connections.get(world.definition.id, target);
        expect(JSON.stringify([listed, connection]), 'what the host may see').not.toContain(request!.token);
      });
    }),
    providerCase('channels: unknown params are refused before anything is sent', () =>
      withConnection(subject, async (world) => {
        const params = { ...exampleParams(channels), noSuchParameter: 1 };
        const refusal = await world.refusal(world.board.channels.open(world.definition.id, { ...target, params }));
        expect(refusal).toMatchObject({ kind: 'invalid_request', code: 'invalid_input' });
        expect(world.edge.requests.map(({ url }) => url.href)).toEqual([]);
      }),
    ),
    providerCase('channels: the job keeps it open', () =>
      withConnection(subject, async (world) => {
        const before = await openExample(world, channels);
        world.clock.set(Math.max(world.clock.now(), before.expiresAt!.getTime() - 1));
        await world.board.jobs.find(({ name }) => name === 'channels')!.run();
        const after = await world.board.channels.list(world.definition.id, target);
        expect(after, 'channels after the job').toMatchObject([{ status: 'open', params: before.params, error: null }]);
        if (channels.renew === undefined) expect(after[0]?.id, 'a new channel').not.toBe(before.id);
      }),
    ),
    providerCase('channels: closing one tells the vendor and leaves nothing', () =>
      withConnection(subject, async (world) => {
        const { id } = await openExample(world, channels);
        world.edge.forget();
        await world.board.channels.close(world.definition.id, { ...target, id });
        if (channels.stop !== undefined)
          expect(world.edge.requests.length, 'requests to the vendor').toBeGreaterThan(0);
        expect(await world.board.channels.list(world.definition.id, target)).toEqual([]);
      }),
    ),
  ];
}

/** The subject, with what its `open` is given. */
export function withCapturedChannels(subject: Subject): { subject: Subject; opened: ChannelRequest[] } {
  const opened: ChannelRequest[] = [];
  const factory: Subject['factory'] = (options) => {
    const provider = subject.factory(options);
    const webhooks = provider.definition.webhooks as WebhookDefinition | undefined;
    if (webhooks?.channels === undefined) return provider;
    const open: ChannelDefinition['open'] = async (api, request) => {
      opened.push(request);
      return webhooks.channels!.open(api, request);
    };
    const captured = { ...webhooks, channels: { ...webhooks.channels, open } };
    return { ...provider, definition: { ...provider.definition, webhooks: captured } };
  };
  return { subject: { ...subject, factory }, opened };
}

export function openExample(world: World, channels: ChannelDefinition): Promise<ListedChannel> {
  return world.board.channels.open(world.definition.id, { organizationId, params: exampleParams(channels) });
}

function exampleParams({ params }: ChannelDefinition): object {
  return (exampleOf(params) ?? {}) as object;
}
