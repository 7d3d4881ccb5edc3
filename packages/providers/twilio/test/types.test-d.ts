/** What callers get is typed down to the members, pages and their items included. */
import type { ClientOf } from '@plugboard/core';

import type { twilio } from '../src/index.ts';

type Client = ClientOf<typeof twilio.definition>;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const expectType = <Actual, Expected>(_same: Equal<Actual, Expected>): void => undefined;

export async function use(client: Client): Promise<void> {
  const sent = await client.messages.send({ to: '+15558675310', from: '+15005550006', body: 'Hello' });
  expectType<typeof sent.status, string>(true);
  expectType<typeof sent.error_code, number | null | undefined>(true);
  for await (const message of client.messages.list({ sentAfter: new Date() })) {
    expectType<typeof message.sid, string>(true);
  }
  const { valid } = await client.codes.check({ serviceSid: 'VA', code: '123456', to: '+15558675310' });
  expectType<typeof valid, boolean>(true);
  const account = await client.accounts.get({ accountSid: 'AC' });
  expectType<typeof account.friendly_name, string>(true);
  expectType<typeof account.auth_token, unknown>(true);
  // @ts-expect-error Only channels that the vendor has.
  await client.codes.start({ serviceSid: 'VA', to: '+15558675310', channel: 'pigeon' });
}
