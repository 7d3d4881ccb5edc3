/** What a refresh leaves behind: the new grant stored before anyone uses it, or the failure judged and paced. */
import type { Credentials, Grant } from '../auth/auth.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { methodOf } from '../engine.ts';
import { isPlugboardError, type PlugboardError } from '../errors.ts';
import type { ConnectionData, ConnectionRow, WriteGuard } from '../store.ts';
import { sealCredentials } from './envelope.ts';
import { vendorFacts } from './facts.ts';
import { lifetimeOf } from './lifetime.ts';
import { persist, writeLeased } from './persist.ts';
import { createBreakers } from './provider-breaker.ts';
import {
  backoffMs,
  coolingDown,
  endedMeanwhile,
  errorRecord,
  isUnknownOutcome,
  noAccessToken,
  reconnectRequired,
  withAssumedLife,
} from './refresh-facts.ts';
import { keepShadow, takeShadow } from './shadow.ts';
import { revokeQuietly } from './revoke.ts';
import { viewOf } from './view.ts';

/** A refusal counts only when it is repeated after this: the first may answer a race or a replica that lags. */
const confirmAfterMs = 60_000;

export interface RefreshHooks {
  /** A connection changed: caches must forget it. */
  changed(connectionId: string): void;
}

type Update = (change: Partial<ConnectionData>) => Promise<ConnectionRow | null>;

interface Turn {
  readonly guard: WriteGuard;
  /** Writes under the row lock; absent in lease mode. */
  readonly update?: Update;
}

export interface Success extends Turn {
  readonly grant: Grant;
  /** What was stored before: a vendor that omits a token means «keep it». */
  readonly credentials: Credentials;
  readonly writeId: string;
}

export interface Refusal extends Turn {
  readonly error: unknown;
  /** A mistake in the configuration would be the host's: the client is its own, and so is the server. */
  readonly ofHost: boolean;
  /** An earlier use of the same refresh token ended without an answer. */
  readonly hadUnknown: boolean;
}

/**
 * How a turn ended. Told to the caller, and to the host's handlers, only after the row lock is gone: handlers may be
 * slow, and a throw inside the lock would roll back what was just noted.
 */
export interface Settled {
  readonly row?: ConnectionRow;
  readonly error?: PlugboardError;
  readonly announce?: () => Promise<void>;
}

export interface RefreshOutcome {
  /** @throws PlugboardError while the connection or its provider cools down after failures. */
  requireTurn(runtime: ProviderRuntime, row: ConnectionRow): void;
  coolingDown(row: ConnectionRow): PlugboardError;
  reread(row: ConnectionRow): Promise<ConnectionRow>;
  /** Throws only what the store throws; in lease mode it first tries for minutes. */
  succeeded(runtime: ProviderRuntime, row: ConnectionRow, success: Success): Promise<Settled>;
  /** Settles with a row where somebody else's newer credentials, or a shadow candidate, save the call. */
  failed(runtime: ProviderRuntime, row: ConnectionRow, refusal: Refusal): Promise<Settled>;
  /** Announces, then throws or returns. */
  settle(settled: Settled): Promise<ConnectionRow>;
  /** Ends a connection that cannot be refreshed. Always throws. */
  expire(row: ConnectionRow, reason: string): Promise<ConnectionRow>;
}

