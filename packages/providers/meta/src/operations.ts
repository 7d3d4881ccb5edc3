/** What the client offers besides conversions: accounts, reports, campaigns, pixels, pages and leads. */
import { checkAnswer, endpoint, PlugboardError, stream } from '@plugboard/core';
import type { AdSpendCapability, AdSpendQuery, AdSpendRow, Api, CallOptions } from '@plugboard/core';
import { given, like, z } from '@plugboard/core/fields';

import { adAccountId, adAccountOf, edge, facts, idLike, insight, insightsInput } from './schemas.ts';
import { insightsQuery, pageInput, shaped, shownAccount } from './schemas.ts';

const market = {
  account_id: '1102330001',
  name: "Jasper's Market",
  account_status: 1,
  currency: 'USD',
  timezone_name: 'America/Los_Angeles',
};
const boutique = { ...market, id: 'act_1102330002', account_id: '1102330002', name: "Jasper's Boutique" };
const adAccount = like({ id: shownAccount }, market);
const adAccountFields = 'id,account_id,name,account_status,currency,timezone_name,business';

export const me = {
  get: endpoint('GET /me', {
    summary: 'Reads who the token belongs to.',
    ...facts('graph-api/overview', 'platform'),
    input: given({}),
    encode: () => ({ query: { fields: 'id,name' } }),
    output: shaped(like({ id: '122100000000000001' }, { name: 'Jasper Marketer' })),
  }),
};

export const adAccounts = {
  list: endpoint('GET /me/adaccounts', {
    summary: 'Lists the ad accounts that the token reaches.',
    // ads_read or ads_management: either will do, so that the vendor judges.
    ...facts('marketing-api/reference/ad-account', 'ads'),
    input: given({}, pageInput),
    encode: ({ limit = 100, after }) => ({ query: { fields: adAccountFields, limit, after } }),
    ...edge(adAccount, [{ id: shownAccount, ...market }, boutique]),
  }),
  get: endpoint('GET /{adAccountId}', {
    summary: 'Reads one ad account.',
    ...facts('marketing-api/reference/ad-account', 'ads'),
    input: given({ adAccountId }),
    encode: () => ({ query: { fields: adAccountFields } }),
    output: shaped(adAccount),
  }),
};

export const insights = {
  list: endpoint('GET /{adAccountId}/insights', {
    summary: 'Reads spend and results, at once.',
    ...facts('marketing-api/insights', 'insights', 'ads_read'),
    input: insightsInput,
    encode: (input, api) => {
      const { path, params } = insightsQuery(input, api);
      return { path, query: { limit: 500, ...params } };
    },
    ...edge(insight),
  }),
};

const reportPage = 'marketing-api/insights/best-practices';
const shownReport = '6044775548468';
const reportRunId = idLike(shownReport);

const startReport = endpoint('POST /{adAccountId}/insights', {
  summary: 'Starts a report that is too large to be read at once.',
  ...facts(reportPage, 'insights', 'ads_read'),
  input: insightsInput,
  encode: (input, api) => {
    const { path, params } = insightsQuery(input, api);
    return { path, form: params };
  },
  output: shaped(like({ report_run_id: shownReport })),
});
const getReport = endpoint('GET /{reportRunId}', {
  summary: 'Reads how far a report is.',
  ...facts(reportPage, 'insights', 'ads_read'),
  input: given({ reportRunId }),
  encode: () => ({ query: { fields: 'id,async_status,async_percent_completion' } }),
  output: shaped(like({ async_status: 'Job Completed' }, { id: shownReport, async_percent_completion: 100 })),
});
const listRows = endpoint('GET /{reportRunId}/insights', {
  summary: 'Reads the rows of a finished report.',
  ...facts(reportPage, 'insights', 'ads_read'),
  input: given({ reportRunId }, pageInput),
  encode: ({ limit = 500, after }) => ({ query: { limit, after } }),
  ...edge(insight),
});

const longestReportMs = 30 * 60_000;

