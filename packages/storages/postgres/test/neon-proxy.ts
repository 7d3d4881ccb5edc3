/**
 * A stand-in for the service that Neon's HTTP driver talks to: the driver itself is the real one, the statements run in
 * a real PostgreSQL.
 * @see https://github.com/neondatabase/serverless/blob/main/README.md (SQL over HTTP)
 */
import type pg from 'pg';

interface NeonQuery {
  readonly query: string;
  readonly params: readonly (string | null)[];
}

const isolation: Readonly<Record<string, string>> = { ReadCommitted: 'read committed', Serializable: 'serializable' };
const asText = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

/** What `neonConfig.fetchFunction` takes. */
export function createNeonFetch(pool: pg.Pool): (url: string, init: RequestInit) => Promise<Response> {
  return async (_url, init) => {
    const body = JSON.parse(init.body as string) as NeonQuery | { readonly queries: readonly NeonQuery[] };
    const headers = new Headers(init.headers);
    const client = await pool.connect();
    try {
      if (!('queries' in body)) return Response.json(await run(client, body));
      await client.query(`begin isolation level ${isolation[headers.get('Neon-Batch-Isolation-Level') ?? ''] ?? ''}`);
      const results: object[] = [];
      for (const query of body.queries) results.push(await run(client, query));
      await client.query('commit');
      return Response.json({ results });
    } catch (error) {
      await client.query('rollback');
      const { message, code, detail } = error as pg.DatabaseError;
      return Response.json({ message, code, detail }, { status: 400 });
    } finally {
      client.release();
    }
  };
}

async function run(client: pg.PoolClient, { query, params }: NeonQuery): Promise<object> {
  const result = await client.query({ text: query, values: [...params], rowMode: 'array', types: asText });
  const fields = result.fields.map(({ name, dataTypeID }) => ({ name, dataTypeID }));
  return { fields, rows: result.rows, command: result.command, rowCount: result.rowCount };
}
