/**
 * Refresh: at most one in flight per connection over all processes, nothing lost that was received, no connection
 * ended by an outage. The row decides; processes only take turns.
 */
import { refreshPolicyOf, type Credentials, type Grant } from '../auth/auth.ts';
import { callsVendor, createOAuthClient, refreshGrant } from '../auth/oauth-client.ts';
import { encodeHex, encodeUtf8 } from '../bytes.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { methodOf } from '../engine.ts';
import { PlugboardError } from '../errors.ts';
import { hasOwnHosts, inputOf } from '../hosts.ts';
import { randomToken } from '../random.ts';
import { reveal } from '../secret.ts';
import type { ConnectionRow } from '../store.ts';
import { openCredentials } from './envelope.ts';
import { canRefresh, expirySkewMs } from './lifetime.ts';
import { oauthContext, stateOf } from './oauth-context.ts';
import { createRefreshOutcome, type Refusal, type RefreshHooks, type RefreshOutcome } from './refresh-outcome.ts';
import type { Settled } from './refresh-outcome.ts';

/** Longest a token call may take; undershooting it is itself a way to lose a rotated token. */
const callDeadlineMs = 45_000;
/** A lease outlives the call by a margin for pauses and writes. */
const leaseMs = callDeadlineMs + 30_000;
/** Longest a caller waits for another process's refresh. */
const waitBudgetMs = callDeadlineMs + 15_000;
/** A caller may force a refresh of one version this often at most. */
const forcedGapMs = 30_000;

export interface Refresher {
  /** The row itself while its token is good; otherwise the row after a refresh. */
  fresh(runtime: ProviderRuntime, row: ConnectionRow): Promise<ConnectionRow>;
  /** A refresh after the vendor refused the token of `version`; a newer row is returned as it is. */
  force(runtime: ProviderRuntime, row: ConnectionRow, version: number): Promise<ConnectionRow>;
  /** A refresh of a row whose lease the caller already holds. */
  claimed(runtime: ProviderRuntime, row: ConnectionRow): Promise<ConnectionRow>;
  /** Waits for refreshes in flight; none starts after it. */
  drain(): Promise<void>;
}

interface Parts {
  readonly engine: Engine;
  readonly outcome: RefreshOutcome;
}

export function createRefresher(engine: Engine, hooks: RefreshHooks): Refresher {
  const flights = new Map<string, Promise<ConnectionRow>>();
  const outcome = createRefreshOutcome(engine, hooks);
  const parts: Parts = { engine, outcome };
  let stopping = false;

  /** Joins the flight of this version in this process, or starts it. */
  function single(
    runtime: ProviderRuntime,
    row: ConnectionRow,
    run: () => Promise<ConnectionRow>,
  ): Promise<ConnectionRow> {
    const key = `${row.id}/${row.credentialsVersion}`;
    const running = flights.get(key);
    if (running !== undefined) return running;
    if (stopping) return Promise.reject(stoppingError(runtime));
    const flight = run().finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  }

  const refresh = (runtime: ProviderRuntime, row: ConnectionRow) =>
    single(runtime, row, () =>
      usesLock(engine, runtime, row) ? underLock(parts, runtime, row) : underLease(parts, runtime, row),
    );

  return {
    async fresh(runtime, row) {
      const left = remainingMs(row);
      const method = methodOf(runtime, row.method);
      if (left > expirySkewMs && !isDue(row)) return row;
      if (!canRefresh(method)) return left > 0 ? row : outcome.expire(row, 'token_expired');
      if (left <= expirySkewMs) return refresh(runtime, row);
      if (refreshPolicyOf(method)?.oldAccessTokenDies === true) return refresh(runtime, row);
      // The token is still good: hand it out now and renew behind the caller, who need not hear of a failure yet.
      if (row.leaseUntil === null || row.leaseUntil <= row.readAt) refresh(runtime, row).catch(() => undefined);
      return row;
    },
    async force(runtime, row, version) {
      if (row.credentialsVersion !== version) return row;
      if (row.attemptAt !== null && row.readAt.getTime() - row.attemptAt.getTime() < forcedGapMs && row.failCount > 0) {
        throw outcome.coolingDown(row);
      }
      return refresh(runtime, row);
    },
    claimed: (runtime, row) => single(runtime, row, () => withLease(parts, runtime, row, engine.clock.monotonic())),
    async drain() {
      stopping = true;
      await Promise.allSettled(flights.values());
    },
  };
}

function remainingMs(row: ConnectionRow): number {
  return row.tokenExpiresAt === null ? Number.POSITIVE_INFINITY : row.tokenExpiresAt.getTime() - row.readAt.getTime();
}

function isDue(row: ConnectionRow): boolean {
  return row.refreshAt !== null && row.refreshAt <= row.readAt;
}

/** Where a second use of the refresh token may kill the grant, no pause may outlive the turn: the row lock. */
function usesLock(engine: Engine, runtime: ProviderRuntime, row: ConnectionRow): boolean {
  if (engine.store.connections.lock === undefined) return false;
  const rotation = refreshPolicyOf(methodOf(runtime, row.method))?.rotation;
  return rotation === 'strict' || rotation === 'unknown';
}

async function underLease(parts: Parts, runtime: ProviderRuntime, seen: ConnectionRow): Promise<ConnectionRow> {
  const { engine, outcome } = parts;
  const started = engine.clock.monotonic();
  for (let row = seen; ;) {
    outcome.requireTurn(runtime, row);
    const claimedAt = engine.clock.monotonic();
    const attemptHash = await attemptHashOf(engine, runtime, row);
    const leased = await engine.store.connections.lease(row.organizationId, row.id, {
      credentialsVersion: row.credentialsVersion,
      leaseMs,
      attemptHash,
    });
    if (leased !== null) return withLease(parts, runtime, { ...leased, attemptHash: row.attemptHash }, claimedAt);
    const current = await outcome.reread(row);
    if (current.credentialsVersion !== seen.credentialsVersion) return current;
    if (engine.clock.monotonic() - started > waitBudgetMs) throw busyError(runtime);
    await engine.clock.sleep(50 + 150 * engine.clock.random());
    row = current;
  }
}

