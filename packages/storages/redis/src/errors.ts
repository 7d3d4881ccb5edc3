/** The one way from a client's error to ours. Replies quote keys and clients keep arguments; none of that is kept. */
import { isPlugboardError, PlugboardError, type ErrorDetails } from '@plugboard/core/store-kit';

type Verdict = Pick<ErrorDetails, 'kind' | 'code' | 'message' | 'hint' | 'retryable'>;

/** First words of replies that deserve words of their own. */
const verdicts: Readonly<Record<string, Verdict>> = {
  READONLY: {
    kind: 'unavailable',
    code: 'read_only_database',
    message: 'This Redis accepts no writes: it is a replica, or became one in a failover.',
    hint: 'Give the store a client that follows the primary: Sentinel, Cluster or the endpoint of the primary.',
  },
  OOM: {
    kind: 'unavailable',
    code: 'database_full',
    message: 'Redis has used the memory it may, and refuses writes.',
    hint: 'Raise `maxmemory`; find out what else fills this Redis.',
  },
  NOPERM: {
    kind: 'configuration',
    code: 'database_permission',
    message: 'The Redis user may not do this.',
    hint: 'Grant the user the rights that docs/guides/redis.md lists.',
  },
  NOAUTH: access(),
  WRONGPASS: access(),
  MOVED: clusterClient(),
  CROSSSLOT: clusterClient(),
  NOSCRIPT: {
    kind: 'unavailable',
    code: 'unknown_script',
    message: 'Redis does not hold the script.',
    hint: 'Try again; the store sends it anew.',
  },
  WRONGTYPE: unexpectedValue(),
  BROKENVALUE: unexpectedValue(),
};
/** Redis starts, persists, elects or is busy: the same command may work later. */
const passing: ReadonlySet<string> = new Set([
  'LOADING',
  'BUSY',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'ASK',
  'MISCONF',
  'NOREPLICAS',
  'UNBLOCKED',
]);

/** Our error for whatever a client threw; our own errors pass unchanged. */
export function databaseError(cause: unknown): PlugboardError {
  if (isPlugboardError(cause)) return cause;
  const reply = replyCode(cause);
  const verdict = verdicts[reply];
  if (verdict !== undefined) return new PlugboardError({ ...verdict, cause });
  // A client's own failure (no connection, closed, timeout) has no reply.
  if (reply === '' || passing.has(reply)) return unavailable(reply === '' ? '' : ` (${reply})`, cause);
  return new PlugboardError({
    kind: 'configuration',
    code: 'database_refused',
    message: `Redis refused a command (${reply}).`,
    hint: 'Look at the server: it must be Redis 7 or Valkey, and allow scripts that compute the names of keys.',
    cause,
  });
}

export function unavailable(detail: string, cause?: unknown): PlugboardError {
  return new PlugboardError({
    kind: 'unavailable',
    code: 'database_unavailable',
    message: `Redis did not answer${detail}.`,
    hint: 'Try again; look at Redis and at the client if it lasts. A client of node-redis wants `await client.connect()` first.',
    cause,
  });
}

/** A value that this package would not have written, or not there. */
export function brokenValue(): PlugboardError {
  return new PlugboardError(unexpectedValue());
}

/** The first word of a reply; empty for an error that is none. */
function replyCode(error: unknown): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined;
  // What Redis says in a script, where it says NOPERM elsewhere.
  if (typeof message === 'string' && message.startsWith("ERR The user executing the script can't")) return 'NOPERM';
  return (typeof message === 'string' && /^[A-Z]{3,20}(?= )/.exec(message)?.[0]) || '';
}

function unexpectedValue(): Verdict {
  return {
    kind: 'configuration',
    code: 'unexpected_value',
    message: 'A value in Redis is not as this package writes it, or a part of it is missing.',
    hint: 'Something else writes below the prefix of the store, or Redis lost keys. Give the store a prefix of its own; remove the connection and connect again.',
  };
}

function access(): Verdict {
  return {
    kind: 'configuration',
    code: 'database_access',
    message: 'Redis refused the connection: unknown user or wrong password.',
    hint: 'Check the connection settings of the client that the store was given.',
  };
}

function clusterClient(): Verdict {
  return {
    kind: 'configuration',
    code: 'cluster_client',
    message: 'This Redis is a node of a cluster, and holds other keys.',
    hint: 'Give the store a cluster client: `Cluster` of ioredis, or createCluster() of node-redis.',
  };
}
