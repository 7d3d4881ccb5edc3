/** Items of pages are typed, whichever helper reads them. */
import type { ClientOf } from '@plugboard/core';

import type { resend } from '../src/index.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const expectType = <Actual, Expected>(_same: Equal<Actual, Expected>): void => undefined;

export async function use(client: ClientOf<typeof resend.definition>): Promise<void> {
  for await (const email of client.emails.list()) expectType<typeof email.subject, string>(true);
  for await (const domain of client.domains.list()) expectType<typeof domain.status, string>(true);
  const { data } = await client.domains.list();
  expectType<(typeof data)[number]['name'], string>(true);
}
