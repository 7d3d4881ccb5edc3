import { createHash } from 'node:crypto';

import { at, text, type Conversion, type Json } from '@plugboard/core';
import { describe, expect, test } from 'vitest';

import { problemOf, toEvent, toWire } from '../src/events.ts';
import { hashAll } from '../src/schemas.ts';
import { createRig, organizationId, pasted, refusal } from './support/rig.ts';

const sha = (text: string) => createHash('sha256').update(text).digest('hex');

describe('hashing', () => {
  // The vendor's published hashes, and the phone numbers of its parameter builder's tests.
  test.each([
    ['email', ' Test@Example.com ', '973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b'],
    ['phone', '+1 (650) 555-1234', '6069d14bf122fdfd931dc7beb58e5dfbba395b1faf05bdcd42d12358d63d8599'],
    ['lastName', 'Smith.', '6627835f988e2c5e50533d491163072d3f4f41f5c8b04630150debb3722ca2dd'],
    ['firstName', ' MARY ', '6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec'],
    ['gender', 'Female', '252f10c83610ebca1a059c0bae8255eba2f95be4d1d7bcfa89d7248a82d9f111'],
    ['zip', '94035-1234', '1794327a4d443904421f5ca1f3d72d0a62ba2f0770d80755ec2220fc0efb052e'],
    ['country', 'US', '79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621'],
    ['phone', '+1 (616) 954-78 88', sha('16169547888')],
    ['phone', '01(650)123-4567', sha('16501234567')],
    ['phone', '0044 20 7946 0000', sha('442079460000')],
    ['city', 'San Francisco', sha('sanfrancisco')],
    ['city', 'Zürich', sha('zürich')],
    ['state', ' C.A. ', sha('ca')],
    ['zip', 'SW1A 1AA', sha('sw1a1aa')],
    ['zip', '1234-567', sha('1234-567')],
    ['birthday', '1990-02-28', sha('19900228')],
    ['firstName', "Anne-Marie O'Neil", sha('annemarie oneil')],
    ['externalId', ' User-1 ', sha('User-1')],
  ] as const)('%s %j', async (kind, value, expected) => {
    expect(await hashAll(kind, value)).toEqual([expected]);
  });

  test('leaves alone what is a hash already, with or without the mark of the browser helpers', async () => {
    const hashed = sha('test@example.com');
    expect(await hashAll('email', [hashed, hashed.toUpperCase(), 'test@example.com', `${hashed}.AQYBAQE`])).toEqual([
      hashed,
      `${hashed}.AQYBAQE`,
    ]);
  });

  test.each([
    ['phone', 'none'],
    ['gender', 'x'],
    ['birthday', '1990'],
    ['email', '  '],
  ] as const)('sends nothing for %s %j', async (kind, value) => {
    expect(await hashAll(kind, value)).toEqual([]);
  });
});

const now = Date.UTC(2026, 10, 20) / 1000;
const day = 86_400;
const person = { email: 'test@example.com', clientUserAgent: 'Mozilla/5.0' };
const store = { eventName: 'Purchase', actionSource: 'physical_store', userData: person } as const;
const web = { ...store, actionSource: 'website', eventSourceUrl: 'https://www.example.com/thanks' } as const;

describe('an event', () => {
  test('travels with hashes, plain technical values and its own names', async () => {
    const sent = await toWire(
      {
        ...web,
        eventId: 'e1',
        userData: { ...person, phone: ['+16505551234'], externalId: 'u1', fbp: 'fb.1.1.2', gender: 'x' },
        customData: { value: 12.5, contentIds: ['a'], contents: [{ id: 'a', itemPrice: 12.5 }], orderId: '1' },
        dataProcessingOptionsCountry: 1,
      },
      now + 0.7,
    );
    expect(sent).toEqual({
      event_name: 'Purchase',
      event_time: now,
      event_id: 'e1',
      action_source: 'website',
      event_source_url: web.eventSourceUrl,
      data_processing_options_country: 1,
      user_data: {
        em: [sha('test@example.com')],
        ph: [sha('16505551234')],
        external_id: [sha('u1')],
        client_user_agent: 'Mozilla/5.0',
        fbp: 'fb.1.1.2',
      },
      custom_data: { value: 12.5, content_ids: ['a'], contents: [{ id: 'a', item_price: 12.5 }], order_id: '1' },
    });
  });

  test.each([
    [{ ...web, eventTime: now - 7 * day }, undefined],
    [{ ...web, eventTime: now - 7 * day - 1 }, 'eventTime is more than 7 days ago'],
    [{ ...store, eventTime: now - 62 * day }, undefined],
    [{ ...store, eventTime: now - 62 * day - 1 }, 'eventTime is more than 62 days ago'],
    [{ ...web, eventTime: now * 1000 }, 'eventTime is in the future: it counts seconds'],
    [{ ...web, eventSourceUrl: undefined }, 'a website event needs eventSourceUrl'],
    [{ ...web, userData: { email: 'a@b.c' } }, 'a website event needs userData.clientUserAgent'],
    [web, undefined],
  ])('%j', (event, problem) => {
    expect(problemOf(event, now)).toBe(problem);
  });
});

