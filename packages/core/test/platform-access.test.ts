import { expect, test } from 'vitest';

import { createPlugboard } from '../src/board.ts';
import { createEmulator } from '../src/emulator/create-emulator.ts';
import { silentLog } from '../src/log.ts';
import { createMemoryStore } from '../src/memory-store.ts';
import { handlerWire } from '../src/transport/handler-wire.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { minting } from './support/minting.ts';
import { key } from './support/rig.ts';

function createRig(env: Readonly<Record<string, string>>) {
  const clock = createFakeClock();
  const vendor = createEmulator(minting(), { clock });
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [minting()],
    store: createMemoryStore({ clock }),
    keys: { k1: key },
    mode: 'test',
    env,
    log: silentLog,
    clock,
    wire: handlerWire(vendor.fetch),
  });
  const call = (target?: { organizationId: string }) => board.client('minting', target).probe.ping({});
  return { clock, vendor, board, call, exchanges: () => vendor.oauth.ledger.tokenCalls.length };
}

const env = { MINTING_ID: 'pair-1', MINTING_KEY: 'key-1' };

test('the platform’s own fields are exchanged once, for all callers and organizations', async () => {
  const { call, exchanges } = createRig(env);
  await Promise.all([call(), call(), call({ organizationId: 'org-1' }), call({ organizationId: 'org-2' })]);
  expect(exchanges()).toBe(1);
});

test('a token of the platform is exchanged again before its end', async () => {
  const { call, clock, exchanges } = createRig(env);
  await call();
  await clock.advance(58 * 60_000);
  await call();
  expect(exchanges()).toBe(1);
  await clock.advance(61_000);
  await call();
  expect(exchanges()).toBe(2);
});

test('a token of the platform that the vendor refuses is exchanged once more, and the call goes through', async () => {
  const { call, vendor, exchanges } = createRig(env);
  await call();
  vendor.expireTokens();
  await Promise.all([call(), call({ organizationId: 'org-1' })]);
  expect(exchanges()).toBe(2);
});

test('an exchange that failed is tried again by the next call', async () => {
  const { call, vendor, exchanges } = createRig(env);
  vendor.oauth.switches.token.next({ status: 503 });
  await expect(call()).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(call()).resolves.toMatchObject({ pong: true });
  expect(exchanges()).toBe(2);
});

test('an exchange that the vendor refused is not asked for again at once, whoever calls', async () => {
  const { call, clock, vendor, exchanges } = createRig(env);
  vendor.oauth.switches.token.always({ error: 'invalid_grant' });
  for (let turn = 0; turn < 20; turn++) {
    await expect(call({ organizationId: `org-${turn}` })).rejects.toMatchObject({ code: 'invalid_grant' });
  }
  expect(exchanges()).toBe(1);
  vendor.oauth.switches.token.clear();
  await clock.advance(30_000);
  await expect(call()).resolves.toMatchObject({ pong: true });
});

test('the stub of a provider with minted tokens alone answers', async () => {
  const { call, board } = createRig({});
  await expect(call()).resolves.toMatchObject({ pong: true });
  expect(await board.health('minting', {})).toMatchObject({ status: 'stubbed' });
});

test('what the exchange told is known to the platform’s own calls', async () => {
  const { board } = createRig(env);
  const told = { account: { id: 'ac-1', name: 'The platform' }, metadata: { region: 'eu' } };
  await expect(board.client('minting').probe.whoami()).resolves.toEqual(told);
  await expect(board.client('minting', { organizationId: 'org-1' }).probe.whoami()).resolves.toEqual(told);
});

test('callers who wait for one exchange share its failure, and the next one tries again', async () => {
  const { call, vendor, exchanges } = createRig(env);
  vendor.oauth.switches.token.next({ status: 503 });
  const outcomes = await Promise.allSettled([call(), call(), call({ organizationId: 'org-1' })]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(exchanges()).toBe(1);
  await Promise.all([call(), call({ organizationId: 'org-1' })]);
  expect(exchanges()).toBe(2);
});

test('a token that lives shorter than the margin is used for half its life', async () => {
  const { call, vendor, clock, exchanges } = createRig(env);
  vendor.oauth.switches.token.always({ expiresIn: 30 });
  await call();
  await clock.advance(14_000);
  await call();
  expect(exchanges()).toBe(1);
  await clock.advance(2_000);
  await call();
  expect(exchanges()).toBe(2);
});