export function createRefreshOutcome(engine: Engine, hooks: RefreshHooks): RefreshOutcome {
  const { store, events, clock, log } = engine;
  const breakers = createBreakers(engine);

  async function reread(row: ConnectionRow): Promise<ConnectionRow> {
    const current = await store.connections.get(row.organizationId, row.id);
    if (current !== null && current.status !== 'disconnected') return current;
    throw endedMeanwhile(row);
  }

  async function succeeded(runtime: ProviderRuntime, row: ConnectionRow, success: Success): Promise<Settled> {
    breakers.closed(runtime);
    const credentials: Credentials = { ...success.credentials, ...success.grant.credentials };
    const { grant, warning } = withAssumedLife(row, success.grant);
    const sealed = await sealCredentials(engine, row, credentials, row.credentialsVersion + 1);
    const lifetime = lifetimeOf(grant, methodOf(runtime, row.method), await store.now(), clock);
    const recovered = row.statusReason === 'refresh_failing';
    const change: Partial<ConnectionData> = {
      credentials: sealed,
      ...lifetime,
      refreshExpiresAt: lifetime.refreshExpiresAt ?? row.refreshExpiresAt,
      ...(grant.scopes && { scopes: grant.scopes }),
      ...(recovered && { status: 'active' as const, statusReason: null }),
      attemptHash: null,
      attemptAt: null,
      failCount: 0,
      lastError: null,
      writeId: success.writeId,
    };
    const facts = (current: ConnectionRow) =>
      grant.metadata && { metadata: { ...current.metadata, ...vendorFacts(grant.metadata) } };
    const written =
      success.update === undefined
        ? await persist(engine, () =>
            writeLeased(engine, row, success.guard, (current) => ({ ...change, ...facts(current) })),
          )
        : await success.update({ ...change, ...facts(row) });
    hooks.changed(row.id);
    if (warning !== undefined) log.warn({ provider: row.provider, connectionId: row.id }, warning);
    if (written === null) return lostRace(runtime, row, credentials, success.writeId);
    if (success.grant.credentials['accessToken'] === undefined) return { error: noAccessToken(row) };
    return {
      row: written,
      async announce() {
        const connection = viewOf(written);
        await events.emit('connection.refreshed', { connection });
        if (recovered) await events.emit('connection.recovered', { connection });
      },
    };
  }

  /** Our write found another state: our own earlier write, a newer one of somebody else, or an ended connection. */
  async function lostRace(
    runtime: ProviderRuntime,
    row: ConnectionRow,
    credentials: Credentials,
    writeId: string,
  ): Promise<Settled> {
    const current = await store.connections.get(row.organizationId, row.id);
    if (current?.writeId === writeId) return { row: current };
    if (current === null || current.status === 'disconnected') {
      const { organizationId, method, metadata, account } = row;
      const orphan = { organizationId, method, metadata, credentials, connectionId: row.id, accountId: account?.id };
      await revokeQuietly(engine, runtime, orphan);
      return { error: endedMeanwhile(row) };
    }
    await keepShadow(engine, row, credentials);
    return {
      row: current,
      announce: () => events.emit('connection.refresh_conflict', { connection: viewOf(current) }),
    };
  }

  async function failed(runtime: ProviderRuntime, row: ConnectionRow, refusal: Refusal): Promise<Settled> {
    const { error } = refusal;
    if (!isPlugboardError(error)) throw error;
    const current = await store.connections.get(row.organizationId, row.id);
    if (current === null || current.status === 'disconnected') return { error: endedMeanwhile(row) };
    if (current.credentialsVersion !== row.credentialsVersion) return { row: current };
    if (error.kind === 'configuration' && refusal.ofHost) return pause(runtime, row, refusal, error);
    if (error.kind === 'auth') return refuse(runtime, row, refusal, error);
    const backoff = error.retryAfterMs ?? backoffMs(row.failCount);
    const failing = row.failCount + 1 >= 3 && row.status === 'active';
    const written = await note(row, refusal, {
      failCount: row.failCount + 1,
      lastError: errorRecord(error, row),
      refreshAt: new Date(row.readAt.getTime() + backoff),
      ...(isUnknownOutcome(error) ? {} : { attemptHash: null, attemptAt: null }),
      ...(failing && { status: 'degraded' as const, statusReason: 'refresh_failing' }),
    });
    if (!failing || written === null) return { error };
    const connection = viewOf(written);
    return { error, announce: () => events.emit('connection.attention', { connection, reason: 'refresh_failing' }) };
  }

  /** The vendor refuses the host, not the connection: every connection of the provider waits, none is touched. */
  async function pause(
    runtime: ProviderRuntime,
    row: ConnectionRow,
    refusal: Refusal,
    error: PlugboardError,
  ): Promise<Settled> {
    const { waitMs, announce } = breakers.opened(runtime, error.code);
    await note(row, refusal, {
      refreshAt: new Date(row.readAt.getTime() + waitMs),
      attemptHash: null,
      attemptAt: null,
    });
    return { error, announce };
  }

  async function refuse(
    runtime: ProviderRuntime,
    row: ConnectionRow,
    refusal: Refusal,
    error: PlugboardError,
  ): Promise<Settled> {
    const shadow = await takeShadow(engine, row);
    if (shadow !== null) {
      const credentials = await sealCredentials(engine, row, shadow, row.credentialsVersion + 1);
      const saved = await note(row, refusal, {
        credentials,
        failCount: 0,
        refreshAt: row.readAt,
        attemptHash: null,
        attemptAt: null,
      });
      if (saved !== null) return { row: saved };
    }
    const confirmed = row.failCount > 0 && (row.lastError as { code?: string } | null)?.code === 'refresh_refused';
    if (confirmed) {
      const reason =
        refusal.hadUnknown || (row.lastError as { unknown?: boolean }).unknown === true ? 'rotation_lost' : 'revoked';
      return end(row, refusal, reason);
    }
    await note(row, refusal, {
      failCount: row.failCount + 1,
      lastError: { ...errorRecord(error, row), code: 'refresh_refused', ...(refusal.hadUnknown && { unknown: true }) },
      refreshAt: new Date(row.readAt.getTime() + confirmAfterMs * (1 + 0.2 * clock.random())),
      attemptHash: null,
      attemptAt: null,
    });
    return {
      error: error.with({
        code: 'refresh_refused',
        retryable: true,
        retryAfterMs: confirmAfterMs,
        provider: runtime.definition.id,
      }),
    };
  }

  async function end(row: ConnectionRow, turn: Turn, reason: string): Promise<Settled> {
    const change = {
      status: 'expired',
      statusReason: reason,
      refreshAt: null,
      attemptHash: null,
      attemptAt: null,
    } as const;
    const written = await note(row, turn, change);
    hooks.changed(row.id);
    const error = reconnectRequired(row, reason);
    if (written === null) return { error };
    return {
      error,
      async announce() {
        await events.audit({
          organizationId: row.organizationId,
          connectionId: row.id,
          provider: row.provider,
          type: 'connection.expired',
          actor: 'vendor',
          data: { reason, before: row.status },
        });
        await events.emit('connection.attention', { connection: viewOf(written), reason });
      },
    };
  }

  async function settle({ row, error, announce }: Settled): Promise<ConnectionRow> {
    await announce?.();
    if (error !== undefined) throw error;
    return row!;
  }

  /** Writes the result of a turn and, in lease mode, gives the turn back. */
  async function note(row: ConnectionRow, turn: Turn, change: Partial<ConnectionData>): Promise<ConnectionRow | null> {
    const update = turn.update ?? ((data) => store.connections.update(row.organizationId, row.id, turn.guard, data));
    const written = await update(change);
    const { leaseFence } = turn.guard;
    if (leaseFence !== undefined) {
      await store.connections.release(
        row.organizationId,
        row.id,
        leaseFence,
        change.refreshAt === undefined ? row.refreshAt : change.refreshAt,
      );
    }
    return written;
  }

  return {
    reread,
    settle,
    succeeded,
    failed,
    coolingDown,
    requireTurn(runtime, row) {
      breakers.require(runtime);
      const leased = row.leaseUntil !== null && row.leaseUntil > row.readAt;
      if (!leased && row.failCount > 0 && row.refreshAt !== null && row.refreshAt > row.readAt) throw coolingDown(row);
    },
    expire: async (row, reason) => settle(await end(row, { guard: { version: row.version } }, reason)),
  };
}