/** Connected with a pixel in the credentials. */
async function connected() {
  const rig = createRig();
  await rig.paste(pasted);
  return { ...rig, posts: () => rig.sent.filter(({ method }) => method === 'POST') };
}

const many = (count: number) => Array.from({ length: count }, (_, index) => ({ ...web, eventId: `e${index}` }));
const idsOf = (body: Json | undefined) => {
  const data = at(body, 'data');
  return (Array.isArray(data) ? data : []).map((event) => text(at(event, 'event_id')) ?? '');
};

describe('sending', () => {
  test('leaves out what would have the batch refused, and says which it was', async () => {
    const { client, posts } = await connected();
    const events = [web, { ...web, eventTime: 1_600_000_000 }, { ...store, userData: { phone: '-' } }, web];
    expect(await client().events.send({ events })).toEqual({
      accepted: 2,
      rejected: [
        { index: 1, reason: 'eventTime is more than 7 days ago' },
        { index: 2, reason: 'userData says nothing of the person' },
      ],
      requestId: expect.stringMatching(/^trace/) as string,
    });
    expect(posts()).toHaveLength(1);
    expect(posts()[0]!.url.pathname).toBe('/v26.0/567890123456789/events');
    expect(posts()[0]!.text).not.toContain('test@example.com');
  });

  test('sends a thousand at a time', async () => {
    const { client, posts } = await connected();
    const { accepted } = await client().events.send({ events: many(1001) });
    expect(accepted).toBe(1001);
    expect(posts().map(({ json }) => idsOf(json).length)).toEqual([1000, 1]);
  });

  test('isolates the one event that the vendor refuses, and sends all others once', async () => {
    const { client, posts, answer } = await connected();
    const bad = (body: Json | undefined) => idsOf(body).includes('e5');
    answer(({ json }) => (bad(json) ? refusal(100, '(#100) Invalid parameter') : undefined));
    const result = await client().events.send({ events: many(8) });
    expect(result).toMatchObject({ accepted: 7, rejected: [{ index: 5, reason: '(#100) Invalid parameter' }] });
    const accepted = posts().flatMap(({ json }) => (bad(json) ? [] : idsOf(json)));
    expect(accepted.toSorted()).toEqual(['e0', 'e1', 'e2', 'e3', 'e4', 'e6', 'e7']);
    expect(posts()).toHaveLength(7);
  });

  test('gives up looking when everything is refused', async () => {
    const { client, posts, answer } = await connected();
    answer(() => refusal(100));
    const { accepted, rejected } = await client().events.send({ events: many(500) });
    expect(accepted).toBe(0);
    expect(rejected.map(({ index }) => index)).toEqual(many(500).map((_, index) => index));
    expect(posts().length).toBeLessThan(90);
  });

  test('throws while nothing was accepted; afterwards says what was not sent', async () => {
    const { client, posts, answer } = await connected();
    answer(() => refusal(4));
    await expect(client().events.send({ events: many(2) })).rejects.toMatchObject({ code: 'app_throttled' });
    let calls = 0;
    answer(() => (++calls === 1 ? undefined : refusal(10)));
    const before = posts().length;
    const { accepted, rejected } = await client().events.send({ events: many(3000) });
    expect(accepted).toBe(1000);
    expect([rejected[0], rejected.at(-1)]).toEqual([
      { index: 1000, reason: 'permission_denied' },
      { index: 2999, reason: 'not sent: permission_denied' },
    ]);
    expect(posts().length - before).toBe(2);
  });

  test('follows the settings: the pixel, the test code, and whether to send at all', async () => {
    const { board, client, posts } = await connected();
    const settings = { pixelId: '42', testEventCode: 'TEST1' };
    await board.settings.update('meta', { organizationId, settings });
    await client().events.send({ events: [web] });
    await client().events.send({ events: [web], pixelId: '43', testEventCode: 'TEST2' });
    const shown = posts().map(({ url, json }) => [url.pathname, at(json, 'test_event_code')]);
    expect(shown).toEqual([
      ['/v26.0/42/events', 'TEST1'],
      ['/v26.0/43/events', 'TEST2'],
    ]);
    await board.settings.update('meta', { organizationId, settings: { conversions: false } });
    const off = await client().events.send({ events: [web] });
    expect(off).toEqual({
      accepted: 0,
      rejected: [{ index: 0, reason: 'conversions are turned off in the settings' }],
    });
    expect(posts()).toHaveLength(2);
  });

  test('asks for a pixel where nothing names one', async () => {
    const rig = createRig();
    await rig.connect();
    await rig.choose();
    const fields = [{ path: 'pixelId', message: 'is required' }];
    await expect(rig.client().events.send({ events: [web] })).rejects.toMatchObject({ code: 'invalid_input', fields });
    expect(rig.sent).toEqual([]);
  });

  test('plain user data cannot be sent as if it were hashed', async () => {
    const { client, sent } = await connected();
    const lead = { event_name: 'Lead', event_time: now, action_source: 'other' as const, user_data: { em: ['a@b.c'] } };
    await expect(client().events.sendHashed({ data: [lead] })).rejects.toMatchObject({ code: 'invalid_input' });
    expect(sent).toEqual([]);
  });

  test('the double refuses a whole batch for one bad event, as the vendor does', async () => {
    const { client } = await connected();
    const action_source = 'other' as const;
    const good = { event_name: 'Lead', event_time: now, action_source, user_data: { em: [sha('a')] } };
    await expect(client().events.sendHashed({ data: [good, { ...good, user_data: {} }] })).rejects.toMatchObject({
      code: 'invalid_parameter',
    });
  });
});

