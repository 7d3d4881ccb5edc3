import { Secret } from '@plugboard/core';
import { conformance, createTestBoard, providerContract } from '@plugboard/testing';
import { describe, expect, test } from 'vitest';

import { klaviyo } from '../src/index.ts';

const account = { id: 'AbC123', name: 'Klaviyo Demo' };
const organizationId = 'org-1';
const email = 'sarah.mason@klaviyo-demo.com';

const place = { address1: '89 E 42nd St', address2: '1st floor', city: 'New York', region: 'NY', zip: '10017' };
const names = { firstName: 'Sarah', lastName: 'Mason', organization: 'Example', title: 'Manager', locale: 'en-US' };
const contact = { email, phoneNumber: '+15005550006' };
const ways = { id: 'p1', ...contact, externalId: 'e1' };
const location = { ...place, country: 'United States', timezone: 'America/New_York', ip: '127.0.0.1' };
const whole = { ...ways, ...names, location, properties: { pseudonym: 'Dr. Octopus' } };
const job = { profiles: [contact], channels: ['email', 'sms'], listId: 'Y6nRLr' };
const hook = { name: 'Orders', endpointUrl: 'https://www.example.com/hook', secretKey: 'a-secret-of-16-or-more' };
const { id: _id, ...fresh } = whole;

// Every field that an input may have.
conformance(klaviyo.definition, {
  inputs: {
    'profiles.upsert': [whole],
    'profiles.create': [fresh],
    'profiles.list': [{ ...ways, pageSize: 100, cursor: 'c' }],
    'profiles.subscribe': [{ ...job, profiles: [{ id: 'p1', ...contact }], source: 'Event' }],
    'profiles.unsubscribe': [job],
    'events.track': [
      { metric: 'Bought', profile: whole, properties: { Brand: 'Kids Book' }, uniqueId: 'u' },
      {
        metric: 'Bought',
        profile: ways,
        uniqueId: 'u',
        time: '2026-07-16T10:00:00+02:00',
        value: 9.99,
        valueCurrency: 'USD',
      },
      { metric: 'Bought', profile: ways, uniqueId: 'u', backfill: true },
    ],
    'events.list': [{ metricId: 'm', profileId: 'p', pageSize: 1000, cursor: 'c' }],
    'lists.list': [{ pageSize: 10, cursor: 'c' }],
    'webhooks.update': [{ id: 'w', ...hook, topicIds: ['event:klaviyo.sent_sms'], enabled: false }],
  },
});

providerContract(klaviyo, { account });

/** `join` connects an organization by key. */
function rig() {
  const made = createTestBoard(klaviyo({ clientId: 'client', clientSecret: 'secret' }), { accounts: [account] });
  const { board, vendor } = made;
  const join = () =>
    board.connect('klaviyo', { organizationId, credentials: vendor.definition.auth['privateKey']!.example as never });
  return { ...made, join, client: board.client('klaviyo', { organizationId }) };
}

describe('a credential that may not read everything', () => {
  test('connects under a name of its own when the account is closed to it', async () => {
    const { vendor, join } = rig();
    vendor.failNext('missingScope');
    expect((await join()).account?.name).toBe('Klaviyo account');
  });

  test('is degraded, not dead, when lists are closed to it', async () => {
    const { board, vendor, join } = rig();
    await join();
    vendor.failNext('missingScope');
    expect(await board.health('klaviyo', { organizationId })).toMatchObject({
      status: 'degraded',
      detail: 'lists:read',
    });
  });

  test('has unknown health when its grant lacks the scope, for nobody was asked', async () => {
    const { authorize, board, vendor } = rig();
    await authorize({ method: 'oauth', scopes: ['accounts:read'] });
    const asked = vendor.requests.length;
    expect(await board.health('klaviyo', { organizationId })).toMatchObject({
      status: 'unknown',
      reason: 'scopes_missing',
    });
    expect(vendor.requests.length).toBe(asked);
  });
});