/** Rows of a report from its start to its end; `deadlineMs` bounds the wait for the vendor, default half an hour. */
async function* runReport(api: Api, input: z.input<typeof insightsInput>, options: CallOptions) {
  const { deadlineMs = longestReportMs, ...each } = options;
  const report = await api.call(startReport, input, each);
  const started = api.clock.monotonic();
  for (let waitMs = 1000; !(await isFinished(api, report, each)); waitMs = Math.min(waitMs * 2, 30_000)) {
    if (api.clock.monotonic() - started + waitMs > deadlineMs) throw reportError('timeout', 'report_late', true);
    await api.clock.sleep(waitMs, options.signal);
  }
  for await (const { items } of api.pages(listRows, report, each)) yield* items;
}

/** The texts of the states: https://github.com/airbytehq/airbyte source-facebook-marketing (2026-11-20). */
async function isFinished(api: Api, report: { reportRunId: string }, options: CallOptions): Promise<boolean> {
  const { asyncStatus, asyncPercentCompletion } = await api.call(getReport, report, options);
  if (asyncStatus === 'Job Failed') throw reportError('unavailable', 'report_failed', true);
  if (asyncStatus === 'Job Skipped') throw reportError('unavailable', 'report_skipped', false);
  return asyncStatus === 'Job Completed' && (asyncPercentCompletion ?? 100) >= 100;
}

function reportError(kind: 'timeout' | 'unavailable', code: string, retryable: boolean): PlugboardError {
  const words = { message: 'The report did not come to its end.', hint: 'Ask for fewer days or fields.' };
  return new PlugboardError({ kind, code, retryable, ...words, provider: 'meta' });
}

export const reports = {
  start: startReport,
  get: getReport,
  rows: listRows,
  run: stream({
    summary: 'Runs a report and reads its rows once it is finished.',
    docs: startReport.docs ?? '',
    input: insightsInput,
    scopes: ['ads_read'],
    run: (api, input, options) => runReport(api, input, options),
  }),
};

const longestAtOnceMs = 31 * 86_400_000;

const spendRow = z.looseObject({
  dateStart: z.string(),
  campaignId: z.string(),
  campaignName: z.string(),
  accountCurrency: z.string(),
  spend: z.coerce.number(),
  impressions: z.coerce.number(),
  clicks: z.coerce.number(),
});

/** A month is read at once; what is longer, as a report. */
export const adSpend = (api: Api): AdSpendCapability =>
  async function* (query: AdSpendQuery): AsyncGenerator<AdSpendRow> {
    const input = {
      level: 'campaign',
      timeRange: { since: query.since, until: query.until },
      timeIncrement: 1,
    } as const;
    const long = Date.parse(query.until) - Date.parse(query.since) >= longestAtOnceMs;
    for await (const row of long ? runReport(api, input, {}) : readAtOnce(api, input)) {
      const { dateStart, campaignId, campaignName, spend, accountCurrency, impressions, clicks } = checkAnswer(
        spendRow,
        row,
        'The row of a report',
      );
      const results = { conversions: purchases(row.actions), conversionValue: purchases(row.actionValues) };
      yield {
        date: dateStart,
        campaignId,
        campaignName,
        spend,
        currency: accountCurrency,
        impressions,
        clicks,
        ...results,
      };
    }
  };

async function* readAtOnce(api: Api, input: z.input<typeof insightsInput>) {
  for await (const { items } of api.pages(insights.list, input)) yield* items;
}

/** Of all channels where the vendor adds them up, else of the website. Actions that nobody took are left out. */
function purchases(actions: z.output<typeof insight>['actions']): number {
  const all = ['omni_purchase', 'purchase'].map((type) => actions?.find(({ action_type }) => action_type === type));
  return Number(all.find((action) => action !== undefined)?.value ?? 0);
}

const campaign = like(
  { id: '120330000000000001', name: 'Autumn fruit' },
  { status: 'ACTIVE', effective_status: 'ACTIVE', objective: 'OUTCOME_SALES' },
);

export const campaigns = {
  list: endpoint('GET /{adAccountId}/campaigns', {
    summary: 'Lists the campaigns of an ad account.',
    ...facts('marketing-api/reference/ad-account/campaigns', 'ads', 'ads_read'),
    input: given({}, { adAccountId, ...pageInput }),
    encode: ({ adAccountId: account, limit, after }, api) => ({
      path: { adAccountId: adAccountOf(api, account) },
      query: { fields: 'id,name,status,effective_status,objective', limit, after },
    }),
    ...edge(campaign),
  }),
};
