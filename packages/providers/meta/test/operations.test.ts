import { describe, expect, test } from 'vitest';

import { createRig, market, organizationId, pasted } from './support/rig.ts';

async function connected() {
  const rig = createRig();
  await rig.paste(pasted);
  return rig;
}

async function readAll<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

const row = {
  date_start: '2026-11-01',
  date_stop: '2026-11-01',
  campaign_id: '1203',
  campaign_name: 'Autumn',
  account_currency: 'EUR',
  spend: '10.50',
  impressions: '100',
  clicks: '7',
};
const token = 'EAATESTTOKEN';
const next = (after: string) => `https://graph.facebook.com/v26.0/1/insights?access_token=${token}&after=${after}`;

describe('insights', () => {
  test('writes lists as words and objects as JSON', async () => {
    const { client, sent } = await connected();
    await client().insights.list({
      fields: ['spend', 'date_start'],
      level: 'ad',
      timeRange: { since: '2026-11-01', until: '2026-11-02' },
      timeIncrement: 1,
      breakdowns: ['age', 'gender'],
      filtering: [{ field: 'campaign.id', operator: 'IN', value: ['1'] }],
      actionAttributionWindows: ['1d_click', '7d_click'],
    });
    expect(sent[0]!.url.pathname).toBe(`/v26.0/${market.id}/insights`);
    expect(Object.fromEntries(sent[0]!.url.searchParams)).toEqual({
      limit: '500',
      fields: 'spend,date_start',
      level: 'ad',
      time_range: '{"since":"2026-11-01","until":"2026-11-02"}',
      time_increment: '1',
      breakdowns: 'age,gender',
      filtering: '[{"field":"campaign.id","operator":"IN","value":["1"]}]',
      action_attribution_windows: '1d_click,7d_click',
    });
  });

  test.each([
    { timeRange: { since: '2026-11-02', until: '2026-11-01' } },
    { timeRange: { since: '2026-11-01', until: '2026-11-02' }, datePreset: 'yesterday' },
    { fields: ['spend&access_token=x'] },
    { adAccountId: '1102330001' },
    { adAccountId: 'act_1/../me' },
  ])('refuses %j before it is sent', async (input) => {
    const { client, sent } = await connected();
    await expect(client().insights.list(input)).rejects.toMatchObject({ code: 'invalid_input' });
    expect(sent).toEqual([]);
  });

  test('goes on by the cursor, never by the address, which holds a token', async () => {
    const { client, sent, answer } = await connected();
    const pages = [
      { data: [row], paging: { cursors: { after: 'two' }, next: next('other') } },
      // Some edges name no cursors: then the address is read, not followed.
      { data: [row], paging: { next: next('three') } },
      { data: [row], paging: { cursors: { after: 'four' } } },
    ];
    answer(() => Response.json(pages[sent.length - 1]));
    const first = await client().insights.list({});
    expect(JSON.stringify(first)).not.toContain(token);
    sent.length = 0;
    expect(await readAll(client().insights.list({}))).toHaveLength(3);
    expect(sent.map(({ url }) => url.searchParams.get('after'))).toEqual([null, 'two', 'three']);
    expect(sent.some(({ url }) => url.searchParams.has('access_token'))).toBe(false);
  });

  test('takes the ad account of the call, the settings, the connection, in this order', async () => {
    const rig = createRig();
    await rig.connect();
    await rig.choose();
    await rig.client().campaigns.list();
    await rig.board.settings.update('meta', { organizationId, settings: { adAccountId: 'act_2' } });
    await rig.client().campaigns.list();
    await rig.client().campaigns.list({ adAccountId: 'act_3' });
    const accounts = rig.sent.map(({ url }) => url.pathname.split('/')[2]);
    expect(accounts).toEqual([market.id, 'act_2', 'act_3']);
  });
});

