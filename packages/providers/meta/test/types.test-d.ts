/** What callers get is typed down to the members, in camelCase and through pages. */
import type { ClientOf } from '@plugboard/core';

import type { meta } from '../src/index.ts';

type Client = ClientOf<typeof meta.definition>;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const expectType = <Actual, Expected>(_same: Equal<Actual, Expected>): void => undefined;

export async function use(client: Client): Promise<void> {
  const account = await client.adAccounts.get({ adAccountId: 'act_1' });
  expectType<typeof account.accountStatus, number | null | undefined>(true);
  for await (const row of client.insights.list({ level: 'campaign', timeIncrement: 'monthly' })) {
    expectType<typeof row.dateStart, string>(true);
    expectType<typeof row.campaignName, string | null | undefined>(true);
    for (const { action_type: type } of row.actions ?? []) expectType<typeof type, string>(true);
  }
  for await (const row of client.reports.run({})) expectType<typeof row.spend, string | null | undefined>(true);
  const lead = await client.leads.get({ leadId: '1' });
  for (const { values } of lead.fieldData) expectType<typeof values, string[]>(true);
  const subscribed = client.pages.subscribe({ pageId: '1' });
  expectType<typeof subscribed, Promise<void>>(true);
  // @ts-expect-error Only levels that the vendor has.
  await client.insights.list({ level: 'planet' });
}
