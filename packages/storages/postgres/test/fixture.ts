/** A store on tables of its own, for one test. */
import type { Clock } from '@plugboard/core/store-kit';

import type { StoreUnderTest } from '../../../testing/src/store-contract.ts';

import { migrate, postgresStore, type PostgresClient, type PostgresStoreOptions } from '../src/index.ts';
import { openDatabase } from '../src/drivers.ts';
import { readText } from '../src/read-value.ts';

/** A schema that no other run, process or test uses. */
export function randomSchema(): string {
  return `plugboard_test_${crypto.randomUUID().replaceAll('-', '')}`;
}

export async function createStore(
  client: PostgresClient,
  clock: Clock,
  options: PostgresStoreOptions = {},
): Promise<StoreUnderTest> {
  const schema = randomSchema();
  await migrate(client, { ...options, schema });
  const sql = openDatabase(client);
  const rows = async (text: string, ...values: string[]) => sql.query({ statement: { text }, values });
  return {
    store: postgresStore(client, { ...options, schema, clock }),
    probe: {
      async connection(id) {
        const [row] = await rows(
          `select encode(credentials_encrypted, 'hex'), status from ${schema}.integration_connections where id = $1::text::uuid`,
          id,
        );
        if (row === undefined) return null;
        const [hex, status] = row;
        return {
          credentials: hex === null ? null : Uint8Array.from(Buffer.from(readText(hex), 'hex')),
          status: readText(status),
        };
      },
      async onceKeys() {
        return (await rows(`select key from ${schema}.integration_once`)).map(([key]) => readText(key));
      },
    },
    async destroy() {
      await rows(`drop schema ${schema} cascade`);
    },
  };
}