describe('reports', () => {
  test('are started, waited for, and read', async () => {
    const { client, clock, sent } = await connected();
    const rows = readAll(client().reports.run({ level: 'campaign' }));
    await clock.untilPending(1);
    await clock.advance(1000);
    const [first] = await rows;
    expect(first).toMatchObject({ campaignId: '120330000000000001', spend: '110.25' });
    expect(sent.map(({ method, url }) => `${method} ${url.pathname}`).slice(0, 4)).toEqual([
      `POST /v26.0/${market.id}/insights`,
      'GET /v26.0/60447755000001',
      'GET /v26.0/60447755000001',
      'GET /v26.0/60447755000001/insights',
    ]);
    expect(sent[0]!.form.get('level')).toBe('campaign');
  });

  test.each([
    ['Job Failed', { code: 'report_failed', retryable: true }],
    ['Job Skipped', { code: 'report_skipped', retryable: false }],
  ])('%s is an error', async (status, error) => {
    const { client, answer } = await connected();
    answer(({ method }) => (method === 'GET' ? Response.json({ async_status: status }) : undefined));
    await expect(readAll(client().reports.run({}))).rejects.toMatchObject(error);
  });

  test('are given up after the time allowed, and asked about less and less often', async () => {
    const { client, answer, clock, sent } = await connected();
    const running = { async_status: 'Job Completed', async_percent_completion: 99 };
    answer(({ method }) => (method === 'GET' ? Response.json(running) : undefined));
    const rows = readAll(client().reports.run({}, { deadlineMs: 60_000 }));
    const outcome = expect(rows).rejects.toMatchObject({ code: 'report_late', kind: 'timeout' });
    for (let wait = 0; wait < 5; wait++) {
      await clock.untilPending(1);
      await clock.advance(2 ** wait * 1000);
    }
    await outcome;
    expect(sent.filter(({ method }) => method === 'GET')).toHaveLength(6);
  });
});

describe('ad spend', () => {
  const values = {
    date: '2026-11-01',
    campaignId: '1203',
    campaignName: 'Autumn',
    spend: 10.5,
    currency: 'EUR',
    impressions: 100,
    clicks: 7,
  };

  test('is read at once for a month, with numbers, purchases and their value', async () => {
    const { client, sent, answer } = await connected();
    const actions = [
      { action_type: 'link_click', value: '9' },
      { action_type: 'purchase', value: '2' },
    ];
    const everywhere = { action_type: 'omni_purchase', value: '3' };
    const data = [row, { ...row, actions, action_values: [...actions, everywhere] }];
    answer(() => Response.json({ data }));
    const rows = await readAll(client().adSpend({ since: '2026-10-01', until: '2026-10-31' }));
    expect(rows).toEqual([
      { ...values, conversions: 0, conversionValue: 0 },
      { ...values, conversions: 2, conversionValue: 3 },
    ]);
    expect(sent.map(({ method }) => method)).toEqual(['GET']);
    const { searchParams } = sent[0]!.url;
    expect(searchParams.get('time_range')).toBe('{"since":"2026-10-01","until":"2026-10-31"}');
    expect([searchParams.get('time_increment'), searchParams.get('level')]).toEqual(['1', 'campaign']);
  });

  test('is read as a report for more', async () => {
    const { client, sent, clock } = await connected();
    const rows = readAll(client().adSpend({ since: '2026-10-01', until: '2026-11-01' }));
    await clock.untilPending(1);
    await clock.advance(1000);
    expect((await rows)[0]).toMatchObject({ spend: 110.25, conversions: 4, conversionValue: 312.5 });
    expect(sent[0]!.method).toBe('POST');
  });

  test('a row without its campaign is no row', async () => {
    const { client, answer } = await connected();
    answer(() => Response.json({ data: [{ ...row, campaign_id: undefined }] }));
    const rows = readAll(client().adSpend({ since: '2026-11-01', until: '2026-11-01' }));
    await expect(rows).rejects.toMatchObject({ kind: 'invalid_response' });
  });
});

describe('settings', () => {
  test('offer the ad accounts and pixels of the vendor', async () => {
    const { board } = await connected();
    const choices = (field: 'adAccountId' | 'pixelId') => board.settings.choices('meta', { organizationId, field });
    expect((await choices('adAccountId'))[0]).toEqual({ value: market.id, label: market.name });
    expect((await choices('pixelId'))[0]).toEqual({ value: '567890123456789', label: 'Shop' });
  });

  test('hold on to what they accept', async () => {
    const { board } = await connected();
    const update = (settings: object) => board.settings.update('meta', { organizationId, settings });
    for (const wrong of [{ adAccountId: '1' }, { pixelId: 'x' }, { testEventCode: 'a b' }, { unknown: 1 }]) {
      await expect(update(wrong)).rejects.toMatchObject({ code: 'invalid_input' });
    }
    expect((await update({ pixelId: '42' })).settings).toEqual({ pixelId: '42', conversions: true });
  });
});
