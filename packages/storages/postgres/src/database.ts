/** What the store asks of a driver. */

/** A statement's text never depends on input, so that it can be prepared once for each connection. */
export interface Statement {
  readonly text: string;
  /** Name of the prepared statement; absent for statements that run once. */
  readonly name?: string;
}

/** Nothing else is sent: how drivers encode dates, bytes, arrays and JSON differs, and hosts change it. */
export type SqlValue = string | number | boolean | null;

/** Columns in the order of the statement. Column names are not used, because hosts have drivers rename them. */
export type SqlRow = readonly unknown[];

export interface Call {
  readonly statement: Statement;
  readonly values?: readonly SqlValue[];
}

/** An interactive transaction at READ COMMITTED. Exactly one of `commit` and `rollback` ends it. */
export interface Transaction {
  query(call: Call): Promise<readonly SqlRow[]>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

export interface Database {
  /** False when the database lives inside this process. */
  readonly shared: boolean;
  /** Most connections the driver opens, where it has a pool. */
  readonly poolSize?: number;
  query(call: Call): Promise<readonly SqlRow[]>;
  /** All calls in one transaction at READ COMMITTED, in order; all or none take effect. Answers the rows of the last. */
  batch(calls: readonly Call[]): Promise<readonly SqlRow[]>;
  /** Absent where a transaction cannot stay open while we wait for something else. */
  begin?(): Promise<Transaction>;
}
