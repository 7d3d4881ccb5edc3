import { expect, test } from 'vitest';

import type { HealthResult } from '../src/provider.ts';
import { hmacSigner } from '../src/webhooks/hmac-signature.ts';
import { createRig, drive, organizationId } from './support/rig.ts';

const url = 'https://app.example.com/integrations/webhooks/acme';
const sign = hmacSigner({ header: 'x-acme-signature', algorithm: 'sha256', encoding: 'hex' });
const healthy: HealthResult = { status: 'healthy' };
const loginRequired: HealthResult = { status: 'degraded', reason: 'login_required', attention: true };

/** A vendor whose connections break by themselves: a user changed a password at the bank. */
async function connected() {
  let found = healthy;
  const rig = createRig({ health: () => found, webhooks: { checks: ['item.error', 'item.repaired'] } });
  await rig.connect();
  const heard: string[] = [];
  rig.board.on('connection.attention', ({ reason }) => void heard.push(reason));
  rig.board.on('connection.recovered', () => void heard.push('recovered'));
  return {
    ...rig,
    heard,
    finds: (result: HealthResult) => void (found = result),
    check: () => drive(rig, rig.board.health('acme', { organizationId })),
    async send(type: string, id: string) {
      const body = JSON.stringify({ type, id, account: 'acct-1' });
      const headers = await sign({ body, url, at: new Date(0) }, 'signing-secret');
      return rig.board.webhooks.receive('acme', new Request(url, { method: 'POST', body, headers }));
    },
  };
}

test('what the organization must do is told at the first sign, once, and lifted by the first good one', async () => {
  const { check, finds, heard, row } = await connected();
  finds(loginRequired);
  expect(await check()).toMatchObject({ status: 'degraded', reason: 'login_required' });
  expect(await row()).toMatchObject({ status: 'degraded', statusReason: 'login_required' });
  await check();
  expect(heard).toEqual(['login_required']);
  finds({ ...loginRequired, reason: 'consent_expired' });
  await check();
  expect(await row()).toMatchObject({ statusReason: 'consent_expired' });
  finds(healthy);
  await check();
  expect(await row()).toMatchObject({ status: 'active', statusReason: null });
  expect(heard).toEqual(['login_required', 'consent_expired', 'recovered']);
});

test('an outage in between neither repeats nor lifts it', async () => {
  const { answer, check, finds, heard, row } = await connected();
  finds(loginRequired);
  await check();
  answer(() => new Response('down', { status: 503 }));
  for (let turn = 0; turn < 4; turn++) await check();
  expect(await row()).toMatchObject({ status: 'degraded', statusReason: 'login_required' });
  answer(() => undefined);
  await check();
  finds(healthy);
  await check();
  expect(await row()).toMatchObject({ status: 'active' });
  expect(heard).toEqual(['login_required', 'recovered']);
});

test('a bad sign of another kind must still be repeated', async () => {
  const { check, finds, row } = await connected();
  finds({ status: 'degraded', reason: 'slow' });
  for (const status of ['active', 'active', 'degraded'] as const) {
    await check();
    expect((await row())?.status).toBe(status);
  }
});

test('an event that tells of it has the vendor asked, and believes the vendor', async () => {
  const { calls, finds, heard, row, send } = await connected();
  const asked = calls.length;
  expect((await send('item.error', 'e1')).status).toBe(200);
  expect(calls.length).toBe(asked + 1);
  expect(await row()).toMatchObject({ status: 'active' });

  finds(loginRequired);
  expect((await send('order.paid', 'e2')).status).toBe(200);
  expect(await row()).toMatchObject({ status: 'active' });
  expect((await send('item.error', 'e3')).status).toBe(200);
  expect(await row()).toMatchObject({ status: 'degraded', statusReason: 'login_required' });
  finds(healthy);
  expect((await send('item.repaired', 'e4')).status).toBe(200);
  expect(await row()).toMatchObject({ status: 'active' });
  expect(heard).toEqual(['login_required', 'recovered']);
});