/** Spends the token under a held lease. `row.attemptHash` is the mark that was there before the lease. */
async function withLease(
  { engine, outcome }: Parts,
  runtime: ProviderRuntime,
  row: ConnectionRow,
  claimedAt: number,
): Promise<ConnectionRow> {
  const guard = { credentialsVersion: row.credentialsVersion, leaseFence: row.leaseFence };
  const hadUnknown = await isSameAttempt(engine, runtime, row);
  // A process that slept since its claim must not send: the lease may end before the answer.
  if (engine.clock.monotonic() - claimedAt > leaseMs - callDeadlineMs - 5_000) throw busyError(runtime);
  const answer = await callVendor(engine, runtime, row);
  if ('error' in answer) return outcome.settle(await outcome.failed(runtime, row, { guard, hadUnknown, ...answer }));
  return outcome.settle(await outcome.succeeded(runtime, row, { guard, writeId: randomToken(12), ...answer }));
}

async function underLock(
  { engine, outcome }: Parts,
  runtime: ProviderRuntime,
  seen: ConnectionRow,
): Promise<ConnectionRow> {
  outcome.requireTurn(runtime, seen);
  const { connections } = engine.store;
  const { organizationId, id, credentialsVersion } = seen;
  const guard = { credentialsVersion };
  const attemptHash = await attemptHashOf(engine, runtime, seen);
  const hadUnknown = await isSameAttempt(engine, runtime, seen);
  // A statement of its own: a mark inside the transaction would vanish in the crash that it must report.
  const marked = await connections.update(organizationId, id, guard, { attemptHash, attemptAt: seen.readAt });
  if (marked === null) return outcome.reread(seen);
  let received: (Answered & { guard: typeof guard; writeId: string }) | undefined;
  let settled: Settled | null | undefined;
  try {
    settled = await connections.lock?.(organizationId, id, async (row, update): Promise<Settled> => {
      if (row.credentialsVersion !== credentialsVersion || row.credentials === null) return { row };
      if (row.failCount > seen.failCount) return { error: outcome.coolingDown(row) };
      const answer = await callVendor(engine, runtime, row);
      if ('error' in answer) return outcome.failed(runtime, row, { guard, hadUnknown, update, ...answer });
      received = { guard, writeId: randomToken(12), ...answer };
      return outcome.succeeded(runtime, row, { ...received, update });
    });
  } catch (error) {
    // The lock went down with its database connection while the new token is in our hands: the compare-and-set stands.
    if (received === undefined) throw error;
    settled = await outcome.succeeded(runtime, seen, received);
  }
  return settled ? outcome.settle(settled) : outcome.reread(seen);
}

type Answered = { readonly grant: Grant; readonly credentials: Credentials };
type Failed = Pick<Refusal, 'error' | 'ofHost'>;

async function callVendor(engine: Engine, runtime: ProviderRuntime, row: ConnectionRow): Promise<Answered | Failed> {
  let credentials: Credentials | undefined;
  try {
    credentials = await openCredentials(engine, row);
    return { grant: await spend(engine, runtime, row, credentials), credentials };
  } catch (error) {
    return { error, ofHost: credentials !== undefined && actsAsHost(runtime, row, credentials) };
  }
}

/** Whether the client that asks is the host's own, at a server that is everybody's. */
function actsAsHost(runtime: ProviderRuntime, row: ConnectionRow, credentials: Credentials): boolean {
  if ('mint' in methodOf(runtime, row.method)) return false;
  const { definition, app } = runtime;
  return !hasOwnHosts(definition, { app, credentials, input: inputOf(row.metadata), metadata: row.metadata });
}

async function spend(
  engine: Engine,
  runtime: ProviderRuntime,
  row: ConnectionRow,
  credentials: Credentials,
): Promise<Grant> {
  const method = methodOf(runtime, row.method);
  if (!callsVendor(method)) {
    throw new PlugboardError({
      kind: 'configuration',
      code: 'not_refreshable',
      message: `\`${row.method}\` has no refresh.`,
    });
  }
  const context = oauthContext(engine, runtime, row.organizationId);
  return refreshGrant(createOAuthClient(context, method, stateOf(row, credentials)), method);
}

/** Keyed hash of what a refresh would spend; tells later whether this very token was already sent once. */
async function attemptHashOf(
  engine: Engine,
  runtime: ProviderRuntime,
  row: ConnectionRow,
  keyId = engine.vault.primaryKeyId,
): Promise<string | null> {
  const policy = refreshPolicyOf(methodOf(runtime, row.method));
  if (policy === undefined) return null;
  const value = (await openCredentials(engine, row))[policy.spends ?? 'refreshToken'];
  if (value === undefined) return null;
  return `${keyId}.${encodeHex(await engine.vault.mac('refresh.attempt', encodeUtf8(reveal(value)), keyId)).slice(0, 32)}`;
}

/** True when the row carries the mark of an earlier use of the very token that is about to be spent. */
async function isSameAttempt(engine: Engine, runtime: ProviderRuntime, row: ConnectionRow): Promise<boolean> {
  const keyId = row.attemptHash?.split('.')[0];
  if (keyId === undefined || !engine.vault.keyIds.includes(keyId)) return false;
  return row.attemptHash === (await attemptHashOf(engine, runtime, row, keyId));
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
