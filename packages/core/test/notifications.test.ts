import { expect, test } from 'vitest';

import { channelOf, isMuted, notificationSettings } from '../src/notifications.ts';

const settings = { channel: 'C1', routes: { 'order.created': 'C2' }, types: ['order.created', 'order.paid'] };

test.each([
  [{ to: 'C9', type: 'order.created' }, 'C9'],
  [{ type: 'order.created' }, 'C2'],
  [{ type: 'order.paid' }, 'C1'],
  [{ type: 'constructor' }, 'C1'],
  [{}, 'C1'],
])('%j goes to %s', (notification, channel) => {
  expect(channelOf(settings, notification)).toBe(channel);
});

test('a notification without any channel is refused by name', () => {
  expect(() => channelOf({}, { type: 'order.paid' })).toThrow(
    expect.objectContaining({ code: 'invalid_input', fields: [expect.objectContaining({ path: 'to' })] }),
  );
});

test('only a type that was left out is muted', () => {
  const muted = [{ type: 'other' }, { type: 'order.paid' }, {}].map((notification) => isMuted(settings, notification));
  expect([muted, isMuted({}, { type: 'other' })]).toEqual([[true, false, false], false]);
});

test('the settings take what they are read with, and nothing else', () => {
  const schema = notificationSettings();
  expect(schema.parse(settings)).toEqual(settings);
  expect(schema.parse({})).toEqual({});
  for (const bad of [{ channel: '' }, { types: [''] }, { routes: { a: '' } }, { other: 1 }])
    expect(schema.safeParse(bad).success).toBe(false);
});
