/** Stores on tables of their own. */
import type { Clock } from '@plugboard/core/store-kit';

import type { StoreProbe, StoreUnderTest } from '@plugboard/testing';
import { openDatabase } from '../src/drivers.ts';
import { migrate, postgresStore, type PostgresClient, type PostgresStoreOptions } from '../src/index.ts';
import { resolveNames } from '../src/names.ts';
import { readText } from '../src/read-value.ts';

/** A schema that no other run, process or test uses. */
export function randomSchema(): string {
  return `plugboard_test_${crypto.randomUUID().replaceAll('-', '')}`;
}

export interface StoreFactory {
  /** A store on tables that were just emptied. */
  create(clock: Clock): Promise<StoreUnderTest>;
  drop(): Promise<void>;
}

/** Makes the tables once, in a schema of their own: to make them anew for each test would take most of its time. */
export function createStoreFactory(client: PostgresClient, options: PostgresStoreOptions = {}): StoreFactory {
  const schema = randomSchema();
  const { migrations: _kept, ...tables } = resolveNames({ ...options, schema }).tables;
  const sql = openDatabase(client);
  const rows = (text: string, ...values: string[]) => sql.query({ statement: { text }, values });
  const probe: StoreProbe = {
    async connection(id) {
      const columns = `encode(credentials_encrypted, 'hex'), status`;
      const [row] = await rows(`select ${columns} from ${tables.connections} where id = $1::text::uuid`, id);
      if (row === undefined) return null;
      const credentials = row[0] === null ? null : new Uint8Array(Buffer.from(readText(row[0]), 'hex'));
      return { credentials, status: readText(row[1]) };
    },
    onceKeys: async () => (await rows(`select key from ${tables.once}`)).map(([key]) => readText(key)),
  };
  let made: Promise<unknown> | undefined;
  return {
    async create(clock) {
      made ??= migrate(client, { ...options, schema });
      await made;
      for (const table of Object.values(tables)) await rows(`delete from ${table}`);
      return { store: postgresStore(client, { ...options, schema, clock }), probe };
    },
    async drop() {
      await rows(`drop schema if exists ${schema} cascade`);
    },
  };
}
