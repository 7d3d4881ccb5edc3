/** Google Ads: spend and campaigns, conversions and audiences. */
import { collect, defineProvider, isPlugboardError } from '@plugboard/core';
import type { AdSpendQuery, AdSpendRow, Api, Choice } from '@plugboard/core';
import { exampleKeyFile, googleHosts, googleOAuth, googleServiceAccount } from '@plugboard/google';

import { conversions, dataManager } from './data-manager.ts';
import { emulator } from './emulator.ts';
import { classify, errorExamples } from './errors.ts';
import { campaigns, clickConversions, conversionActions, customers, reports } from './operations.ts';
import { adwords, datamanager, findCustomer, held, keyFields, loginOf, settings, sign } from './schemas.ts';

const asked = {
  [adwords]: 'Read campaigns, their cost and their results.',
  [datamanager]: 'Send conversions and customer lists.',
};

export const googleAds = defineProvider({
  id: 'google-ads',
  name: 'Google Ads',
  category: 'advertising',
  summary: 'Read ad spend and campaign results, and send conversions and customer lists.',
  docs: {
    home: 'https://ads.google.com',
    keys: 'https://console.cloud.google.com/apis/credentials',
    reference: 'https://developers.google.com/google-ads/api/rest/reference/rest/v25',
    checked: '2026-11-20',
  },
  hosts: ['googleads.googleapis.com', 'datamanager.googleapis.com', ...googleHosts],

  app: {
    clientId: { title: 'OAuth client id', env: 'GOOGLE_ADS_CLIENT_ID', help: 'Ends with .apps.googleusercontent.com.' },
    clientSecret: { title: 'OAuth client secret', env: 'GOOGLE_ADS_CLIENT_SECRET', secret: true },
    developerToken: {
      title: 'Developer token',
      env: 'GOOGLE_ADS_DEVELOPER_TOKEN',
      secret: true,
      help: 'Ended on 9 September 2026: the access level belongs to the Cloud project now. Leave it out.',
      set: 'developerToken',
      optional: true,
    },
  },

  auth: {
    oauth: googleOAuth({ ask: asked, sign }),
    // A user of the Ads account like any other: https://developers.google.com/google-ads/api/docs/oauth/service-accounts (2026-11-20)
    serviceAccount: googleServiceAccount({
      credentials: keyFields,
      env: {
        keyFile: 'GOOGLE_SERVICE_ACCOUNT_JSON',
        customerId: 'GOOGLE_ADS_CUSTOMER_ID',
        loginCustomerId: 'GOOGLE_ADS_LOGIN_CUSTOMER_ID',
      },
      scopes: Object.keys(asked),
      sign,
      example: { keyFile: exampleKeyFile, customerId: '1234567890' },
    }),
  },

  api: {
    baseUrl: 'https://googleads.googleapis.com/{version}',
    // Lives about a year: https://developers.google.com/google-ads/api/docs/sunset-dates (2026-11-20)
    version: 'v25',
    errors: { classify, examples: errorExamples },
    requestId: 'request-id',
  },

  async account(api) {
    const named = api.credentials(held).customerId;
    if (named !== undefined) {
      const { id, descriptiveName, currencyCode, timeZone } = await api.call(customers.get, { customerId: named });
      const metadata = { currency: currencyCode ?? null, timezone: timeZone ?? null };
      return { kind: 'known', account: { id, name: descriptiveName || id }, metadata };
    }
    // Unticked on the consent page; what was granted is kept, and the connection says what is missing.
    if (api.scopes?.includes(adwords) === false) return { kind: 'choose', choices: [] };
    const choices = (await findAccounts(api)).filter(({ isManager }) => !isManager);
    const managers = choices.flatMap(({ id, managerId }) =>
      managerId === undefined ? [] : [[id, managerId] as const],
    );
    return {
      kind: 'choose',
      choices: choices.map(({ id, name }) => ({ id, name })),
      metadata: { managers: Object.fromEntries(managers) },
    };
  },

  async healthCheck(api) {
    const { ids } = await api.call(customers.listAccessible, {});
    const customer = findCustomer(api);
    if (customer === undefined) {
      const reason = ids.length === 0 ? 'no_ads_account' : 'account_unknown';
      return { status: 'degraded', reason, detail: `Accounts that are reached without a manager: ${ids.length}.` };
    }
    // The list names only what is reached without a manager, or through one that was shared itself.
    if (!ids.includes(loginOf(api, customer) ?? customer)) await api.call(customers.get, { customerId: customer });
    return { status: 'healthy' };
  },

  settings: {
    schema: settings,
    choices: {
      customerId: async (api) => (await findAccounts(api)).filter(({ isManager }) => !isManager).map(choiceOf),
      loginCustomerId: async (api) => (await findAccounts(api)).filter(({ isManager }) => isManager).map(choiceOf),
      conversionActionId: (api) =>
        collect(api.pages(conversionActions.list, {}), ({ items }) =>
          items
            .filter(({ status }) => status === 'ENABLED')
            .map(({ id, name, type }) => ({ value: id, label: `${name} (${type})` })),
        ),
    },
    scopes: {
      customerId: [adwords],
      loginCustomerId: [adwords],
      conversionTracking: [datamanager],
      conversionActionId: [datamanager],
      conversionActions: [datamanager],
    },
  },

  flags: { conversions: { description: 'Send conversions to Google Ads.', default: true, requiresConnection: true } },

  operations: { customers, campaigns, conversionActions, reports, clickConversions, dataManager },
  capabilities: { adSpend: (api) => (query) => readSpend(api, query), conversions },
  emulator,
});

