/** What an application writes: its vendors, its database, its key. */
import { randomBytes } from 'node:crypto';

import { PGlite } from '@electric-sql/pglite';
import { createPlugboard, type Log } from '@plugboard/core';
import { googleAds } from '@plugboard/provider-google-ads';
import { klaviyo } from '@plugboard/provider-klaviyo';
import { meta } from '@plugboard/provider-meta';
import { resend } from '@plugboard/provider-resend';
import { slack } from '@plugboard/provider-slack';
import { twilio } from '@plugboard/provider-twilio';
import { migrate, postgresStore } from '@plugboard/storage-postgres';

export const providers = [meta(), googleAds(), klaviyo(), resend(), twilio(), slack()] as const;

export interface BoardOptions {
  /** Where the application is: `http://127.0.0.1:3000`. */
  readonly appUrl: string;
  /** Where the emulated vendors are. */
  readonly sandboxUrl: string;
  readonly log: Log;
}

export async function createBoard({ appUrl, sandboxUrl, log }: BoardOptions) {
  const database = new PGlite();
  await migrate(database);
  const board = createPlugboard({
    url: `${appUrl}/integrations`,
    providers,
    store: postgresStore(database),
    keys: { k1: randomBytes(32) },
    mode: 'development',
    // Nothing of the shell's: a key that lies around there must not send real messages.
    env: {},
    sandbox: { origin: sandboxUrl },
    log,
  });
  await board.ready();
  return { board, close: () => board.stop().then(() => database.close()) };
}

export type Board = Awaited<ReturnType<typeof createBoard>>['board'];
export type ProviderId = (typeof providers)[number]['definition']['id'];
