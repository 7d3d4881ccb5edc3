/**
 * Refresh: at most one in flight per connection over all processes, nothing lost that was received, no connection
 * ended by an outage. The row decides; processes only take turns.
 */
import { refreshPolicyOf, type AuthMethod } from '../auth/auth.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { methodOf } from '../engine.ts';
import { PlugboardError } from '../errors.ts';
import { randomToken } from '../random.ts';
import type { ConnectionRow } from '../store.ts';
import { canRefresh, expirySkewMs } from './lifetime.ts';
import { attemptHashOf, isSameAttempt } from './refresh-attempt.ts';
import { callVendor, type Answered } from './refresh-call.ts';
import { coolingDown } from './refresh-facts.ts';
import { createRefreshOutcome, type RefreshOutcome } from './refresh-outcome.ts';
import type { BatchWriter, RefreshHooks, Settled } from './refresh-turn.ts';

/** Longest a token call may take; undershooting it is itself a way to lose a rotated token. */
const callDeadlineMs = 45_000;
/** A lease outlives the call by a margin for pauses and writes. */
export const leaseMs = callDeadlineMs + 30_000;
/** Longest a caller waits for another process's refresh. */
const waitBudgetMs = callDeadlineMs + 15_000;
/** A caller may force a refresh of one version this often at most. */
const forcedGapMs = 30_000;

/** A row whose lease this process holds. */
export interface ClaimedRow {
  readonly row: ConnectionRow;
  /** This process's monotonic time just before the claim. */
  readonly claimedAt: number;
  /** Monotonic time at which the row was read. */
  readonly readAt: number;
  /** The token was marked as about to be spent, and whether the same one had been before. */
  readonly marked?: { readonly hadUnknown: boolean };
}

export interface ClaimedHooks {
  /** The vendor has answered; what is left is to store it. */
  readonly answered?: () => void;
  readonly batch?: BatchWriter;
}

export interface Refresher {
  /** The row itself while its token is good; otherwise the row after a refresh. */
  fresh(runtime: ProviderRuntime, row: ConnectionRow): Promise<ConnectionRow>;
  /** A refresh after the vendor refused the token of `version`; a newer row is returned as it is. */
  force(runtime: ProviderRuntime, row: ConnectionRow, version: number): Promise<ConnectionRow>;
  /** A refresh of a row whose lease the caller already holds. */
  claimed(runtime: ProviderRuntime, claim: ClaimedRow, hooks?: ClaimedHooks): Promise<ConnectionRow>;
  readonly breakers: RefreshOutcome['breakers'];
  readonly told: RefreshOutcome['told'];
  /** Waits for refreshes in flight; none starts after it. */
  drain(): Promise<void>;
}

interface Parts {
  readonly engine: Engine;
  readonly outcome: RefreshOutcome;
  readonly nextWriteId: () => string;
}

