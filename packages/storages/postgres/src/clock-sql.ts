/**
 * The time of the store, as SQL. Parameter 1 of every statement is null, or the time of an injected clock as ISO text.
 *
 * `statement_timestamp()` is the wall time at which the server received the statement. Unlike `now()` it moves within a
 * transaction; unlike `clock_timestamp()` it is the same throughout a statement, and an index can be searched with it.
 * No statement that sets a lease waits for locks, so the time is never stale where it matters.
 * @see https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-CURRENT
 */
export const now = `date_trunc('milliseconds', coalesce($1::text::timestamptz, statement_timestamp()))`;

/** The time at which a statement answers that may have waited for a row. */
export const nowAfterWaiting = `date_trunc('milliseconds', coalesce($1::text::timestamptz, clock_timestamp()))`;

/** The time that lies a parameter's milliseconds ahead. */
export function after(parameter: number): string {
  return ahead(`$${parameter}::float8`);
}

/** The time that lies so many milliseconds ahead. */
export function ahead(milliseconds: string): string {
  return `${now} + ${milliseconds} * interval '1 millisecond'`;
}

/** Seconds since the epoch, with fractions: what `readDate` takes, and every driver hands out as a number. */
export function seconds(expression: string): string {
  return `date_part('epoch', ${expression})`;
}
