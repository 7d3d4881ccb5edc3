/**
 * Refresh: at most one in flight per connection over all processes, nothing lost that was received, no connection
 * ended by an outage. The row decides; processes only take turns.
 */
import { refreshPolicyOf, type AuthMethod } from '../auth/auth.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { methodOf } from '../engine.ts';
import { isPlugboardError, PlugboardError } from '../errors.ts';
import { randomToken } from '../random.ts';
import type { ConnectionRow } from '../store.ts';
import { canRefresh, expirySkewMs } from './lifetime.ts';
import { attemptHashOf, giveBack, isSameAttempt } from './refresh-attempt.ts';
import { callVendor, type Answered } from './refresh-call.ts';
import { coolingDown, endedMeanwhile } from './refresh-facts.ts';
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
  /** The row itself, at once, while its token is good; otherwise the row after a refresh. */
  fresh(runtime: ProviderRuntime, row: ConnectionRow): ConnectionRow | Promise<ConnectionRow>;
  /** A refresh after the vendor refused the token of `version`; a newer row is returned as it is. */
  force(runtime: ProviderRuntime, row: ConnectionRow, version: number): Promise<ConnectionRow>;
  /** A refresh of a row whose lease the caller already holds. */
  claimed(runtime: ProviderRuntime, claim: ClaimedRow, hooks?: ClaimedHooks): Promise<ConnectionRow>;
  readonly breakers: RefreshOutcome['breakers'];
  readonly told: RefreshOutcome['told'];
  /** True from the moment on from which no refresh begins. */
  stopping(): boolean;
  /** Waits for refreshes in flight; none starts after it. */
  drain(): Promise<void>;
}

interface Parts {
  readonly engine: Engine;
  readonly outcome: RefreshOutcome;
  /** No turn may begin any more; those that have begun end. */
  readonly stopping: () => boolean;
  readonly nextWriteId: () => string;
}

