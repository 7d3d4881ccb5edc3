/** What callers get is typed down to the members, through the helpers of JSON:API. */
import type { ClientOf } from '@plugboard/core';

import type { klaviyo } from '../src/index.ts';

type Client = ClientOf<typeof klaviyo.definition>;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const expectType = <Actual, Expected>(_same: Equal<Actual, Expected>): void => undefined;

export async function use(client: Client): Promise<void> {
  const profile = await client.profiles.get({ id: 'p1' });
  expectType<typeof profile.id, string>(true);
  expectType<typeof profile.firstName, string | null | undefined>(true);
  for await (const list of client.lists.list()) {
    expectType<typeof list.id, string>(true);
    expectType<typeof list.name, string | null | undefined>(true);
  }
  const { timezone } = await client.accounts.get();
  expectType<typeof timezone, string | null | undefined>(true);
}
