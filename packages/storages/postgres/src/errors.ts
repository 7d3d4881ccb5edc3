/** The one way from a driver's error to ours. Drivers put values into messages and details; none of that is kept. */
import { isPlugboardError, PlugboardError, type ErrorDetails } from '@plugboard/core/store-kit';

type Verdict = Pick<ErrorDetails, 'kind' | 'code' | 'message' | 'hint' | 'retryable'>;

/** SQLSTATE codes, or their two-character classes, that deserve words of their own. */
const verdicts: Readonly<Record<string, Verdict>> = {
  '08P01': preparedStatements(),
  '26000': preparedStatements(),
  '42P05': preparedStatements(),
  '23505': {
    kind: 'conflict',
    code: 'already_exists',
    message: 'The database holds another row with the same key.',
    hint: 'Read the existing row, or write under another key.',
  },
  '23503': {
    kind: 'conflict',
    code: 'unknown_organization',
    message: 'The organization does not exist in the table that organization_id references.',
    hint: 'Create the organization before connecting it.',
  },
  '25006': {
    kind: 'configuration',
    code: 'read_only_database',
    message: 'The database accepts no writes: it is a replica, or was set read-only.',
    hint: 'Give the store a client of the primary.',
  },
  '25P03': lockLost('The database ended a transaction that held a row lock for too long.'),
  '55P03': {
    kind: 'unavailable',
    code: 'lock_busy',
    message: 'Another process holds the row.',
    hint: 'Try again; the lock ends with the refresh that holds it.',
  },
  '3F000': tablesMissing(),
  '42P01': tablesMissing(),
  '42703': tablesMissing(),
  '42501': {
    kind: 'configuration',
    code: 'database_permission',
    message: 'The database role may not do this.',
    hint: 'Grant the role the rights that docs/guides/postgres.md lists.',
  },
  '40': {
    kind: 'conflict',
    code: 'serialization_failure',
    message: 'The database undid the statement because of a concurrent one.',
    hint: 'Try again.',
    retryable: true,
  },
  '28': access(),
  '3D': access(),
};
/** Connection, resources, operator intervention, system and internal errors: the same statement may work later. */
const passing: ReadonlySet<string> = new Set(['08', '53', '55', '57', '58', 'XX', 'F0']);
const sqlState = /^[0-9A-Z]{5}$/;

/** Our error for whatever a driver threw; our own errors pass unchanged. */
export function databaseError(cause: unknown): PlugboardError {
  if (isPlugboardError(cause)) return cause;
  const state = stateOf(cause);
  const verdict = verdicts[state] ?? verdicts[state.slice(0, 2)];
  if (verdict !== undefined) return new PlugboardError({ ...verdict, cause });
  // A driver's own failure (no connection, pool exhausted, timeout) has no SQLSTATE.
  if (state === '' || passing.has(state.slice(0, 2))) {
    return new PlugboardError({
      kind: 'unavailable',
      code: 'database_unavailable',
      message: `The database did not answer${state === '' ? '' : ` (SQLSTATE ${state})`}.`,
      hint: 'Try again; look at the database and the connection pool if it lasts.',
      cause,
    });
  }
  return new PlugboardError({
    kind: 'configuration',
    code: 'database_refused',
    message: `The database refused a statement (SQLSTATE ${state}).`,
    hint: 'Look up the SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html',
    cause,
  });
}

function stateOf(cause: unknown): string {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && sqlState.test(code) && /\d/.test(code) ? code : '';
}

function tablesMissing(): Verdict {
  return {
    kind: 'configuration',
    code: 'tables_missing',
    message: 'The tables of the store are missing or older than this version of the package.',
    hint: 'Run `migrate(client, options)`, or the SQL of `migrationSql(options)`, with the options of the store.',
  };
}

function preparedStatements(): Verdict {
  return {
    kind: 'configuration',
    code: 'prepared_statements',
    message: 'The connection loses prepared statements: a pooler hands each transaction to another server process.',
    hint: 'Create the store with `prepare: false`.',
  };
}

function access(): Verdict {
  return {
    kind: 'configuration',
    code: 'database_access',
    message: 'The database refused the connection: unknown role, wrong password or unknown database.',
    hint: 'Check the connection settings of the client that the store was given.',
  };
}

function lockLost(message: string): Verdict {
  return { kind: 'unavailable', code: 'lock_lost', message, hint: 'Raise `lock.holdMs`, or let the work end sooner.' };
}