describe('portable conversions', () => {
  const conversion: Conversion = {
    name: 'sign_up',
    id: 'c1',
    at: new Date(now * 1000),
    value: 5,
    currency: 'EUR',
    person: { email: 'a@b.c', region: 'CA', postalCode: '94035', ip: '203.0.113.7', userAgent: 'Mozilla/5.0' },
    clickIds: { fbclid: 'IwAR2F4', gclid: 'other' },
    sourceUrl: 'https://www.example.com/',
  };

  test('become events of the vendor', () => {
    const event = toEvent(conversion);
    expect(event).toMatchObject({ eventName: 'CompleteRegistration', eventId: 'c1', actionSource: 'website' });
    expect(event).toMatchObject({ eventTime: now, customData: { value: 5, currency: 'EUR' } });
    expect(event.userData).toMatchObject({ state: 'CA', zip: '94035', fbc: `fb.1.${now * 1000}.IwAR2F4` });
  });

  test('keep a cookie that is there, other names and other sources', () => {
    const event = toEvent({ ...conversion, name: 'constructor', clickIds: { fbc: 'fb.1.1.x' }, source: 'phone' });
    expect(event).toMatchObject({
      eventName: 'constructor',
      actionSource: 'phone_call',
      userData: { fbc: 'fb.1.1.x' },
    });
    const { sourceUrl: _none, ...elsewhere } = conversion;
    expect(toEvent(elsewhere).actionSource).toBe('other');
  });

  test('are refused one by one', async () => {
    const { client, posts } = await connected();
    const result = await client().conversions.send([{ ...conversion, currency: 'EURO' }, conversion]);
    expect(result).toMatchObject({ accepted: 1, rejected: [{ index: 0 }] });
    expect(result.rejected[0]!.reason).toContain('customData.currency');
    expect(posts()).toHaveLength(1);
  });
});
