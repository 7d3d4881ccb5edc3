import { randomBytes } from 'node:crypto';

import { createEmulator } from '@plugboard/core/emulator';
import { createMemoryStore, createPlugboard, fetchWire, silentLog, systemClock } from '@plugboard/core';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { mswHandlers } from '../src/msw.ts';
import { acme } from './support/acme.ts';

const network = setupServer();
beforeAll(() => {
  network.listen({
    onUnhandledFrame() {
      throw Object.assign(new Error('nobody answers'), { code: 'ENOTFOUND', errno: -3008 });
    },
  });
});
afterEach(() => network.resetHandlers());
afterAll(() => network.close());

const organizationId = 'org-1';

function start() {
  const emulator = createEmulator(acme());
  network.use(...mswHandlers(emulator));
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [acme({ clientId: 'client', clientSecret: 'secret' })],
    keys: { k1: randomBytes(32).toString('base64') },
    store: createMemoryStore({ clock: systemClock }),
    wire: fetchWire,
    log: silentLog,
    env: {},
    mode: 'test',
  });
  return { emulator, board };
}

test('a board over the fetch wire talks to the emulator', async () => {
  const { emulator, board } = start();
  const connection = await board.connect('acme', { organizationId, userId: 'u', credentials: { apiKey: 'key_1' } });
  expect(connection.account).toEqual({ id: 'a1', name: 'Acme One' });
  expect(await board.client('acme', { organizationId }).orders.create({ total: 5 })).toEqual({ id: 'o1' });
  expect(emulator.requests.at(-1)).toMatchObject({
    operation: 'orders.create',
    json: { total: 5 },
    credential: { method: 'key' },
  });
});

test('a wrong key is refused as the vendor would', async () => {
  const { board } = start();
  const attempt = board.connect('acme', { organizationId, userId: 'u', credentials: { apiKey: 'key_wrong' } });
  await expect(attempt).rejects.toMatchObject({ code: 'credentials_refused' });
});

test('a dropped connection is a network error', async () => {
  const { emulator } = start();
  emulator.oauth.switches.token.next({ drop: 'before' });
  await expect(fetch('https://auth.acme.example/token', { method: 'POST' })).rejects.toThrow(TypeError);
});

test('other hosts stay unhandled', async () => {
  start();
  await expect(fetch('https://elsewhere.example/')).rejects.toMatchObject({ cause: { code: 'ENOTFOUND' } });
});
