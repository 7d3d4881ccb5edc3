import {
  checkInboxAdd,
  checkInboxDiscard,
  checkInboxDue,
  checkInboxFilter,
  checkInboxHolds,
  checkInboxIds,
  checkInboxSettle,
  inboxScope,
  pageOf,
  parseSequence,
  readCursor,
  writeCursor,
  type InboxStore,
} from '@plugboard/core/store-kit';

import { decodeInbox } from './columns.ts';
import type { SqlRow } from './database.ts';
import { groupWrites } from './inbox-groups.ts';
import { inboxStatements } from './inbox-sql.ts';
import { checkOrganization } from './organization.ts';
import { readText } from './read-value.ts';
import type { Session } from './session.ts';

export function createInbox(session: Session): InboxStore {
  const { names, timed } = session;
  const statements = inboxStatements(names);
  const groups = groupWrites(session, statements);
  const checkOwner = (organizationId: string | null | undefined) => {
    if (typeof organizationId === 'string') checkOrganization(organizationId, names.organizationType);
  };

  return {
    async add(events, how) {
      checkInboxAdd(events, how);
      for (const { organizationId } of events) checkOwner(organizationId);
      if (events.length === 0) return [];
      return groups.add({ events, how });
    },

    async extend(holds, leaseMs) {
      checkInboxHolds(holds, leaseMs);
      if (holds.length === 0) return [];
      const rows = await timed(statements.extend, JSON.stringify(holds), leaseMs);
      const kept = new Set(rows.map(([id]) => readText(id)));
      return holds.map(({ id }) => kept.has(id));
    },

    async settle(hold, outcome) {
      checkInboxSettle(hold, outcome);
      return groups.settle({ ...hold, ...outcome });
    },

    async claimDue(request) {
      checkInboxDue(request);
      const { providers, limit, leaseMs } = request;
      const asked = JSON.stringify(providers);
      const rows = [...(await timed(statements.claim, asked, limit, leaseMs))];
      // Lanes are looked through from another place each time, so that none waits for those before it.
      const left = limit - rows.length;
      if (left > 0) rows.push(...(await timed(statements.claimHeads, asked, left, leaseMs, crypto.randomUUID())));
      return rows.map(decodeInbox).toSorted((a, b) => a.sequence - b.sequence);
    },

    async list(filter) {
      checkInboxFilter(filter);
      checkOwner(filter.organizationId);
      const { statuses, organizationId = null, provider = null, limit = 50, cursor } = filter;
      const scope = inboxScope(filter);
      const after = cursor === undefined ? 0 : await readCursor(scope, cursor, parseSequence);
      const values = [JSON.stringify(statuses), organizationId, provider, String(after), limit + 1] as const;
      const found = (await timed(statements.list, ...values)).map(decodeInbox);
      return pageOf(found, limit, (last) => writeCursor(scope, String(last.sequence)));
    },

    async requeue(ids) {
      checkInboxIds(ids);
      return countOf(await timed(statements.requeue, JSON.stringify(ids)));
    },

    async discard(ids, keepMs) {
      checkInboxDiscard(ids, keepMs);
      return countOf(await timed(statements.discard, JSON.stringify(ids), keepMs));
    },

    async purge() {
      return countOf(await timed(statements.purge));
    },
  };
}

function countOf([row]: readonly SqlRow[]): number {
  return Number(row?.[0] ?? 0);
}
