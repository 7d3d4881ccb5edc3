/** A database with the time of one store: what the parts of the store run their statements on. */
import { systemClock, type Clock } from '@plugboard/core/store-kit';

import type { Database, SqlRow, SqlValue, Statement } from './database.ts';
import type { Names } from './names.ts';

export interface Session {
  readonly database: Database;
  readonly names: Names;
  /** For waits inside this process. */
  readonly clock: Clock;
  /** Runs a statement whose first parameter is the time. */
  timed(statement: Statement, ...values: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  /** The first parameter of timed statements: null leaves it to the database. */
  time(): string | null;
}

export function createSession(database: Database, names: Names, clock: Clock | undefined): Session {
  const time = () => (clock === undefined ? null : new Date(clock.now()).toISOString());
  return {
    database,
    names,
    clock: clock ?? systemClock,
    time,
    timed: (statement, ...values) => database.query({ statement, values: [time(), ...values] }),
  };
}
