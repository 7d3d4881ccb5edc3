import { defineProvider, operation } from '@plugboard/core';
import { given } from '@plugboard/core/fields';
import { expect, test } from 'vitest';

import { createGoogleRig } from './rig.ts';
import { facts, sample } from './sample.ts';

const path = '/oauth2/v2/userinfo';
const metered = defineProvider({
  ...facts,
  id: 'google-metered',
  api: { ...facts.api, limits: [{ requests: 10, perMs: 60_000, counts: 'units' }] },
  account: sample.definition.account,
  healthCheck: () => Promise.resolve({ status: 'unknown', reason: 'not_asked' }),
  operations: {
    ...facts.operations,
    things: {
      ask: operation({
        summary: 'Asks.',
        input: given({}),
        run: async (api, _input, options) => (await api.request({ method: 'GET', url: path, cost: 4 }, options)).status,
      }),
      stream: operation({
        summary: 'Reads.',
        input: given({}),
        run: async (api, _input, options) => (await api.stream({ method: 'GET', url: path, cost: 6 }, options)).status,
      }),
    },
  },
});

test('requests without a declaration take their cost from the units as well', async () => {
  const { client, connect, sent } = createGoogleRig(metered);
  await connect();
  const left = { deadlineMs: 1000 };
  expect([await client().things.ask({}, left), await client().things.stream({}, left)]).toEqual([200, 200]);
  await expect(client().identity.me({}, left)).rejects.toMatchObject({ code: 'limit_reached' });
  expect(sent.length).toBe(2);
});
