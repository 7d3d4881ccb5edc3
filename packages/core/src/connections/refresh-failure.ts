/** A refresh without a new grant: judged, paced, and ended only by a refusal that was confirmed. */
import type { Engine, ProviderRuntime } from '../engine.ts';
import { isPlugboardError, type PlugboardError } from '../errors.ts';
import type { ConnectionData, ConnectionRow } from '../store.ts';
import { sealCredentials } from './envelope.ts';
import { attemptHashOf } from './refresh-attempt.ts';
import type { Breakers } from './provider-breaker.ts';
import { needsMark } from './refresh-attempt.ts';
import {
  backoffMs,
  longestBackoffMs,
  endedMeanwhile,
  errorRecord,
  firstBackoffMs,
  isHeldBack,
  isOutage,
  isUnknownOutcome,
  reconnectRequired,
} from './refresh-facts.ts';
import type { RefreshHooks, Refusal, Settled, Turn } from './refresh-turn.ts';
import { takeShadow } from './shadow.ts';
import { degradedBefore, flagging, isAltered, isKeyMissing, mayFlag } from './unreadable.ts';
import { viewOf } from './view.ts';

/** A refusal counts only when it is repeated after this: the first may answer a race or a replica that lags. */
const confirmAfterMs = 60_000;
/** A server that was heard of so recently fails now and then. */
const flappingMs = 60_000;

/** What a turn without a grant writes: when the next one is due is always part of it. */
type Noted = Partial<ConnectionData> & Pick<ConnectionData, 'refreshAt'>;

export interface Failing {
  /** Settles with a row where somebody else's newer credentials, or a shadow candidate, save the call. */
  failed(runtime: ProviderRuntime, row: ConnectionRow, refusal: Refusal): Promise<Settled>;
  /** Ends a connection for good; the result holds the error to throw. */
  end(row: ConnectionRow, turn: Turn, reason: string): Promise<Settled>;
}

export function createFailing(engine: Engine, hooks: RefreshHooks, breakers: Breakers): Failing {
  const { store, events, clock, unreadable } = engine;

  async function failed(runtime: ProviderRuntime, row: ConnectionRow, refusal: Refusal): Promise<Settled> {
    const { error } = refusal;
    if (!isPlugboardError(error)) throw error;
    const current = await store.connections.get(row.organizationId, row.id);
    if (current === null || current.status === 'disconnected') return { error: endedMeanwhile(row) };
    if (current.credentialsVersion !== row.credentialsVersion) return { row: current };
    if (isKeyMissing(error)) {
      // Says something of this process and nothing of the connection.
      await note(row, refusal, { refreshAt: new Date(refusal.at.getTime() + confirmAfterMs), ...unmark(refusal) });
      return { error, announce: () => unreadable.keyMissing(row) };
    }
    if (isAltered(error) && mayFlag(current)) {
      const flag = flagging(current, error);
      const flagged = await note(row, refusal, {
        ...flag,
        refreshAt: new Date(refusal.at.getTime() + longestBackoffMs),
        ...unmark(refusal),
      });
      const tell = async () => void (flagged && (await events.attention(viewOf(flagged), flag.statusReason)));
      return { error, announce: tell };
    }
    if (error.kind === 'configuration' && refusal.ofHost) return pause(runtime, row, refusal, error);
    if (error.kind === 'auth') {
      // Who judges the grant has taken the app for what it is.
      if (refusal.ofHost) breakers.closed(runtime);
      return refuse(runtime, row, refusal, error);
    }
    if (isHeldBack(error)) {
      // Our own limits: the vendor was not asked, so it has said nothing of the connection.
      const refreshAt = new Date(refusal.at.getTime() + (error.retryAfterMs ?? firstBackoffMs));
      await note(row, refusal, { refreshAt, ...unmark(refusal) });
      return { error };
    }
    if (refusal.ofHost && isOutage(error)) breakers.failed(runtime);
    const flapping = isOutage(error) && breakers.heardWithin(runtime, flappingMs);
    const pauseMs = backoffMs(row.failCount, error, flapping);
    const backoff = error.retryAfterMs ?? pauseMs * (0.9 + 0.2 * clock.random());
    const failing = row.failCount + 1 >= 3 && row.status === 'active';
    const written = await note(row, refusal, {
      failCount: row.failCount + 1,
      lastError: { ...errorRecord(error, refusal.at), ...degradedBefore(current) },
      refreshAt: new Date(refusal.at.getTime() + backoff),
      ...(isUnknownOutcome(error) ? {} : unmark(refusal)),
      ...(failing && { status: 'degraded' as const, statusReason: 'refresh_failing' }),
    });
    if (!failing || written === null) return { error };
    const connection = viewOf(written);
    return { error, announce: () => events.attention(connection, 'refresh_failing') };
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
      // Not all in the same moment once the server takes the app again.
      refreshAt: new Date(refusal.at.getTime() + waitMs * (1 + 0.2 * clock.random())),
      ...unmark(refusal),
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
        // Two have spent the token before it: should the vendor refuse it as well, the race has cost the grant.
        attemptHash: await attemptHashOf(engine, runtime, {
          ...row,
          credentials,
          credentialsVersion: row.credentialsVersion + 1,
        }),
        attemptAt: row.readAt,
      });
      if (saved !== null) return { row: saved };
    }
    // The token is of before the restore, and was spent since: a second use would be one more reuse.
    if (engine.restored !== undefined && needsMark(runtime, row)) return end(row, refusal, 'rotation_lost');
    const confirmed = row.failCount > 0 && (row.lastError as { code?: string } | null)?.code === 'refresh_refused';
    if (confirmed) {
      const reason =
        refusal.hadUnknown || (row.lastError as { unknown?: boolean }).unknown === true ? 'rotation_lost' : 'revoked';
      return end(row, refusal, reason);
    }
    await note(row, refusal, {
      failCount: row.failCount + 1,
      lastError: {
        ...errorRecord(error, refusal.at),
        code: 'refresh_refused',
        ...(refusal.hadUnknown && { unknown: true }),
        ...degradedBefore(row),
      },
      refreshAt: new Date(refusal.at.getTime() + confirmAfterMs * (1 + 0.2 * clock.random())),
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
    hooks.changed(row);
    const error = reconnectRequired(row, reason);
    if (written === null) return { error };
    return {
      error,
      record: () =>
        events.audit({
          organizationId: row.organizationId,
          connectionId: row.id,
          provider: row.provider,
          type: 'connection.expired',
          actor: 'vendor',
          data: { reason, before: row.status },
        }),
      announce: () => events.attention(viewOf(written), reason),
    };
  }

  /** Writes the result of a turn and, in lease mode, gives the turn back. */
  async function note(row: ConnectionRow, turn: Turn, change: Noted): Promise<ConnectionRow | null> {
    const update = turn.update ?? ((data) => store.connections.update(row.organizationId, row.id, turn.guard, data));
    const written = await update(change);
    const { leaseFence } = turn.guard;
    if (leaseFence !== undefined) {
      await store.connections.release(row.organizationId, row.id, leaseFence, change.refreshAt);
    }
    return written;
  }

  return { failed, end };
}

/** Takes the mark of this attempt away, which the vendor has not acted on; that of an earlier one, whose end nobody knows, stays. */
function unmark({ hadUnknown }: Refusal): Partial<ConnectionData> {
  return hadUnknown ? {} : { attemptHash: null, attemptAt: null };
}