export function createRefresher(engine: Engine, hooks: RefreshHooks): Refresher {
  const flights = new Map<string, Promise<ConnectionRow>>();
  const outcome = createRefreshOutcome(engine, hooks);
  const process = randomToken(12);
  let writes = 0;
  /** Tells the writes of this process from each other and from those of all others: it need not be hard to guess. */
  const nextWriteId = () => `${process}.${++writes}`;
  const parts: Parts = { engine, outcome, nextWriteId };
  let stopping = false;

  /** Joins the flight of this version in this process, or starts it. */
  function single(
    runtime: ProviderRuntime,
    row: ConnectionRow,
    run: () => Promise<ConnectionRow>,
  ): Promise<ConnectionRow> {
    const running = flights.get(flightKey(row));
    return running ?? begin(runtime, row, run);
  }

  function begin(
    runtime: ProviderRuntime,
    row: ConnectionRow,
    run: () => Promise<ConnectionRow>,
  ): Promise<ConnectionRow> {
    if (stopping) return Promise.reject(stoppingError(runtime));
    const key = flightKey(row);
    const flight = run().finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    flights.set(key, flight);
    return flight;
  }

  const refresh = (runtime: ProviderRuntime, row: ConnectionRow) =>
    single(runtime, row, async () => {
      outcome.requireTurn(runtime, row);
      return usesLock(engine, runtime, row) ? underLock(parts, runtime, { row }) : underLease(parts, runtime, row);
    });

  return {
    breakers: outcome.breakers,
    told: outcome.told,
    async fresh(runtime, row) {
      const left = remainingMs(row);
      const method = methodOf(runtime, row.method);
      if (left > expirySkewMs && !isDue(row)) return row;
      if (!canRefresh(method)) return left > 0 ? row : outcome.expire(row, 'token_expired');
      if (left <= expirySkewMs) return refresh(runtime, row);
      if (refreshPolicyOf(method)?.oldAccessTokenDies === true) return refresh(runtime, row);
      // The token is still good: hand it out now and renew behind the caller, who need not hear of a failure yet.
      if (engine.restored === 'hold') return row;
      if (row.leaseUntil === null || row.leaseUntil <= row.readAt) refresh(runtime, row).catch(() => undefined);
      return row;
    },
    async force(runtime, row, version) {
      if (row.credentialsVersion !== version) return row;
      if (row.attemptAt !== null && row.readAt.getTime() - row.attemptAt.getTime() < forcedGapMs && row.failCount > 0) {
        throw coolingDown(row);
      }
      return refresh(runtime, row);
    },
    claimed: (runtime, claim, claimedHooks = {}) =>
      usesLock(engine, runtime, claim.row)
        ? single(runtime, claim.row, () => underLock(parts, runtime, claim))
        : // Who flies already may be waiting for the very lease that is held here: to join would be to wait for oneself.
          begin(runtime, claim.row, () => withLease(parts, runtime, claim, claimedHooks)),
    async drain() {
      stopping = true;
      await Promise.allSettled(flights.values());
      await outcome.told();
    },
  };
}

function flightKey({ id, credentialsVersion }: ConnectionRow): string {
  return `${id}/${credentialsVersion}`;
}

function remainingMs(row: ConnectionRow): number {
  return row.tokenExpiresAt === null ? Number.POSITIVE_INFINITY : row.tokenExpiresAt.getTime() - row.readAt.getTime();
}

function isDue(row: ConnectionRow): boolean {
  return row.refreshAt !== null && row.refreshAt <= row.readAt;
}

/** Where a second use of the refresh token may kill the grant, no pause may outlive the turn: the row lock. */
export function needsLock(method: AuthMethod): boolean {
  const rotation = refreshPolicyOf(method)?.rotation;
  return rotation === 'strict' || rotation === 'unknown';
}

function usesLock(engine: Engine, runtime: ProviderRuntime, row: ConnectionRow): boolean {
  return engine.store.connections.lock !== undefined && needsLock(methodOf(runtime, row.method));
}

async function underLease(parts: Parts, runtime: ProviderRuntime, seen: ConnectionRow): Promise<ConnectionRow> {
  const { engine, outcome } = parts;
  const { clock } = engine;
  const started = clock.monotonic();
  for (let row = seen; ;) {
    const claimedAt = clock.monotonic();
    const attemptHash = await attemptHashOf(engine, runtime, row);
    const leased = await engine.store.connections.lease(row.organizationId, row.id, {
      credentialsVersion: row.credentialsVersion,
      leaseMs,
      attemptHash,
    });
    if (leased !== null) {
      const marked = { hadUnknown: await isSameAttempt(engine, runtime, row) };
      return withLease(parts, runtime, { row: leased, claimedAt, readAt: clock.monotonic(), marked }, {});
    }
    const current = await outcome.reread(row);
    if (current.credentialsVersion !== seen.credentialsVersion) return current;
    if (clock.monotonic() - started > waitBudgetMs) throw busyError(runtime);
    await clock.sleep(50 + 150 * clock.random());
    outcome.requireRow(runtime, current);
    row = current;
  }
}

