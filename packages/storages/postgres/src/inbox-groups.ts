/** What webhooks write while vendors wait: events that arrive together share a statement, and the commit that costs most. */
import {
  encodeBase64,
  groupCalls,
  type InboxAdd,
  type InboxAnswer,
  type InboxHold,
  type InboxOutcome,
  type NewInboxEvent,
} from '@plugboard/core/store-kit';

import type { SqlRow } from './database.ts';
import type { InboxStatements } from './inbox-sql.ts';
import { readText } from './read-value.ts';
import type { Session } from './session.ts';

interface AddCall {
  readonly events: readonly NewInboxEvent[];
  readonly how: InboxAdd;
}

interface SettleCall extends InboxHold, InboxOutcome {}

/** Of what stands around the payload. */
const recordBytes = 500;
const busy: InboxAnswer = { outcome: 'busy', leaseFence: 0 };

export function groupWrites({ timed }: Session, statements: InboxStatements) {
  async function addAll(calls: readonly AddCall[]): Promise<readonly (readonly InboxAnswer[])[]> {
    const how = calls[0]!.how;
    const events = new Map<string, NewInboxEvent>();
    for (const call of calls) for (const event of call.events) if (!events.has(event.id)) events.set(event.id, event);
    const records = [...events.values()].map(encode);
    const rows = await timed(statements.add, JSON.stringify(records), how.leaseMs, how.keepMs);
    const answers = new Map(rows.map((row) => [readText(row[0]), decodeAnswer(row)]));
    return calls.map((call) =>
      call.events.map(({ id }) => {
        // What another transaction has written since this statement began is seen by its unique index alone.
        const answer = answers.get(id) ?? busy;
        // Only one holds it: who sent the same in this group comes second.
        if (answer.outcome === 'held') answers.set(id, busy);
        return answer;
      }),
    );
  }

  async function settleAll(calls: readonly SettleCall[]): Promise<readonly boolean[]> {
    const first = new Map<string, SettleCall>();
    for (const call of calls) if (!first.has(holdOf(call))) first.set(holdOf(call), call);
    const rows = await timed(statements.settle, JSON.stringify([...first.values()]));
    const settled = new Set(
      rows.map(([id, leaseFence]) => holdOf({ id: readText(id), leaseFence: Number(leaseFence) })),
    );
    // The second of two that say the same comes too late.
    return calls.map((call) => settled.delete(holdOf(call)));
  }

  return {
    add: groupCalls({
      run: addAll,
      kindOf: (call: AddCall) => `${call.how.leaseMs} ${call.how.keepMs}`,
      bytesOf: ({ events }) => events.reduce((sum, { payload }) => sum + recordBytes + 2 * payload.length, 0),
    }),
    settle: groupCalls({ run: settleAll, kindOf: () => '', bytesOf: (_call: SettleCall) => recordBytes }),
  };
}

function encode({ payload, ...event }: NewInboxEvent, n: number): object {
  return { ...event, n, payload: encodeBase64(payload) };
}

function decodeAnswer([, outcome, leaseFence]: SqlRow): InboxAnswer {
  return { outcome: readText(outcome) as InboxAnswer['outcome'], leaseFence: Number(leaseFence) };
}

function holdOf({ id, leaseFence }: InboxHold): string {
  return `${leaseFence} ${id}`;
}
