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
  type InboxAnswer,
  type InboxRow,
  type InboxStore,
} from '@plugboard/core/store-kit';

import { decodeEvent, encodeEvent } from './fields.ts';
import { inboxScripts as scripts } from './inbox-scripts.ts';
import { readInteger, readList, readText } from './read-value.ts';
import { claimRows, rowsOf } from './rows.ts';
import { mostInScript } from './script.ts';
import { inChunks, type Session } from './session.ts';

export function createInbox({ run }: Session): InboxStore {
  return {
    async add(events, { leaseMs, keepMs }) {
      checkInboxAdd(events, { leaseMs, keepMs });
      return inChunks(events, async (chunk) => {
        const values = chunk.flatMap((event) => [event.id, ...encodeEvent(event)]);
        const reply = readList(await run(scripts.add, leaseMs ?? '', keepMs, ...values));
        return chunk.map((_, index): InboxAnswer => {
          const outcome = readText(reply[2 * index]) as InboxAnswer['outcome'];
          return { outcome, leaseFence: readInteger(reply[2 * index + 1]) };
        });
      });
    },

    async extend(holds, leaseMs) {
      checkInboxHolds(holds, leaseMs);
      return inChunks(holds, async (chunk) => {
        const values = chunk.flatMap(({ id, leaseFence }) => [id, leaseFence]);
        return readList(await run(scripts.extend, leaseMs, ...values)).map((kept) => Number(kept) === 1);
      });
    },

    async settle(hold, outcome) {
      checkInboxSettle(hold, outcome);
      const { status, error, dueInMs, keepMs } = outcome;
      const values = [hold.id, hold.leaseFence, status, error ?? '', dueInMs ?? '', keepMs] as const;
      return Number(await run(scripts.settle, ...values)) === 1;
    },

    async claimDue(request) {
      checkInboxDue(request);
      const { providers, limit, leaseMs } = request;
      if (providers.length === 0) return [];
      const rows = await claimRows(limit, (most) => run(scripts.claim, leaseMs, most, ...providers), decodeEvent);
      return rows.toSorted((a, b) => a.sequence - b.sequence);
    },

    async list(filter) {
      checkInboxFilter(filter);
      const { statuses, organizationId = '', provider = '', limit = 50, cursor } = filter;
      const scope = inboxScope(filter);
      const found: InboxRow[] = [];
      let after = cursor === undefined ? '0' : String(await readCursor(scope, cursor, parseSequence));
      // Rows that the filter leaves out are passed over, so many in a script.
      while (after !== '' && found.length <= limit) {
        const reply = readList(await run(scripts.list, after, mostInScript, organizationId, provider, ...statuses));
        found.push(...rowsOf([reply[0], ...reply.slice(2)], decodeEvent));
        after = readText(reply[1]);
      }
      return pageOf(found.slice(0, limit + 1), limit, (last) => writeCursor(scope, String(last.sequence)));
    },

    async requeue(ids) {
      checkInboxIds(ids);
      return sum(await inChunks(ids, async (chunk) => [Number(await run(scripts.requeue, ...chunk))]));
    },

    async discard(ids, keepMs) {
      checkInboxDiscard(ids, keepMs);
      return sum(await inChunks(ids, async (chunk) => [Number(await run(scripts.discard, keepMs, ...chunk))]));
    },

    async purge() {
      let purged = 0;
      for (let passed = 0; ;) {
        const [gone = 0, stayed = 0, met = 0] = readList(await run(scripts.purge, passed)).map(Number);
        purged += gone;
        passed += stayed;
        if (met < mostInScript) return purged;
      }
    },
  };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
