/**
 * Holds back calls with a credential that the vendor keeps refusing. Vendors count refusals by address (one bans an address
 * after ten thousand in ten minutes), so one dead connection could cost every other organization its access.
 */
import { isPlugboardError, PlugboardError } from '../errors.ts';
import type { Access, Session } from './access.ts';

/** Refusals in a row after which calls are held back. */
export const refusalLimit = 5;
/** Milliseconds within which they must fall. */
export const refusalWindowMs = 600_000;
/** Milliseconds until one call may probe; doubled with each refused probe. */
export const firstPauseMs = 60_000;
export const longestPauseMs = 600_000;
/** For whoever comes while another call probes. */
const shortestWaitMs = 1_000;

export interface CredentialBreaker {
  /**
   * Asked before each call.
   * @throws PlugboardError kind `auth`, code `credentials_refused`, without a status: nothing was sent.
   */
  enter(session: Session, access: Access, operation: string): Passage;
}

/** One call's way past the breaker; exactly one of its members ends it. */
export interface Passage {
  /** The vendor took the credential. */
  accepted(): void;
  /** The call failed: counts when the vendor refused the credential. */
  failed(error: unknown): void;
  /** The call goes on with other credentials, fetched because these were refused: they inherit the count. */
  renewed(access: Access): void;
}

interface Entry {
  version: number;
  /** Monotonic time of the first refusal in a row. */
  since: number;
  refusals: number;
  /** Set once calls are held back. */
  pause: { ms: number; until: number } | undefined;
  /** The call that may go on while the others are held back. */
  probe: Passage | undefined;
}

const open: Passage = { accepted: () => undefined, failed: () => undefined, renewed: () => undefined };

/** @param monotonic Milliseconds since any fixed moment. */
export function createCredentialBreaker(monotonic: () => number, maxKept = 10_000): CredentialBreaker {
  const entries = new Map<string, Entry>();

  /** What is known of this credential; what is known of others of the same connection is forgotten. */
  function current(key: string, version: number): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    const stale = entry.pause === undefined && monotonic() - entry.since > refusalWindowMs;
    if (!stale && entry.version === version) return entry;
    // Calls with older credentials end late and say nothing about newer ones.
    if (stale || entry.version < version) entries.delete(key);
    return undefined;
  }

  function refused(key: string, version: number, passage: Passage): void {
    const entry = current(key, version) ?? begin(key, version);
    if (entry === undefined) return;
    entry.refusals++;
    const probed = entry.probe === passage;
    if (probed) entry.probe = undefined;
    const opens = entry.pause === undefined && entry.refusals >= refusalLimit;
    // Answers to calls that were on their way when the others were held back are no news.
    if (!probed && !opens) return;
    const ms = entry.pause === undefined ? firstPauseMs : Math.min(entry.pause.ms * 2, longestPauseMs);
    entry.pause = { ms, until: monotonic() + ms };
  }

  function begin(key: string, version: number): Entry | undefined {
    if (entries.has(key)) return undefined;
    if (entries.size >= maxKept) entries.delete(entries.keys().next().value as string);
    const entry: Entry = { version, since: monotonic(), refusals: 0, pause: undefined, probe: undefined };
    entries.set(key, entry);
    return entry;
  }

  function passageOf(key: string, access: Access): Passage {
    let { version } = access;
    const passage: Passage = {
      accepted() {
        if (current(key, version) !== undefined) entries.delete(key);
      },
      failed(error) {
        if (isRefusal(error)) return refused(key, version, passage);
        if (knowsCredential(error)) return passage.accepted();
        // Nothing was learnt: the next call may probe.
        const entry = entries.get(key);
        if (entry?.probe === passage) entry.probe = undefined;
      },
      renewed(next) {
        const entry = current(key, version);
        version = next.version;
        if (entry !== undefined) entry.version = version;
      },
    };
    return passage;
  }

  return {
    enter(session, access, operation) {
      // A session of its own is a new attempt to connect: it is what ends all this.
      if (session.cacheKey === undefined || access.stub) return open;
      const key = access.connectionId ?? `platform ${session.runtime.definition.id}`;
      const entry = current(key, access.version);
      const passage = passageOf(key, access);
      if (entry?.pause === undefined) return passage;
      const leftMs = entry.pause.until - monotonic();
      if (leftMs > 0 || entry.probe !== undefined) {
        throw heldBack(session, operation, Math.max(leftMs, shortestWaitMs));
      }
      entry.probe = passage;
      return passage;
    },
  };
}

/** The vendor itself refused the credential. */
export function isRefusal(error: unknown): boolean {
  return isPlugboardError(error) && error.kind === 'auth' && error.status !== undefined;
}

/** Refused for something else, which a vendor only looks at once it knows who asks. */
function knowsCredential(error: unknown): boolean {
  if (!isPlugboardError(error) || error.status === undefined) return false;
  return ['permission', 'not_found', 'conflict', 'invalid_request', 'invalid_response'].includes(error.kind);
}

function heldBack({ runtime, organizationId }: Session, operation: string, retryAfterMs: number): PlugboardError {
  const { id } = runtime.definition;
  return new PlugboardError({
    kind: 'auth',
    code: 'credentials_refused',
    message: `${id} refused these credentials several times in a row; nothing was sent.`,
    hint:
      organizationId === undefined
        ? 'Check the credentials of the deployment; after the pause one call asks the vendor again.'
        : 'Ask the organization to connect again; after the pause one call asks the vendor again.',
    provider: id,
    operation,
    retryAfterMs,
  });
}
