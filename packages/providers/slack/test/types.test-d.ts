/** What callers get is typed down to the members, pages and their items included. */
import type { ClientOf } from '@plugboard/core';

import type { slack } from '../src/index.ts';

type Client = ClientOf<typeof slack.definition>;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const expectType = <Actual, Expected>(_same: Equal<Actual, Expected>): void => undefined;

export async function use(client: Client): Promise<void> {
  const { ts } = await client.chat.post({ channel: 'C1', text: 'Hello', blocks: [{ type: 'divider' }] });
  expectType<typeof ts, string>(true);
  for await (const channel of client.channels.list({ types: ['public_channel'] })) {
    expectType<typeof channel.id, string>(true);
    expectType<typeof channel.num_members, number | null | undefined>(true);
  }
  for await (const { profile } of client.users.list()) {
    expectType<NonNullable<typeof profile>['email'], string | null | undefined>(true);
  }
  // @ts-expect-error A time is a date, never a number whose unit has to be guessed.
  await client.chat.schedule({ channel: 'C1', text: 'x', postAt: 1_796_115_600 });
}