/** Spends the token under a held lease. */
async function withLease(
  { engine, outcome, nextWriteId }: Parts,
  runtime: ProviderRuntime,
  { row, claimedAt, readAt, marked }: ClaimedRow,
  { answered, batch }: ClaimedHooks,
): Promise<ConnectionRow> {
  const guard = { credentialsVersion: row.credentialsVersion, leaseFence: row.leaseFence };
  const hadUnknown = marked?.hadUnknown ?? (await isSameAttempt(engine, runtime, row));
  // A process that slept since its claim must not send: the lease may end before the answer.
  if (engine.clock.monotonic() - claimedAt > leaseMs - callDeadlineMs - 5_000) throw busyError(runtime);
  const answer = await callVendor(engine, runtime, row);
  answered?.();
  const at = storeTime(engine, row, readAt);
  if ('error' in answer) {
    return outcome.settle(await outcome.failed(runtime, row, { guard, hadUnknown, at, ...answer }));
  }
  const success = { guard, at, writeId: nextWriteId(), ...(batch && { batch }), ...answer };
  return outcome.settle(await outcome.succeeded(runtime, row, success));
}

async function underLock(
  { engine, outcome, nextWriteId }: Parts,
  runtime: ProviderRuntime,
  { row: seen, claimedAt, marked }: Pick<ClaimedRow, 'row' | 'marked'> & Partial<ClaimedRow>,
): Promise<ConnectionRow> {
  const { connections } = engine.store;
  const { organizationId, id, credentialsVersion } = seen;
  const guard = { credentialsVersion };
  // A claim's lease ends with its turn, however that went; what counts here is the lock alone.
  const given = claimedAt === undefined ? guard : { ...guard, leaseFence: seen.leaseFence };
  const hadUnknown = marked?.hadUnknown ?? (await isSameAttempt(engine, runtime, seen));
  if (marked === undefined) {
    // A statement of its own: a mark inside the transaction would vanish in the crash that it must report.
    const mark = { attemptHash: await attemptHashOf(engine, runtime, seen), attemptAt: seen.readAt };
    if ((await connections.update(organizationId, id, guard, mark)) === null) return outcome.reread(seen);
  }
  let received: (Answered & { guard: typeof guard; at: Date; writeId: string }) | undefined;
  let settled: Settled | null | undefined;
  try {
    settled = await connections.lock?.(organizationId, id, async (row, update): Promise<Settled> => {
      const readAt = engine.clock.monotonic();
      if (row.credentialsVersion !== credentialsVersion || row.credentials === null) return { row };
      if (row.failCount > seen.failCount) return { error: coolingDown(row) };
      const answer = await callVendor(engine, runtime, row);
      const at = storeTime(engine, row, readAt);
      if ('error' in answer) return outcome.failed(runtime, row, { guard: given, hadUnknown, at, update, ...answer });
      received = { guard, at, writeId: nextWriteId(), ...answer };
      return outcome.succeeded(runtime, row, { ...received, update });
    });
  } catch (error) {
    // The lock went down with its database connection while the new token is in our hands: the compare-and-set stands.
    if (received === undefined) throw error;
    settled = await outcome.succeeded(runtime, seen, received);
  }
  return settled ? outcome.settle(settled) : outcome.reread(seen);
}

/** The store's time now, without asking it: time that passed while the machine slept is not counted, so never too late. */
function storeTime({ clock }: Engine, row: ConnectionRow, readAt: number): Date {
  return new Date(row.readAt.getTime() + (clock.monotonic() - readAt));
}

function busyError(runtime: ProviderRuntime): PlugboardError {
  return new PlugboardError({
    kind: 'timeout',
    code: 'refresh_busy',
    message: 'Another process is refreshing this connection and has not finished.',
    hint: 'Try again.',
    provider: runtime.definition.id,
  });
}

function stoppingError(runtime: ProviderRuntime): PlugboardError {
  return new PlugboardError({
    kind: 'unavailable',
    code: 'board_stopping',
    message: 'The board is stopping and starts no refresh any more.',
    provider: runtime.definition.id,
  });
}
