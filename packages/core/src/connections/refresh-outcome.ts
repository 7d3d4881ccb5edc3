/** What a refresh leaves behind, and whether another one may begin. */
import type { Engine, ProviderRuntime } from '../engine.ts';
import { errorFields } from '../events.ts';
import type { ConnectionRow } from '../store.ts';
import { createBreakers, type Breakers } from './provider-breaker.ts';
import { createFailing, type Failing } from './refresh-failure.ts';
import { coolingDown, endedMeanwhile, firstBackoffMs, wasOutage } from './refresh-facts.ts';
import { createSucceed, type Succeed } from './refresh-success.ts';
import type { RefreshHooks, Settled } from './refresh-turn.ts';

export interface RefreshOutcome {
  readonly breakers: Breakers;
  /** @throws PlugboardError while the connection or its provider cools down after failures. */
  requireTurn(runtime: ProviderRuntime, row: ConnectionRow): void;
  /** The same for the connection alone. */
  requireRow(runtime: ProviderRuntime, row: ConnectionRow): void;
  reread(row: ConnectionRow): Promise<ConnectionRow>;
  readonly succeeded: Succeed;
  readonly failed: Failing['failed'];
  /** Announces, and throws or returns without waiting for those who are told. */
  settle(settled: Settled): Promise<ConnectionRow>;
  /** Resolves once the host's handlers have been told what happened so far, or have had their time. */
  told(): Promise<void>;
  /** Ends a connection that cannot be refreshed. Always throws. */
  expire(row: ConnectionRow, reason: string): Promise<ConnectionRow>;
}

export function createRefreshOutcome(engine: Engine, hooks: RefreshHooks): RefreshOutcome {
  const breakers = createBreakers(engine);
  const telling = new Set<Promise<void>>();
  const succeed = createSucceed(engine, hooks);
  const { failed, end } = createFailing(engine, hooks, breakers);

  /** An outage that has ended for others has ended for this connection too: it need not wait out its pause. */
  function outageIsOver(runtime: ProviderRuntime, row: ConnectionRow): boolean {
    const sinceMs = wasOutage(row.lastError, row.readAt);
    return sinceMs !== undefined && sinceMs >= firstBackoffMs && breakers.heardWithin(runtime, sinceMs);
  }

  function requireRow(runtime: ProviderRuntime, row: ConnectionRow): void {
    const leased = row.leaseUntil !== null && row.leaseUntil > row.readAt;
    const pausing = !leased && row.failCount > 0 && row.refreshAt !== null && row.refreshAt > row.readAt;
    if (pausing && !outageIsOver(runtime, row)) throw coolingDown(row);
  }

  async function settle({ row, error, record, announce }: Settled): Promise<ConnectionRow> {
    await record?.();
    if (announce !== undefined) {
      const told: Promise<void> = Promise.resolve()
        .then(announce)
        .catch((cause: unknown) => engine.log.error(errorFields(cause), 'the host could not be told of a refresh'))
        .finally(() => telling.delete(told));
      telling.add(told);
    }
    if (error !== undefined) throw error;
    return row!;
  }

  return {
    breakers,
    settle,
    told: async () => void (await Promise.allSettled(telling)),
    failed,
    succeeded(runtime, row, success) {
      breakers.closed(runtime);
      return succeed(runtime, row, success);
    },
    async reread(row) {
      const current = await engine.store.connections.get(row.organizationId, row.id);
      if (current !== null && current.status !== 'disconnected') return current;
      throw endedMeanwhile(row);
    },
    requireRow,
    requireTurn(runtime, row) {
      requireRow(runtime, row);
      breakers.require(runtime);
    },
    expire: async (row, reason) => settle(await end(row, { guard: { version: row.version } }, reason)),
  };
}
