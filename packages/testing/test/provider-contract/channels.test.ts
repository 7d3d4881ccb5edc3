/** What the contract finds about channels, and about deliveries that come through them. */
import { channels, type ChannelDefinition } from '@plugboard/core';
import { z } from 'zod';
import { expect, test } from 'vitest';

import { providerCases } from '../../src/provider-contract.ts';
import { soundOptions } from './sound.ts';
import { watched, watchedChannels } from './watched.ts';

const options = { ...soundOptions, input: { oauth: { shop: 'shop' } } };

async function run(factory: ReturnType<typeof watched>, name: string): Promise<void> {
  const found = providerCases(factory, options).find((candidate) => candidate.name === name);
  expect(found, `a case called ${name}`).toBeDefined();
  await found!.run();
}

const opens = 'channels: one is opened at the vendor, for this route, and its token is kept nowhere';
const params = 'channels: unknown params are refused before anything is sent';
const keeps = 'channels: the job keeps it open';
const closes = 'channels: closing one tells the vendor and leaves nothing';
const unsecured = 'E02 webhooks: without a secret nothing is believed';
const delivers = 'E01 E04 webhooks: a delivery reaches the handler once, a forged one never';
const answers = 'webhooks: what a handler answers is what the vendor gets, the first time';

test.each([opens, params, keeps, closes, unsecured, delivers, answers])('a sound one passes `%s`', (name) =>
  run(watched(), name),
);

const broken: [string, string, RegExp, Partial<ChannelDefinition>][] = [
  [
    'a token in the state',
    opens,
    /may see/,
    {
      open: async (api, request) => ({
        ...(await watchedChannels.open(api, request)),
        state: { token: request.token },
      }),
    },
  ],
  [
    'a channel without a vendor',
    opens,
    /requests to the vendor/,
    {
      open: async () => ({ expiresAt: new Date(Date.UTC(2027, 0)) }),
    },
  ],
  [
    'params that take anything',
    params,
    /must be refused/,
    {
      params: z.looseObject({ list: z.string().meta({ examples: ['it_1'] }) }),
      open: (api, request) => watchedChannels.open(api, { ...request, params: { list: 'it_1' } }),
    },
  ],
  [
    'a renewal that does not work',
    keeps,
    /after the job/,
    {
      renew: async () => {
        throw new TypeError('not a function');
      },
    },
  ],
  [
    'a stop that does not work',
    closes,
    /not a function/,
    {
      stop: async () => {
        throw new TypeError('not a function');
      },
    },
  ],
  ['a stop that tells nobody', closes, /requests to the vendor/, { stop: async () => undefined }],
  [
    'a name that is not read from the delivery',
    delivers,
    /to be less than/,
    { read: () => ({ id: 'ch_1', token: 'tok_1' }) },
  ],
];

test.each(broken)('finds %s', async (_fault, name, because, change) => {
  const factory = watched({ channels: channels({ ...watchedChannels, ...change } as ChannelDefinition) });
  await expect(run(factory, name)).rejects.toThrow(because);
});

test('finds a secret that every board has', async () => {
  await expect(run(watched({ secrets: () => ['tok_1'] }), unsecured)).rejects.toThrow(/401/);
});