describe('requests', () => {
  test('look as the vendor documents them', async () => {
    const { authorize, clock, sent, join } = rig();
    await join();
    expect(Object.fromEntries(sent[0]!.headers)).toMatchObject({
      authorization: 'Klaviyo-API-Key pk_0123456789abcdef0123456789abcdef01',
      revision: '2026-07-15',
      accept: 'application/vnd.api+json',
    });
    // The account may be read once a second.
    await clock.advance(1100);
    await authorize({ method: 'oauth' });
    expect(sent.slice(1).map(({ headers }) => headers.get('authorization')?.split(' ')[0])).toEqual([
      'Basic',
      'Bearer',
    ]);
  });

  test('filter by values that cannot end their quotes', async () => {
    const { vendor, join, client } = rig();
    await join();
    await client.profiles.list({ externalId: 'a")or,equals(email,"x' });
    expect(vendor.requests.at(-1)?.query['filter']).toBe(String.raw`equals(external_id,"a\")or,equals(email,\"x")`);
  });

  test('keep the names of custom properties, and turn those of attributes', async () => {
    const { vendor, join, client } = rig();
    await join();
    await client.profiles.upsert({ id: 'p1', email, firstName: null, properties: { favouriteColour: 'green' } });
    const attributes = { email, first_name: null, properties: { favouriteColour: 'green' } };
    expect(vendor.requests.at(-1)?.json).toEqual({ data: { type: 'profile', id: 'p1', attributes } });
  });

  test('subscribe to the list of the settings unless the call names one', async () => {
    const { board, vendor, join, client } = rig();
    await join();
    const profiles = [{ email }];
    const listOf = async (input: { listId?: string }) => {
      await client.profiles.subscribe({ profiles, channels: ['email', 'sms'], ...input });
      return JSON.stringify(vendor.requests.at(-1)?.json).match(/"list":\{"data":\{"type":"list","id":"(\w+)"/)?.[1];
    };
    expect(await listOf({})).toBeUndefined();
    await board.settings.update('klaviyo', { organizationId, settings: { listId: 'Y6nRLr' } });
    expect(await listOf({})).toBe('Y6nRLr');
    expect(await listOf({ listId: 'other' })).toBe('other');
  });

  test('name a person in one of four ways, or are refused', async () => {
    const { join, client } = rig();
    await join();
    await expect(client.profiles.upsert({ firstName: 'Sarah' })).rejects.toThrow(
      'one of id, email, phoneNumber, externalId',
    );
  });
});

describe('the emulator', () => {
  test('remembers who exists and which lists were made', async () => {
    const { join, client } = rig();
    await join();
    await client.profiles.create({ email });
    await expect(client.profiles.create({ email })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'duplicate_profile',
    });
    await client.lists.create({ name: 'VIP' });
    expect(await client.lists.list()).toMatchObject({ items: [{ name: 'VIP' }] });
  });
});

describe('webhooks', () => {
  const { verify, parse, sign } = klaviyo.definition.webhooks!;
  const url = 'https://app.example.com/integrations/webhooks/klaviyo';
  const deliver = (body: string, headers: Readonly<Record<string, string>>, at: string) => ({
    method: 'POST',
    url: new URL(url),
    headers: new Headers(headers),
    body: new TextEncoder().encode(body),
    receivedAt: Date.parse(at),
  });

  test('are refused without a signed time, however well they are signed', async () => {
    // Computed with an independent HMAC over the body and the header's text.
    const headers = {
      'klaviyo-timestamp': '2026-07-16T10:00:00',
      'klaviyo-signature': '099a929ed8f005ab204bb69815adc4cb385f26fce049fe233a4c6f1cce7f12fb',
    };
    const delivery = deliver('{"data":{"type":"event"}}', headers, '2026-07-16T10:00:00Z');
    const verdict = await verify(delivery, [new Secret('supersecretkey_1234567890')]);
    expect(verdict).toEqual({ ok: false, reason: 'timestamp_invalid' });
  });

  test('carry many events, each with an id of its own', async () => {
    const at = new Date('2026-07-16T10:00:00Z');
    const data = ['a', 'b'].map((id) => ({ external_id: id, topic: 'event:klaviyo.sent_sms', payload: { id } }));
    const body = JSON.stringify({ data, meta: { klaviyo_account_id: 'AbC123', timestamp: at.toISOString() } });
    const delivery = deliver(body, await sign({ body, url, at }, 'a-secret-of-16-or-more'), at.toISOString());
    expect(await verify(delivery, [new Secret('a-secret-of-16-or-more')])).toMatchObject({ ok: true });
    expect(parse(delivery)).toEqual([
      { type: 'event:klaviyo.sent_sms', id: 'a', accountId: 'AbC123', occurredAt: at, data: { id: 'a' } },
      { type: 'event:klaviyo.sent_sms', id: 'b', accountId: 'AbC123', occurredAt: at, data: { id: 'b' } },
    ]);
  });
});
