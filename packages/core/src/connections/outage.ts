/** Turns single health results into status transitions: three bad ones of the last five, and one event each way. */
import type { Engine } from '../engine.ts';
import { member, text, type JsonObject } from '../json.ts';
import type { ConnectionData, ConnectionRow } from '../store.ts';
import { viewOf, type HealthStatus } from './view.ts';

/** What one check found. */
export interface HealthOutcome {
  readonly provider: string;
  readonly status: HealthStatus;
  /** Machine-readable; null when all is well. */
  readonly reason: string | null;
  readonly detail: string | null;
  /** Milliseconds that the vendor took. */
  readonly latencyMs: number | null;
  /** The organization must act, whatever was found before. */
  readonly attention?: boolean;
}

const windowSize = 5;
const badNeeded = 3;
const mostTries = 3;
/** Reasons that a health result may set and lift; others (scopes, refresh) have their own way back. */
const ownReasons = new Set(['vendor_outage', 'health_failing']);

export interface Outage {
  record(row: ConnectionRow, result: HealthOutcome): Promise<ConnectionRow>;
}

export function createOutage(engine: Engine): Outage {
  return {
    async record(found, result) {
      const { connections } = engine.store;
      let row = found;
      for (let tries = 1; ; tries++) {
        const change = changeOf(row, result);
        const stored = await connections.update(row.organizationId, row.id, { version: row.version }, change);
        if (stored !== null) {
          if (change.status !== undefined) await announce(engine, row, stored);
          return stored;
        }
        // A refresh on the way changes the row; what was found holds for the new one. A row that goes on changing is in use.
        const current = await connections.get(row.organizationId, row.id);
        if (current === null || current.status === 'disconnected' || tries === mostTries) return current ?? row;
        row = current;
      }
    },
  };
}

function changeOf(row: ConnectionRow, result: HealthOutcome): Partial<ConnectionData> {
  const verdict = judge(result);
  const history = verdict === 'unknown' ? historyOf(row) : [...historyOf(row), verdict === 'bad'].slice(-windowSize);
  return {
    health: {
      status: result.status,
      reason: result.reason,
      checkedAt: row.readAt.toISOString(),
      history,
      ...attentionOf(row, result, verdict),
    },
    ...transition(row, result, history, verdict),
  };
}

function judge({ status }: HealthOutcome): 'good' | 'bad' | 'unknown' {
  if (status === 'healthy' || status === 'stubbed') return 'good';
  return status === 'unknown' ? 'unknown' : 'bad';
}

/** What was told stays known through outages, until a good answer lifts it. */
function attentionOf(row: ConnectionRow, result: HealthOutcome, verdict: 'good' | 'bad' | 'unknown'): JsonObject {
  const before = text(member(row.health, 'attention'));
  const now = result.attention === true ? (result.reason ?? undefined) : verdict === 'good' ? undefined : before;
  return now === undefined ? {} : { attention: now };
}

function transition(
  row: ConnectionRow,
  result: HealthOutcome,
  history: readonly boolean[],
  verdict: 'good' | 'bad' | 'unknown',
): Partial<ConnectionData> {
  const bad = history.filter(Boolean).length;
  // Only a row that is degraded has a reason of these.
  const told = row.statusReason === text(member(row.health, 'attention'));
  if (result.attention === true && (row.status === 'active' || told)) {
    return row.statusReason === result.reason ? {} : { status: 'degraded', statusReason: result.reason };
  }
  if (verdict === 'good' && told) return { status: 'active', statusReason: null };
  if (verdict === 'bad' && row.status === 'active' && bad >= badNeeded) {
    return { status: 'degraded', statusReason: result.reason === 'vendor_outage' ? 'vendor_outage' : 'health_failing' };
  }
  const own = ownReasons.has(row.statusReason ?? '');
  if (verdict === 'good' && own && bad < badNeeded) return { status: 'active', statusReason: null };
  return {};
}

async function announce(engine: Engine, before: ConnectionRow, after: ConnectionRow): Promise<void> {
  const connection = viewOf(after);
  await engine.events.audit({
    organizationId: after.organizationId,
    connectionId: after.id,
    provider: after.provider,
    type: 'connection.status',
    actor: 'system',
    data: { before: before.status, after: after.status, reason: after.statusReason },
  });
  if (after.status === 'active') await engine.events.emit('connection.recovered', { connection });
  else await engine.events.attention(connection, after.statusReason ?? after.status);
}

function historyOf(row: ConnectionRow): boolean[] {
  const stored = member(row.health, 'history');
  return Array.isArray(stored) ? stored.filter((item): item is boolean => typeof item === 'boolean') : [];
}
