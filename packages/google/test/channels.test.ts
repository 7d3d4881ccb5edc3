import { defineProvider, endpoint, type Delivery } from '@plugboard/core';
import { given } from '@plugboard/core/fields';
import { expect, test } from 'vitest';

import { channel, channelBody, channelWebhooks, notified, stopChannel, webHook } from '../src/index.ts';
import { createGoogleRig, target } from './rig.ts';
import { facts, sample } from './sample.ts';

const operations = {
  channels: {
    watch: endpoint('POST /things/watch', {
      summary: 'Opens a channel.',
      input: channelBody,
      encode: (json) => ({ json: webHook(json) }),
      output: channel,
    }),
    stop: stopChannel({ docs: 'https://developers.google.com/things/stop', scopes: ['openid'] }),
  },
};
const watcher = defineProvider({
  ...facts,
  id: 'google-things',
  account: sample.definition.account,
  healthCheck: () => Promise.resolve({ status: 'unknown', reason: 'not_asked' }),
  operations: { ...facts.operations, ...operations },
  webhooks: channelWebhooks({
    docs: 'https://developers.google.com/things/push',
    params: given({}, { of: 'things' }),
    open: (api, { of }, ask) => api.call(operations.channels.watch, ask(of === 'things' ? 60_000 : 3_600_000)),
    stop: operations.channels.stop,
    states: ['change', 'update'],
    vectors: [notified('a change', 'change', ['change'])],
  }),
});

test('a channel is opened for the life that is asked for, and stopped by what its answer said', async () => {
  const { board, clock, connect, answer, sent } = createGoogleRig(watcher);
  await connect();
  answer(({ url, text }) =>
    url.pathname.endsWith('/watch')
      ? Response.json({ ...(JSON.parse(text) as object), resourceId: 'res-1' })
      : undefined,
  );
  const opened = await board.channels.open('google-things', { ...target, params: { of: 'things' } });
  const now = clock.now();
  expect(opened).toMatchObject({ expiresAt: new Date(now + 60_000) });
  expect(sent[0]!.json).toEqual({
    id: opened.id,
    token: expect.stringMatching(/^[\w-]{43}$/) as string,
    address: 'https://app.example.com/integrations/webhooks/google-things',
    expiration: String(now + 60_000),
    type: 'web_hook',
  });
  await board.channels.open('google-things', { ...target, params: {} });
  expect(sent[1]!.json).toMatchObject({ expiration: String(now + 3_600_000) });
  await board.channels.close('google-things', { ...target, id: opened.id });
  expect([sent[2]!.url.pathname, sent[2]!.json]).toEqual(['/channels/stop', { id: opened.id, resourceId: 'res-1' }]);
});

test('a notification is believed only from its channel, by its token and for the resource that was answered', async () => {
  const { board, connect, answer } = createGoogleRig(watcher);
  await connect();
  const tokens: string[] = [];
  answer(({ url, text }) => {
    if (!url.pathname.endsWith('/watch')) return undefined;
    const asked = JSON.parse(text) as { token: string };
    tokens.push(asked.token);
    return Response.json({ ...asked, resourceId: `res-${tokens.length}` });
  });
  const { id } = await board.channels.open('google-things', { ...target, params: { of: 'things' } });
  const other = await board.channels.open('google-things', { ...target, params: {} });
  const heard: unknown[] = [];
  board.on('google-things', 'change', ({ resourceId }) => void heard.push(resourceId));
  const right = { 'channel-id': id, 'channel-token': tokens[0]!, 'resource-id': 'res-1' };
  const status = async (change: Record<string, string>) => {
    const all = { 'resource-state': 'change', 'message-number': '2', ...right, ...change };
    const given = Object.entries(all).flatMap(([name, value]) => (value === '' ? [] : [[`x-goog-${name}`, value]]));
    const url = 'https://app.example.com/integrations/webhooks/google-things';
    const request = new Request(url, { method: 'POST', headers: given as [string, string][] });
    return (await board.webhooks.receive('google-things', request)).status;
  };
  for (const change of [
    { 'resource-id': 'res-2' },
    { 'resource-id': '' },
    { 'channel-id': other.id },
    { 'channel-token': tokens[1]! },
    { 'channel-token': '' },
    { 'channel-id': other.id, 'channel-token': tokens[1]! },
  ])
    expect(await status(change), JSON.stringify(change)).toBe(401);
  expect(heard).toEqual([]);
  expect(await status({})).toBe(200);
  expect(heard).toEqual(['res-1']);
});

const { parse, channels, events } = watcher.definition.webhooks!;
const deliveryOf = (headers: Record<string, string>) =>
  ({ headers: new Headers({ 'x-goog-channel-id': 'ch-1', 'x-goog-message-number': '10', ...headers }) }) as Delivery;

test('a notification says which channel it came through and what changed; a greeting says nothing', () => {
  expect(Object.keys(events)).toEqual(['change', 'update']);
  const headers = { 'x-goog-resource-state': 'changed', 'x-goog-resource-id': 'res-1' };
  const event = { id: 'ch-1/10', data: { channelId: 'ch-1', resourceId: 'res-1', messageNumber: 10 } };
  expect(parse(deliveryOf(headers))).toEqual([{ type: 'change', ...event }]);
  const facets = { 'x-goog-resource-state': 'update', 'x-goog-changed': 'content, parents' };
  expect(parse(deliveryOf(facets))).toMatchObject([{ type: 'update', data: { changed: ['content', 'parents'] } }]);
  expect(parse(deliveryOf({ 'x-goog-resource-state': 'sync' }))).toEqual([]);
  const named = { 'x-goog-channel-token': 'tok-1', 'x-goog-resource-id': 'res-1' };
  expect(channels?.read?.(deliveryOf(named))).toEqual({ id: 'ch-1', token: 'tok-1', state: { resourceId: 'res-1' } });
  expect(channels?.read?.(deliveryOf({}))).toBeUndefined();
  for (const [name, value] of [
    ['x-goog-resource-state', ''],
    ['x-goog-channel-id', ''],
    ['x-goog-message-number', '1e3'],
  ] as const) {
    const bad = deliveryOf({ 'x-goog-resource-state': 'change', [name]: value });
    expect(() => parse(bad), name).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  }
});
