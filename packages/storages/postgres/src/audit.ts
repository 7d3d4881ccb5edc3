import {
  checkAuditEntry,
  checkAuditFilter,
  isConnectionId,
  pageOf,
  parseJson,
  readCursor,
  writeCursor,
  type AuditEntry,
  type AuditStore,
  type JsonObject,
} from '@plugboard/core/store-kit';

import { now, seconds } from './clock-sql.ts';
import { statement } from './connections-sql.ts';
import type { SqlRow } from './database.ts';
import type { Names } from './names.ts';
import { checkOrganization } from './organization.ts';
import { readDate, readText } from './read-value.ts';
import type { Session } from './session.ts';

/** Where paging starts: the largest number that the column holds. */
const afterAll = '9223372036854775807';

export function createAudit({ names, database, timed }: Session): AuditStore {
  const statements = auditStatements(names);

  return {
    async append(entry) {
      checkAuditEntry(entry);
      checkOrganization(entry.organizationId, names.organizationType);
      const { id, organizationId, connectionId, provider, type, actor, data } = entry;
      await timed(statements.append, organizationId, id, connectionId, provider, type, actor, JSON.stringify(data));
    },

    async list(organizationId, filter = {}) {
      checkOrganization(organizationId, names.organizationType);
      checkAuditFilter(filter);
      const { connectionId, limit = 50, cursor } = filter;
      const scope = ['audit', organizationId, connectionId ?? ''];
      const before = cursor === undefined ? afterAll : await readCursor(scope, cursor, parseSequence);
      const values = [organizationId, before, limit + 1];
      const rows = await rowsOf(values, connectionId);
      const page = await pageOf(rows, limit, (last) => writeCursor(scope, readText(last[0])));
      return { ...page, items: page.items.map((row) => decodeEntry(organizationId, row)) };
    },
  };

  async function rowsOf(
    values: readonly (string | number)[],
    connectionId: string | undefined,
  ): Promise<readonly SqlRow[]> {
    if (connectionId === undefined) return database.query({ statement: statements.list, values });
    if (!isConnectionId(connectionId)) return [];
    return database.query({ statement: statements.listConnection, values: [...values, connectionId] });
  }
}

function auditStatements({ tables, organizationType }: Names) {
  const table = tables.audit;
  const columns = `t.sequence::text, t.id, t.connection_id::text, t.provider, t.type, t.actor, t.data::text, ${seconds('t.at')}`;
  const list = (filter: string) =>
    statement(`
      select ${columns} from ${table} as t
      where t.organization_id = $1::text::${organizationType} and t.sequence < $2::text::bigint ${filter}
      order by t.sequence desc limit $3::integer`);
  return {
    append: statement(`
      insert into ${table} (organization_id, id, connection_id, provider, type, actor, data, at)
      values ($2::text::${organizationType}, $3::text, $4::text::uuid, $5::text, $6::text, $7::text, $8::text::jsonb, ${now})
      on conflict (organization_id, id) do nothing`),
    list: list(''),
    listConnection: list('and t.connection_id = $4::text::uuid'),
  };
}

function parseSequence(position: string): string | undefined {
  return /^\d{1,18}$/.test(position) ? position : undefined;
}

function decodeEntry(organizationId: string, row: SqlRow): AuditEntry {
  const [, id, connectionId, provider, type, actor, data, at] = row;
  return {
    id: readText(id),
    organizationId,
    connectionId: connectionId === null ? null : readText(connectionId),
    provider: readText(provider),
    type: readText(type),
    actor: readText(actor),
    data: parseJson(readText(data)) as JsonObject,
    at: readDate(at),
  };
}
