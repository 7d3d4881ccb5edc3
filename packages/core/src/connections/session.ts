/** Where clients get their credentials, at the moment of each call. */
import type { AuthMethods, Credentials } from '../auth/auth.ts';
import type { Access, Session } from '../client/access.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { methodOf } from '../engine.ts';
import { PlugboardError } from '../errors.ts';
import type { CallRow, ConnectionRow } from '../store.ts';
import { openCredentials } from './envelope.ts';
import { canRefresh, expirySkewMs } from './lifetime.ts';
import { nothingConnected } from './live-row.ts';
import { createPlatformAccess, fixedAccess, type FixedGrant } from './platform-access.ts';
import { isFresh, type Refresher } from './refresh.ts';
import { reconnectRequired } from './refresh-facts.ts';
import { isUnreadable } from './unreadable.ts';
import { newKey, platformKey, sessionKey } from './session-key.ts';

export interface Target {
  readonly organizationId: string;
  readonly label: string;
}

interface Cached {
  readonly access: Access;
  /** Monotonic time at which this copy must be read anew. */
  readonly until: number;
}

export interface Sessions {
  /** One organization's connection; falls back to the platform's credentials, then to the stub. */
  of(runtime: ProviderRuntime, target: Target): Session;
  /** The platform's own credentials, or the stub, without an organization. */
  platform(runtime: ProviderRuntime): Session;
  /** The same for a client that the host has asked for. */
  platformClient(runtime: ProviderRuntime): Session;
  /** A given row, for health checks and jobs: no cache, no fallback, no refresh beyond what is due. */
  row(runtime: ProviderRuntime, row: ConnectionRow): Session;
  /** That connection alone, for reads that go on for long: renewed like that of a client, and without any fallback. */
  only(runtime: ProviderRuntime, row: ConnectionRow): Session;
  /** Drops what is cached of a connection: after every local change. */
  forget(connection: Target & { readonly provider: string }): void;
}

const longestCache = 10_000;

/** @param ready Resolves once the keys are known to fit the store, undefined from then on; nothing is read before. */
export function createSessions(engine: Engine, refresher: Refresher, ready: () => Promise<void> | undefined): Sessions {
  const cache = new Map<string, Cached>();
  const warned = new Set<string>();
  const platformAccess = createPlatformAccess(engine);

  function platform(runtime: ProviderRuntime): Session {
    const key = platformKey(runtime.definition.id);
    return {
      runtime,
      limitKey: key,
      cacheKey: key,
      access: () => fallback(runtime, undefined),
      renew: (version) => platformAccess.renew(runtime, version),
    };
  }

  async function fallback(runtime: ProviderRuntime, target: Target | undefined): Promise<Access> {
    const access = platformAccess.of(runtime);
    if (access === undefined) throw notConnected(runtime, target);
    return access;
  }

  /** A row that does not open is flagged, and one that opens again is not any more. */
  async function ofRow(runtime: ProviderRuntime, row: ConnectionRow) {
    let usable = row;
    try {
      usable = await refresher.fresh(runtime, row);
      const credentials = await openCredentials(engine, usable);
      if (usable.status === 'error') await engine.unreadable.opened(usable);
      return { usable, access: accessOf(usable, credentials) };
    } catch (error) {
      await engine.unreadable.note(usable, error);
      throw error;
    }
  }

  async function renewed(runtime: ProviderRuntime, row: ConnectionRow, version: number): Promise<Access | null> {
    if (row.credentials === null || !canRefresh(methodOf(runtime, row.method))) return null;
    const fresh = await refresher.force(runtime, row, version);
    return accessOf(fresh, await openCredentials(engine, fresh));
  }

  async function current(runtime: ProviderRuntime, { organizationId, id }: ConnectionRow): Promise<ConnectionRow> {
    const row = await engine.store.connections.get(organizationId, id);
    if (row === null || isHidden(runtime, row)) throw nothingConnected(runtime.definition.id);
    requireUsable(runtime, row);
    return row;
  }

  function remember(key: string, row: CallRow, access: Access): void {
    if (engine.cacheMs === 0) return;
    const left =
      row.tokenExpiresAt === null ? engine.cacheMs : row.tokenExpiresAt.getTime() - row.readAt.getTime() - expirySkewMs;
    if (cache.size >= longestCache) cache.delete(cache.keys().next().value as string);
    cache.set(key, { access, until: engine.clock.monotonic() + Math.min(engine.cacheMs, left) });
  }

  async function find(runtime: ProviderRuntime, target: Target): Promise<ConnectionRow | null> {
    const row = await engine.store.connections.find(target.organizationId, {
      provider: runtime.definition.id,
      label: target.label,
    });
    return row === null || isHidden(runtime, row) ? null : row;
  }

  /** What `of` gives where memory has nothing: one read, unless there is more to do than to open what it brings. */
  async function read(runtime: ProviderRuntime, target: Target, key: string): Promise<Access> {
    const checking = ready();
    if (checking !== undefined) await checking;
    const place = { provider: runtime.definition.id, label: target.label };
    const part = await engine.store.connections.findForCall?.(target.organizationId, place);
    if (part === null) return fallback(runtime, target);
    if (part !== undefined && part.status !== 'error' && isFresh(part) && !isHidden(runtime, part)) {
      requireUsable(runtime, part);
      try {
        const access = accessOf(part, await openCredentials(engine, part));
        remember(key, part, access);
        return access;
      } catch (error) {
        // What does not open is judged by the whole row.
        if (!isUnreadable(error)) throw error;
      }
    }
    const row = await find(runtime, target);
    if (row === null) return fallback(runtime, target);
    requireUsable(runtime, row);
    const { usable, access } = await ofRow(runtime, row);
    remember(key, usable, access);
    return access;
  }

  return {
    of(runtime, target) {
      const key = sessionKey(runtime.definition.id, target);
      return {
        runtime,
        organizationId: target.organizationId,
        limitKey: key,
        cacheKey: key,
        access() {
          const cached = cache.get(key);
          if (cached !== undefined && cached.until > engine.clock.monotonic()) return cached.access;
          return read(runtime, target, key);
        },
        async renew(version) {
          cache.delete(key);
          const row = await find(runtime, target);
          return row === null ? platformAccess.renew(runtime, version) : renewed(runtime, row, version);
        },
      };
    },
    platform,
    platformClient(runtime) {
      const { id, auth } = runtime.definition;
      // Nothing in development would tell that its calls cannot work anywhere else.
      if (engine.mode === 'development' && platformNames(auth).length === 0 && !warned.has(id)) {
        warned.add(id);
        engine.log.warn({ provider: id }, 'a client without an organization works on the stand-in alone: pass one');
      }
      return platform(runtime);
    },
    row: (runtime, row) => ({
      ...sessionOf(runtime, row),
      access: async () => (await ofRow(runtime, row)).access,
      renew: async () => null,
    }),
    only: (runtime, row) => ({
      ...sessionOf(runtime, row),
      access: async () => (await ofRow(runtime, await current(runtime, row))).access,
      renew: async (version) => renewed(runtime, await current(runtime, row), version),
    }),
    forget(connection) {
      cache.delete(sessionKey(connection.provider, connection));
    },
  };
}

