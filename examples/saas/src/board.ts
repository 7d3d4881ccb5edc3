/** What an application writes: its vendors, its database, its key. */
import { randomBytes } from 'node:crypto';

import { PGlite } from '@electric-sql/pglite';
import { createPlugboard, type AnyDefinition, type Log } from '@plugboard/core';
import { migrate, postgresStore } from '@plugboard/storage-postgres';

import { providers } from './providers.ts';

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

/** What each vendor declares, for the parts that treat all of them alike. */
export const definitions: ReadonlyMap<string, AnyDefinition> = new Map(
  providers.map(({ definition }) => [definition.id, definition as AnyDefinition]),
);
