/** A new grant: stored before anyone uses it, whatever the answer looked like and whoever wrote meanwhile. */
import type { Credentials } from '../auth/auth.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { methodOf } from '../engine.ts';
import type { JsonObject } from '../json.ts';
import type { ConnectionData, ConnectionRow } from '../store.ts';
import { sealCredentials } from './envelope.ts';
import { factsOf, vendorFacts, withFacts } from './facts.ts';
import { lifetimeOf } from './lifetime.ts';
import { persist, writeLeased } from './persist.ts';
import { endedMeanwhile, noAccessToken, withAssumedLife } from './refresh-facts.ts';
import type { RefreshHooks, Settled, Success } from './refresh-turn.ts';
import { revokeQuietly } from './revoke.ts';
import { keepShadow } from './shadow.ts';
import { announceReturn, isFlagged, unflagging } from './unreadable.ts';
import { viewOf } from './view.ts';

/** Throws only what the store throws; in lease mode it first tries for minutes. */
export type Succeed = (runtime: ProviderRuntime, row: ConnectionRow, success: Success) => Promise<Settled>;

export function createSucceed(engine: Engine, hooks: RefreshHooks): Succeed {
  const { store, events, clock, log } = engine;

  /** @param sealed The facts that the credentials of `change` were sealed with. */
  async function write(row: ConnectionRow, success: Success, change: Partial<ConnectionData>, sealed: JsonObject) {
    const { grant, guard, update, batch } = success;
    const facts = (current: ConnectionRow): Partial<ConnectionData> =>
      grant.metadata === undefined ? {} : { metadata: withFacts(current.metadata, sealed) };
    if (update !== undefined) return update({ ...change, ...facts(row) });
    if (batch !== undefined) {
      // A row that has changed since it was read is written by itself: its facts are merged, or it has been ended.
      const merged = { ...change, ...facts(row) };
      const unchanged = { ...guard, version: row.version };
      if (await persist(engine, () => batch.write(row, unchanged, merged))) return writtenRow(row, merged);
    }
    return persist(engine, () => writeLeased(engine, row, guard, (current) => ({ ...change, ...facts(current) })));
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

  return async (runtime, row, success) => {
    const credentials: Credentials = { ...success.credentials, ...success.grant.credentials };
    const { grant, warning } = withAssumedLife(row, success.grant);
    const facts = { ...factsOf(row).metadata, ...vendorFacts(grant.metadata) };
    const { id, organizationId, provider, method } = row;
    const identity = { id, organizationId, provider, method, metadata: facts };
    const sealed = await sealCredentials(engine, identity, credentials, row.credentialsVersion + 1);
    const lifetime = lifetimeOf(grant, methodOf(runtime, row.method), success.at, clock);
    // Credentials that could be spent are those that were sealed: a row that was flagged was put back.
    const recovered = recovery(row);
    const change: Partial<ConnectionData> = {
      credentials: sealed,
      ...lifetime,
      refreshExpiresAt: lifetime.refreshExpiresAt ?? row.refreshExpiresAt,
      ...(grant.scopes && { scopes: grant.scopes }),
      ...recovered,
      attemptHash: null,
      attemptAt: null,
      failCount: 0,
      lastError: null,
      writeId: success.writeId,
    };
    const written = await write(row, success, change, facts);
    hooks.changed(row);
    if (warning !== undefined) log.warn({ provider: row.provider, connectionId: row.id }, warning);
    if (written === null) return lostRace(runtime, row, credentials, success.writeId);
    if (success.grant.credentials['accessToken'] === undefined) return { error: noAccessToken(row) };
    if (recovered === undefined && !events.heard('connection.refreshed')) return { row: written };
    return {
      row: written,
      async announce() {
        const connection = viewOf(written);
        await events.emit('connection.refreshed', { connection });
        if (recovered !== undefined) await announceReturn(events, written);
      },
    };
  };
}

/** What a grant mends: its own failures, and the flag of a row that was put back. */
function recovery(row: ConnectionRow): Partial<ConnectionData> | undefined {
  const back = isFlagged(row) ? unflagging(row) : undefined;
  const { statusReason } = back ?? row;
  return statusReason === 'refresh_failing' ? { status: 'active', statusReason: null } : back;
}

/** The row as a guarded write of a batch has left it. */
function writtenRow(row: ConnectionRow, change: Partial<ConnectionData>): ConnectionRow {
  const { version, credentialsVersion } = row;
  return { ...row, ...change, version: version + 1, credentialsVersion: credentialsVersion + 1, leaseUntil: null };
}
