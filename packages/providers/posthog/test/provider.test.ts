import type { Json } from '@plugboard/core';
import { createTestBoard, providerContract } from '@plugboard/testing';
import { describe, expect, test, vi } from 'vitest';

import { posthog } from '../src/index.ts';

providerContract(posthog, {
  input: { oauth: { region: 'eu' } },
  exceptions: {
    'E05 webhooks: every changed byte of the body is refused':
      'The vendor signs nothing: a token proves the sender, not the message.',
    'answer flags.evaluate: members that the schema does not know survive':
      'The members of `flags` are the flags of the project, each of one shape; there are no others beside them.',
  },
});

const projectKey = 'phc_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789';
const organizationId = 'org-1';

async function rig(credentials: object = { projectKey, region: 'eu' }) {
  const made = createTestBoard(posthog({ stub: false }));
  const { board, sent } = made;
  const losses: unknown[] = [];
  board.on('provider.loss', (loss) => void losses.push(loss));
  await board.connect('posthog', { organizationId, credentials: credentials as never });
  sent.length = 0;
  return { ...made, losses, client: board.client('posthog', { organizationId }) };
}

describe('events', () => {
  test('wait for a batch, which carries the key of the connection, and leave when the board stops', async () => {
    const { board, client, sent } = await rig();
    await client.track.capture({
      name: 'feature_used',
      personId: 'u1',
      properties: { feature: 'export' },
      id: 'order-1',
    });
    await client.track.identify({ personId: 'u1', traits: { plan: 'pro' }, traitsOnce: { first: 'x' } });
    expect(sent).toEqual([]);
    await board.stop();
    expect(sent.map(({ url }) => url.href)).toEqual(['https://eu.i.posthog.com/batch/']);
    const { api_key: key, batch } = sent[0]!.json as { api_key: string; batch: Record<string, Json>[] };
    expect(key).toBe(projectKey);
    expect(batch).toMatchObject([
      { event: 'feature_used', distinct_id: 'u1', properties: { feature: 'export' } },
      { event: '$identify', distinct_id: 'u1', properties: { $set: { plan: 'pro' }, $set_once: { first: 'x' } } },
    ]);
    // The host's id, as the UUID that it always becomes.
    expect(batch[0]!['uuid']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('that the vendor refuses are reported as lost, and flush says why', async () => {
    const { client, vendor, losses } = await rig();
    await client.track.capture({ name: 'order_paid', personId: 'u1' });
    await client.track.capture({ name: 'order_paid', personId: 'u2' });
    vendor.failNext('badPayload');
    await expect(client.track.flush()).rejects.toThrow();
    expect(losses).toEqual([{ provider: 'posthog', organizationId, count: 2, reason: 'refused' }]);
  });

  test('are sent when twenty wait, or after ten seconds', async () => {
    const { client, clock, sent } = await rig();
    await client.track.capture({ name: 'e', personId: 'u' });
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    await clock.advance(10_000);
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    const sdk = await client.sdk();
    for (let index = 0; index < 20; index++) sdk.capture({ event: 'e', distinctId: 'u' });
    await vi.waitFor(() => expect(sent).toHaveLength(2));
  });

  test('beyond a thousand are not taken in, and that is told', async () => {
    const { answer, client, losses } = await rig();
    // Nothing is answered from here on, so that everything waits.
    answer(() => new Promise(() => undefined));
    const sdk = await client.sdk();
    for (let index = 0; index < 1003; index++) sdk.capture({ event: 'e', distinctId: 'u', properties: { index } });
    const full = () => losses.filter((loss) => (loss as { reason: string }).reason === 'queue_full').length;
    await vi.waitFor(() => expect(full()).toBe(3));
  });
});

test('a private call without a personal key is refused by name, and nothing is sent', async () => {
  const { client, sent } = await rig();
  await expect(client.flags.list({ projectId: '1' })).rejects.toMatchObject({
    kind: 'permission',
    code: 'personal_key_missing',
  });
  expect(sent).toEqual([]);
});

test('private calls go to the other host of the region, with the personal key alone', async () => {
  const { client, sent } = await rig({
    projectKey,
    personalKey: 'phx_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789',
    region: 'eu',
  });
  await client.queries.run({ projectId: '1', query: { kind: 'HogQLQuery', query: 'select 1' } });
  expect(sent[0]!.url.href).toBe('https://eu.posthog.com/api/projects/1/query/');
  expect(sent[0]!.headers.get('authorization')).toBe('Bearer phx_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789');
  expect(sent[0]!.text).not.toContain('phc_');
});

describe('definitions of flags', () => {
  const secretKey = 'phs_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789';
  const personalKey = 'phx_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789';

  test.each([
    [{ projectKey, personalKey, secretKey }, secretKey],
    [{ projectKey, personalKey }, personalKey],
  ])('name the project, and are asked for with the key that may: %#', async (credentials, key) => {
    const { client, sent } = await rig(credentials);
    expect((await client.flags.definitions()).flags[0]?.key).toBe('new-checkout');
    const { url, headers, text } = sent[0]!;
    expect(url.href).toBe(`https://us.i.posthog.com/flags/definitions?send_cohorts=&token=${projectKey}`);
    expect([headers.get('authorization'), text]).toEqual([`Bearer ${key}`, '']);
  });

  test('a key of the wrong kind is refused by name', async () => {
    await expect(rig({ projectKey, secretKey: personalKey })).rejects.toMatchObject({
      fields: [{ path: 'secretKey' }],
    });
    await expect(rig({ projectKey, personalKey: projectKey })).rejects.toMatchObject({
      fields: [{ path: 'personalKey' }],
    });
  });
});

test("an own server takes everything; the vendor's own address stands for its region", async () => {
  const personalKey = 'phx_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789';
  for (const [host, app] of [
    ['https://posthog.example.com/', 'posthog.example.com'],
    ['https://eu.i.posthog.com', 'eu.posthog.com'],
  ]) {
    const { client, sent } = await rig({ projectKey, personalKey, host });
    await client.users.me();
    await client.flags.evaluate({ distinct_id: 'u1' });
    expect(sent.map(({ url }) => url.host)).toEqual([app, host!.replaceAll(/https:|\//g, '')]);
  }
});

describe('a personal key', () => {
  const credentials = { projectKey, personalKey: 'phx_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789' };

  test('that is dead is not health, though events would still arrive', async () => {
    const { board, vendor } = await rig(credentials);
    vendor.failNext({ json: { flags: {} } });
    vendor.failNext('badPersonalKey');
    expect(await board.health('posthog', { organizationId })).toMatchObject({ status: 'error' });
  });

  test('without the right to read its user is alive, and names no project', async () => {
    const { board, vendor } = await rig(credentials);
    vendor.failNext({ json: { flags: {} } });
    vendor.failNext('missingScope');
    expect(await board.health('posthog', { organizationId })).toMatchObject({ status: 'healthy' });
    const { account, metadata } = (await board.connections.get('posthog', { organizationId }))!;
    expect([account?.name, metadata['teamId']]).toEqual(['Shop', 1]);
  });
});

test('a grant of somebody without a project is no connection', async () => {
  const afterCode = posthog.definition.auth.oauth.afterCode!;
  const request = () => Promise.resolve({ json: () => ({ team: null }) });
  const client = { input: { region: 'eu' }, request } as never;
  await expect(afterCode({ credentials: { accessToken: 'pha_1' } }, client)).rejects.toMatchObject({
    code: 'no_project',
  });
});

test('a webhook with the token of the connection is heard once, by the name of its event', async () => {
  const { board } = await rig({ projectKey, webhookToken: 'a-token-of-one-organization' });
  const heard: unknown[] = [];
  board.on('posthog', '*', (data, { type, id }) => void heard.push([type, id, data]));
  const body = posthog.definition.webhooks!.vectors[0]!.body.replace('$pageview', 'order_paid');
  const post = (token: string) =>
    board.webhooks.receive(
      'posthog',
      new Request('https://app.example.com/integrations/webhooks/posthog', {
        method: 'POST',
        body,
        headers: { 'x-webhook-token': token },
      }),
      { organizationId },
    );
  const statuses: number[] = [];
  for (const token of ['a-token-of-one-organization', 'another', 'a-token-of-one-organization'])
    statuses.push((await post(token)).status);
  expect(statuses).toEqual([200, 401, 200]);
  expect(heard).toEqual([['order_paid', '0190a5f2-7c1e-7d3a-9b4f-2f6d8c1e5a70', JSON.parse(body)]]);
});

test('a quota that is used up is not health', async () => {
  const { board, vendor } = await rig();
  vendor.failNext({ json: { flags: {}, quotaLimited: ['feature_flags'] } });
  expect(await board.health('posthog', { organizationId })).toMatchObject({
    status: 'degraded',
    reason: 'quota_limited',
  });
});
