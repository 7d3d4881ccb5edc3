/** A vendor whose notifications come through channels: what the tests of channels drive. */
import { z } from 'zod';

import { channels, type ChannelDefinition } from '../../src/channel.ts';
import type { JsonObject } from '../../src/json.ts';
import { staticToken } from '../../src/webhooks/static-token.ts';
import { createRig, organizationId } from './rig.ts';

export const weekMs = 7 * 86_400_000;
export const route = 'https://app.example.com/integrations/webhooks/acme';

/** What the vendor knows of one channel. */
export interface Watch {
  readonly id: string;
  readonly token: string;
  readonly resource: string;
  expiresAt: number;
  stopped: boolean;
}

type Notified = Pick<Watch, 'id' | 'token'> & Partial<Watch>;

const definition = {
  params: z.strictObject({ folder: z.string().min(1) }),
  async open(api, { id, token, url, params }) {
    const answer = await api.request({ method: 'POST', url: '/watch', json: { id, token, url, ...params } });
    return readWatch(answer.json());
  },
  async stop(api, { id, state }) {
    await api.request({ method: 'POST', url: '/stop', json: { id, resource: state['resource'] }, repeat: 'safe' });
  },
  read({ headers }) {
    const [id, token] = [headers.get('x-channel-id'), headers.get('x-channel-token')];
    const resource = headers.get('x-resource');
    return id === null || token === null ? undefined : { id, token, ...(resource !== null && { state: { resource } }) };
  },
} satisfies ChannelDefinition<z.ZodType<{ folder: string }>>;

function readWatch(answer: unknown): { expiresAt: Date; state: JsonObject } {
  const { expiresAt, resource } = answer as { expiresAt: number; resource: string };
  return { expiresAt: new Date(expiresAt), state: { resource } };
}

export const watching = channels(definition);
/** The same vendor, where a channel is prolonged as it is. */
export const prolonging = channels({
  ...definition,
  async renew(api, { id }) {
    return readWatch((await api.request({ method: 'POST', url: '/renew', json: { id } })).json());
  },
});

type BoardOptions = NonNullable<Parameters<typeof createRig>[1]>;

export function createChannelRig(channel: ChannelDefinition = watching, boardOptions: BoardOptions = {}) {
  const webhooks = {
    channels: channel,
    secrets: ({ channelToken }: { channelToken?: unknown }) => [channelToken as never],
    verify: staticToken({ header: 'x-channel-token' }),
    parse: ({ headers }: { headers: Headers }) =>
      headers.get('x-state') === 'sync'
        ? []
        : [{ type: 'changed', id: `${headers.get('x-channel-id')}/${headers.get('x-number')}`, data: {} }],
  };
  const rig = createRig({ webhooks }, boardOptions);
  const watches: Watch[] = [];
  const vendor = {
    watches,
    /** Requests in their order: `watch`, `stop`, `renew`. */
    asked: [] as string[],
    lifeMs: weekMs,
    /** Runs before the vendor answers. */
    before: async (_path: string, _watch: Watch | undefined): Promise<Response | undefined> => undefined,
  };
  rig.answer(async (request) => {
    const path = new URL(request.url).pathname.replace('/v1/', '');
    if (!['watch', 'stop', 'renew'].includes(path)) return undefined;
    const body = (await request.json()) as { id: string; token: string; folder: string; resource?: string };
    vendor.asked.push(path);
    let watch = watches.find(({ id }) => id === body.id);
    if (path === 'watch') {
      const { id, token, folder } = body;
      const expiresAt = rig.clock.now() + vendor.lifeMs;
      watch = { id, token, resource: `res-${folder}`, expiresAt, stopped: false };
    }
    const answered = await vendor.before(path, watch);
    if (answered !== undefined) return answered;
    if (watch === undefined || watch.stopped) return Response.json({ error: 'unknown' }, { status: 404 });
    if (path === 'watch') watches.push(watch);
    if (path === 'stop') {
      if (body.resource !== watch.resource) return Response.json({ error: 'resource' }, { status: 400 });
      watch.stopped = true;
    }
    if (path === 'renew') watch.expiresAt = rig.clock.now() + vendor.lifeMs;
    return Response.json({ resource: watch.resource, expiresAt: watch.expiresAt });
  });

  const target = { organizationId };
  return {
    ...rig,
    vendor,
    connect: (organization = organizationId, label = 'default') =>
      rig.board.connect('acme', { organizationId: organization, label, credentials: { apiKey: 'acme-key' } }),
    open: (folder = 'inbox', more: { label?: string; organizationId?: string } = {}) =>
      rig.board.channels.open('acme', { ...target, ...more, params: { folder } }),
    list: () => rig.board.channels.list('acme', target),
    runJob: (board = rig.board) => runJob(board),
    /** The vendor notifies through a channel; the status that it gets. */
    async notify(watch: Notified, number = 1, state = 'exists', board = rig.board): Promise<number> {
      const { id, token, resource } = watch;
      const headers = { 'x-channel-id': id, 'x-channel-token': token, ...(resource && { 'x-resource': resource }) };
      const request = new Request(route, {
        method: 'POST',
        headers: { ...headers, 'x-number': String(number), 'x-state': state },
      });
      return (await board.webhooks.receive('acme', request)).status;
    },
  };
}

export async function runJob(board: { jobs: readonly { name: string; run(): Promise<{ processed: number }> }[] }) {
  const job = board.jobs.find(({ name }) => name === 'channels');
  return (await job!.run()).processed;
}

export type ChannelRig = ReturnType<typeof createChannelRig>;