export function createRefresher(engine: Engine, hooks: RefreshHooks): Refresher {
  const flights = new Map<string, Promise<ConnectionRow>>();
  const outcome = createRefreshOutcome(engine, hooks);
  let stopping = false;
  const writer = randomToken(12);
  let writes = 0;
  /** Tells the writes of this process from each other and from those of all others: it need not be hard to guess. */
  const nextWriteId = () => `${writer}.${++writes}`;
  const parts: Parts = { engine, outcome, stopping: () => stopping, nextWriteId };

  /** Joins the flight of this version in this process, or starts it. */
  function single(row: ConnectionRow, run: () => Promise<ConnectionRow>): Promise<ConnectionRow> {
    const key = flightOf(row);
    const running = flights.get(key);
    if (running !== undefined) return running;
    const flight = run().finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  }

  const refresh = (runtime: ProviderRuntime, row: ConnectionRow) =>
    single(row, async () => {
      outcome.requireTurn(runtime, row);
      return inTurn(parts, runtime, row);
    });

  return {
    breakers: outcome.breakers,
    told: outcome.told,
    fresh(runtime, row) {
      const method = methodOf(runtime, row.method);
      if (isFresh(row)) return row;
      const left = remainingMs(row);
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
    async claimed(runtime, claim, claimedHooks = {}) {
      const running = flights.get(flightOf(claim.row));
      if (running === undefined && !stopping) {
        return single(claim.row, () => begin(parts, runtime, claim, claimedHooks));
      }
      // A flight of this process that is under way may be waiting for the very turn that was claimed.
      await giveBack(engine, [claim]);
      return running ?? Promise.reject(stoppingError(runtime));
    },
    stopping: () => stopping,
    async drain() {
      stopping = true;
      await Promise.allSettled(flights.values());
      await outcome.told();
    },
  };
}

function flightOf({ id, credentialsVersion }: ConnectionRow): string {
  return `${id}/${credentialsVersion}`;
}

/** The token serves for a while yet, and no refresh of it is due. */
export function isFresh(row: Lifetime): boolean {
  return remainingMs(row) > expirySkewMs && !isDue(row);
}

type Lifetime = Pick<ConnectionRow, 'tokenExpiresAt' | 'refreshAt' | 'readAt'>;

function remainingMs(row: Lifetime): number {
  return row.tokenExpiresAt === null ? Number.POSITIVE_INFINITY : row.tokenExpiresAt.getTime() - row.readAt.getTime();
}

function isDue(row: Lifetime): boolean {
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

/** Waits for the turn, and takes it. */
async function inTurn(parts: Parts, runtime: ProviderRuntime, seen: ConnectionRow): Promise<ConnectionRow> {
  const { engine, outcome, stopping } = parts;
  const { clock } = engine;
  const started = clock.monotonic();
  for (let row = seen; ;) {
    if (stopping()) throw stoppingError(runtime);
    const claimedAt = clock.monotonic();
    const attemptHash = await attemptHashOf(engine, runtime, row);
    const leased = await engine.store.connections.lease(row.organizationId, row.id, {
      credentialsVersion: row.credentialsVersion,
      // What another has noted, or failed at, since the row was read must be known to whoever spends the same token.
      version: row.version,
      leaseMs,
      attemptHash,
    });
    if (leased !== null) {
      const marked = { hadUnknown: await isSameAttempt(engine, runtime, row) };
      return begin(parts, runtime, { row: leased, claimedAt, readAt: clock.monotonic(), marked });
    }
    const current = await outcome.reread(row);
    if (current.credentialsVersion !== seen.credentialsVersion) return current;
    if (clock.monotonic() - started > waitBudgetMs) throw busyError(runtime);
    await clock.sleep(50 + 150 * clock.random());
    outcome.requireRow(runtime, current);
    row = current;
  }
}

/** Spends the token of a row whose lease is held. */
function begin(
  parts: Parts,
  runtime: ProviderRuntime,
  claim: ClaimedRow,
  hooks: ClaimedHooks = {},
): Promise<ConnectionRow> {
  const locked = usesLock(parts.engine, runtime, claim.row);
  return locked ? underLock(parts, runtime, claim) : withLease(parts, runtime, claim, hooks);
}

async function withLease(
  { engine, outcome, nextWriteId }: Parts,
  runtime: ProviderRuntime,
  claim: ClaimedRow,
  { answered, batch }: ClaimedHooks,
): Promise<ConnectionRow> {
  const { row, claimedAt, readAt, marked } = claim;
  const guard = { credentialsVersion: row.credentialsVersion, leaseFence: row.leaseFence };
  const hadUnknown = marked?.hadUnknown ?? (await isSameAttempt(engine, runtime, row));
  // Who slept since the claim, or waited long behind slow answers, must not send: the lease may end before the answer.
  if (engine.clock.monotonic() - claimedAt > leaseMs - callDeadlineMs - 5_000) {
    await giveBack(engine, [claim]);
    throw busyError(runtime);
  }
  const answer = await callVendor(engine, runtime, row);
  answered?.();
  const at = storeTime(engine, row, readAt);
  if ('error' in answer) {
    return outcome.settle(await outcome.failed(runtime, row, { guard, hadUnknown, at, ...answer }));
  }
  const success = { guard, at, writeId: nextWriteId(), ...(batch && { batch }), ...answer };
  return outcome.settle(await outcome.succeeded(runtime, row, success));
}

/**
 * Spends the token under the row's lock, with the lease held: the lock lives as long as this process, however long it
 * sleeps; the lease keeps others away while the database, and the lock with it, is gone and the answer is in our hands.
 */
async function underLock(
  { engine, outcome, stopping, nextWriteId }: Parts,
  runtime: ProviderRuntime,
  claim: ClaimedRow,
): Promise<ConnectionRow> {
  const { connections } = engine.store;
  const { row: seen } = claim;
  const { organizationId, id, credentialsVersion, leaseFence } = seen;
  const guard = { credentialsVersion };
  const hadUnknown = claim.marked?.hadUnknown ?? (await isSameAttempt(engine, runtime, seen));
  const progress = { sent: false };
  let received: (Answered & { guard: typeof guard; at: Date; writeId: string }) | undefined;
  let settled: Settled | null | undefined;
  try {
    settled = await connections.lock?.(organizationId, id, async (row, update): Promise<Settled> => {
      const readAt = engine.clock.monotonic();
      if (row.status === 'disconnected') return { error: endedMeanwhile(row) };
      if (row.credentialsVersion !== credentialsVersion || row.credentials === null) return { row };
      // The wait for the lock has outlived the lease, and another has taken the turn.
      if (row.leaseFence !== leaseFence) return { error: busyError(runtime) };
      if (stopping()) return { error: stoppingError(runtime) };
      progress.sent = true;
      const answer = await callVendor(engine, runtime, row);
      const at = storeTime(engine, row, readAt);
      if ('error' in answer) {
        return outcome.failed(runtime, row, { guard: { ...guard, leaseFence }, hadUnknown, at, update, ...answer });
      }
      received = { guard, at, writeId: nextWriteId(), ...answer };
      return outcome.succeeded(runtime, row, { ...received, update });
    });
  } catch (error) {
    // The lock went down with its database connection while the new token is in our hands: the compare-and-set stands.
    if (received !== undefined) settled = await outcome.succeeded(runtime, seen, received);
    else if (progress.sent || !isPlugboardError(error)) throw error;
    else settled = { error };
  }
  if (!progress.sent) await giveBack(engine, [claim]);
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
