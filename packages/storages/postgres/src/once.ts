import { checkEntries, checkOnce, checkOnceKey, type OnceStore } from '@plugboard/core/store-kit';

import { after, now } from './clock-sql.ts';
import { statement } from './connections-sql.ts';
import type { SqlRow } from './database.ts';
import type { Names } from './names.ts';
import { readText } from './read-value.ts';
import type { Session } from './session.ts';

export function createOnce(session: Session): OnceStore {
  const { database, timed, time } = session;
  const statements = onceStatements(session.names);

  return {
    async put(request) {
      checkOnce(request);
      const { key, value, ttlMs, group = null, maxInGroup = null } = request;
      const put = { statement: statements.put, values: [time(), key, value, ttlMs, group, maxInGroup] };
      if (group === null || maxInGroup === null) return answerOf(await database.query(put));
      // Counting and storing are two things: whoever puts into the same group waits for its turn.
      return answerOf(await database.batch([{ statement: statements.queueForGroup, values: [group] }, put]));
    },
    async set(key, value, ttlMs) {
      checkOnce({ key, value, ttlMs });
      await timed(statements.set, key, value, ttlMs);
    },
    async peek(key) {
      checkOnceKey(key);
      return valueOf(await timed(statements.peek, key));
    },
    async take(key) {
      checkOnceKey(key);
      return valueOf(await timed(statements.take, key));
    },
    async entries(prefix, limit) {
      checkEntries(prefix, limit);
      const rows = await timed(statements.entries, prefix, prefix + lastText, limit);
      return new Map(rows.map(([key, value]) => [readText(key), readText(value)]));
    },
    async purge() {
      const [row] = await timed(statements.purge);
      return Number(row?.[0]);
    },
  };
}

export function onceStatements({ tables }: Names) {
  const table = tables.once;
  const insert = `insert into ${table} as t (key, value, expires_at, group_key)`;
  const replace = `on conflict (key) do update
    set value = excluded.value, expires_at = excluded.expires_at, group_key = excluded.group_key`;
  return {
    queueForGroup: statement(`select pg_advisory_xact_lock(hashtextextended($1::text, ${groupLockSeed}))`),
    put: statement(`
      with room as (
        select $5::text is null or $6::integer is null
          or (select count(*) from ${table} as t where t.group_key = $5::text and t.expires_at > ${now}) < $6::integer as free),
      stored as (
        ${insert} select $2::text, $3::text, ${after(4)}, $5::text from room where free
        ${replace} where t.expires_at <= ${now}
        returning 1)
      select case
        when exists (select from stored) then 'stored'
        when (select free from room) then 'exists'
        when exists (select from ${table} as t where t.key = $2::text and t.expires_at > ${now}) then 'exists'
        else 'full' end`),
    set: statement(`${insert} values ($2::text, $3::text, ${after(4)}, null) ${replace}`),
    peek: statement(`select t.value from ${table} as t where t.key = $2::text and t.expires_at > ${now}`),
    take: statement(`delete from ${table} as t where t.key = $2::text and t.expires_at > ${now} returning t.value`),
    entries: statement(`
      select t.key, t.value from ${table} as t
      where t.key between $2::text and $3::text and t.expires_at > ${now} order by t.key limit $4::integer`),
    purge: statement(`
      with gone as (delete from ${table} as t where t.expires_at <= ${now} returning 1)
      select count(*)::integer from gone`),
  };
}

/** Sorts, as bytes, behind whatever may follow in a key of at most 512 UTF-16 units, of which this character takes two. */
export const lastText = '\u{10ffff}'.repeat(256);

/** Keeps our advisory locks apart from those of the host. */
const groupLockSeed = 1886152039;

function valueOf(rows: readonly SqlRow[]): string | null {
  const [row] = rows;
  return row === undefined ? null : readText(row[0]);
}

function answerOf(rows: readonly SqlRow[]): 'stored' | 'exists' | 'full' {
  const answer = valueOf(rows);
  return answer === 'stored' || answer === 'full' ? answer : 'exists';
}