interface FoundAccount {
  readonly id: string;
  readonly name: string;
  readonly isManager: boolean;
  /** Set where the account is not reached without it. */
  readonly managerId?: string;
}

/** More would fill a connection's metadata, and no one picks from a longer list. */
const mostAccounts = 1000;
const atOnce = 8;

/** Every account that the credential reaches: its own, then those below its managers. */
async function findAccounts(api: Api): Promise<readonly FoundAccount[]> {
  const { ids } = await api.call(customers.listAccessible, {});
  const found = new Map<string, FoundAccount>();
  for (let start = 0; start < ids.length; start += atOnce) {
    const own = await Promise.all(ids.slice(start, start + atOnce).map((id) => describeAccount(api, id)));
    for (const account of own) if (account !== undefined) found.set(account.id, account);
  }
  for (const { id: managerId } of [...found.values()].filter(({ isManager }) => isManager)) {
    for await (const { items } of api.pages(customers.clients, { customerId: managerId })) {
      for (const { id, descriptiveName, manager, status } of items) {
        if (found.has(id) || found.size >= mostAccounts || (status ?? 'ENABLED') !== 'ENABLED') continue;
        found.set(id, { id, name: descriptiveName || id, isManager: manager === true, managerId });
      }
    }
  }
  return [...found.values()];
}

/** Undefined for an account that was closed or never set up: it is listed, and refuses to be read. */
async function describeAccount(api: Api, id: string): Promise<FoundAccount | undefined> {
  try {
    const { descriptiveName, manager } = await api.call(customers.get, { customerId: id });
    return { id, name: descriptiveName || id, isManager: manager === true };
  } catch (error) {
    if (!isPlugboardError(error) || error.status === undefined) throw error;
    if (error.kind !== 'permission' && error.kind !== 'not_found') throw error;
    return undefined;
  }
}

const choiceOf = ({ id, name }: FoundAccount): Choice => ({ value: id, label: name });

const dayMs = 86_400_000;
/** Days of one request: some months of a large account would not fit into memory. */
const daysAtOnce = 31;

async function* readSpend(api: Api, { since, until }: AdSpendQuery): AsyncGenerator<AdSpendRow> {
  for (const window of windowsOf(since, until)) {
    const { items } = await api.call(reports.spend, window);
    for (const { customer, campaign, segments, metrics } of items) {
      yield {
        date: segments.date,
        campaignId: campaign.id,
        campaignName: campaign.name,
        spend: metrics.cost,
        currency: customer.currencyCode,
        impressions: metrics.impressions,
        clicks: metrics.clicks,
        conversions: metrics.conversions ?? null,
        conversionValue: metrics.conversionsValue ?? null,
      };
    }
  }
}

/** Dates that are none, or the wrong way round, pass through to the schema of the report, which refuses them. */
export function windowsOf(since: string, until: string): AdSpendQuery[] {
  const [first, last] = [Date.parse(since), Date.parse(until)];
  const count = Math.ceil((last - first + dayMs) / (daysAtOnce * dayMs));
  if (!(count > 1)) return [{ since, until }];
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return Array.from({ length: count }, (_, index) => {
    const start = first + index * daysAtOnce * dayMs;
    return { since: day(start), until: day(Math.min(start + (daysAtOnce - 1) * dayMs, last)) };
  });
}