function sessionOf(runtime: ProviderRuntime, target: Target) {
  const key = sessionKey(runtime.definition.id, target);
  return { runtime, organizationId: target.organizationId, limitKey: key, cacheKey: key };
}

/** A connection that has ended; and a production board never uses what a stub made. */
function isHidden(runtime: ProviderRuntime, row: CallRow): boolean {
  return row.status === 'disconnected' || (row.stub && !runtime.stub);
}

/** Access that needs no row and never changes: by a grant about to be stored. */
export function fixedSession(
  runtime: ProviderRuntime,
  grant: FixedGrant & { readonly organizationId: string },
  rest: Partial<Access> = {},
): Session {
  const { organizationId } = grant;
  const access = fixedAccess(runtime, grant, rest);
  return {
    runtime,
    organizationId,
    limitKey: newKey(runtime.definition.id, organizationId),
    access: async () => access,
    renew: async () => null,
  };
}

function accessOf(row: CallRow, credentials: Credentials): Access {
  const { method, account, metadata, settings, scopes, credentialsVersion: version, stub } = row;
  return { method, credentials, account, metadata, settings, scopes, connectionId: row.id, version, stub };
}

/** @throws PlugboardError kind `auth`: `reconnect_required`, `account_choice`; kind `configuration`: `unknown_method`. */
function requireUsable(runtime: ProviderRuntime, row: CallRow): void {
  if (row.status === 'expired' || row.credentials === null) {
    throw reconnectRequired(row, row.statusReason ?? 'unknown reason');
  }
  if (row.status === 'pending') {
    throw new PlugboardError({
      kind: 'auth',
      code: 'account_choice',
      message: `The ${row.provider} connection waits for the choice of an account.`,
      hint: 'Show the choices of board.accounts.choices() and call board.accounts.choose().',
      provider: row.provider,
    });
  }
  methodOf(runtime, row.method);
}

function notConnected(runtime: ProviderRuntime, target: Target | undefined): PlugboardError {
  const { id, auth } = runtime.definition;
  const ways = Object.values(auth).map((method) => (method.kind === 'oauth2' ? 'authorize' : 'connect'));
  const how = [...new Set(ways)].map((way) => `board.${way}('${id}', ...)`).join(' or ');
  return new PlugboardError({
    kind: 'auth',
    code: 'not_connected',
    message:
      target === undefined
        ? `The platform has no credentials for ${id}.`
        : `The organization has no ${id} connection with the label \`${target.label}\`.`,
    hint: target === undefined ? platformHint(auth) : `Connect it first with ${how}.`,
    provider: id,
  });
}

/** Environment names of each way in which the platform's own credentials may come. */
function platformNames(auth: AuthMethods): readonly (readonly string[])[] {
  return Object.values(auth).flatMap((method) => ('env' in method ? [Object.values(method.env ?? {})] : []));
}

function platformHint(auth: AuthMethods): string {
  const sets = platformNames(auth);
  if (sets.length === 0) return 'It has none that would serve every organization: pass an organizationId.';
  return `Set ${sets.map((names) => names.join(', ')).join(', or ')}; or pass an organizationId.`;
}
