import { at } from '@plugboard/core';
import { createAnswer } from '@plugboard/core/provider-kit';
import { expect, test } from 'vitest';

import { classify, durationMs } from '../src/errors.ts';
import { windowsOf } from '../src/provider.ts';
import { createRig } from './rig.ts';

test('spend is asked for in one query of checked dates, and micros become units', async () => {
  const { client, connect, sent } = createRig();
  await connect();
  const { items } = await client().reports.spend({ since: '2026-11-01', until: '2026-11-02' });
  expect(sent[0]!.json).toEqual({
    query:
      'SELECT customer.currency_code, campaign.id, campaign.name, segments.date, metrics.cost_micros, metrics.impressions, ' +
      'metrics.clicks, metrics.conversions, metrics.conversions_value FROM campaign ' +
      "WHERE segments.date BETWEEN '2026-11-01' AND '2026-11-02'",
  });
  expect(items[0]?.metrics).toMatchObject({ cost: 1.23, impressions: 10, clicks: 2, conversions: 1 });
});

test.each([
  { since: "2026-11-01' OR campaign.id > 0 --", until: '2026-11-02' },
  { since: '2026-11-01', until: "2026-11-02'" },
  { since: '2026-02-30', until: '2026-03-01' },
  { since: '2026-11-02', until: '2026-11-01' },
  { since: '20261101', until: '20261102' },
])('dates that are none, or the wrong way round, are refused before anything is sent: %o', async (query) => {
  const { client, connect, sent } = createRig();
  await connect();
  await expect(client().reports.spend(query)).rejects.toMatchObject({ code: 'invalid_input' });
  await expect(client().adSpend(query)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'invalid_input' });
  expect(sent).toEqual([]);
});

test('ad spend comes row by row, a month at a time', async () => {
  const { client, connect, sent } = createRig();
  await connect();
  const rows = [];
  for await (const row of client().adSpend({ since: '2026-09-15', until: '2026-11-02' })) rows.push(row);
  expect(sent.map(({ text }) => /BETWEEN (.*)"/.exec(text)?.[1])).toEqual([
    "'2026-09-15' AND '2026-10-15'",
    "'2026-10-16' AND '2026-11-02'",
  ]);
  expect(rows).toHaveLength(2);
  expect(rows[0]).toEqual({
    date: '2026-11-01',
    campaignId: '11122233344',
    campaignName: 'Brand',
    spend: 1.23,
    currency: 'USD',
    impressions: 10,
    clicks: 2,
    conversions: 1,
    conversionValue: 9.9,
  });
});

test('windows cover every day once', () => {
  for (const [since, until, count] of [
    ['2026-01-01', '2026-01-01', 1],
    ['2026-01-01', '2026-01-31', 1],
    ['2026-01-01', '2026-02-01', 2],
    ['2024-02-28', '2026-11-20', 33],
  ] as const) {
    const windows = windowsOf(since, until);
    expect([windows[0]?.since, windows.at(-1)?.until, windows.length]).toEqual([since, until, count]);
    const days = windows.map((window) => (Date.parse(window.until) - Date.parse(window.since)) / 86_400_000 + 1);
    expect(Math.max(...days)).toBeLessThanOrEqual(31);
    expect(days.reduce((sum, length) => sum + length)).toBe((Date.parse(until) - Date.parse(since)) / 86_400_000 + 1);
    for (const [index, window] of windows.slice(1).entries())
      expect(Date.parse(window.since) - Date.parse(windows[index]!.until)).toBe(86_400_000);
  }
});

test('no rows are no failure: an empty stream, and a chunk without results', async () => {
  const { client, connect, answer } = createRig();
  await connect();
  for (const body of [[], [{ fieldMask: 'campaign.id', requestId: 'r' }]]) {
    answer(() => Response.json(body));
    expect(await client().reports.spend({ since: '2026-11-01', until: '2026-11-02' })).toEqual({ items: [] });
  }
  answer(() => Response.json({ fieldMask: 'campaign.id' }));
  expect(await client().campaigns.list({})).toEqual({ items: [] });
});

test('pages go on by token, with the same query and without a page size', async () => {
  const { client, connect, sent } = createRig();
  await connect();
  const names = [];
  for await (const action of client().conversionActions.list({ customerId: '1234567890' }))
    names.push(at(action, 'name'));
  expect(names).toEqual(['Purchase', 'Purchase']);
  const bodies = sent.map(({ text }) => JSON.parse(text) as Record<string, string>);
  expect(bodies.map((body) => Object.keys(body))).toEqual([['query'], ['query', 'pageToken']]);
  expect(new Set(bodies.map(({ query }) => query)).size).toBe(1);
  expect(new Set(sent.map(({ url }) => url.pathname)).size).toBe(1);
});

test('each query of one path has its own answer from the emulator', async () => {
  const { client, connect, vendor } = createRig();
  await connect();
  expect((await client().campaigns.list({})).items[0]).toMatchObject({ advertisingChannelType: 'SEARCH' });
  expect((await client().conversionActions.list({})).items[0]).toMatchObject({ type: 'UPLOAD_CLICKS' });
  expect((await client().customers.get({})).currencyCode).toBe('USD');
  expect((await client().customers.clients({ customerId: '9876543210' })).items.map(({ id }) => id)).toContain(
    '5551234567',
  );
  expect(vendor.requests.slice(-4).map(({ operation }) => operation)).toEqual([
    'campaigns.list',
    'conversionActions.list',
    'customers.get',
    'customers.clients',
  ]);
});

test.each([
  [{}, 'v25'],
  [{ apiVersion: 'v26' }, 'v26'],
])('with the options %o the Ads API is called in version %s', async (options, version) => {
  const { client, connect, sent } = createRig(options);
  await connect();
  await client().customers.listAccessible({});
  expect(sent[0]?.url.href).toBe(`https://googleads.googleapis.com/${version}/customers:listAccessibleCustomers`);
});

test('durations of protobuf JSON are read, and nothing else', () => {
  expect(['30s', '1.5s', '0.0001s', '30', '-1s', '', undefined].map(durationMs)).toEqual([
    30_000,
    1500,
    1,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('a refusal that no table knows keeps the vendor’s own code', () => {
  const body = [
    {
      error: {
        code: 400,
        details: [{ errors: [{ errorCode: { queryError: 'BAD_FIELD_NAME' }, message: 'Bad field.' }] }],
      },
    },
  ];
  const answer = createAnswer({ status: 400, headers: new Headers() }, new TextEncoder().encode(JSON.stringify(body)));
  expect(classify(answer)).toMatchObject({
    kind: 'invalid_request',
    vendor: { code: 'BAD_FIELD_NAME', message: 'Bad field.' },
  });
});
