/** The pages of one run, from wherever the stored row says that they go on. */
import type { Access, Session } from '../client/access.ts';
import { createApi } from '../client/api.ts';
import type { Sessions } from '../connections/session.ts';
import type { Engine } from '../engine.ts';
import { isPlugboardError, PlugboardError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { StreamPage } from '../sync-stream.ts';
import { countsOf } from './failure.ts';
import type { Hold } from './hold.ts';
import { beginPass, restartPass, type Pass } from './pass.ts';
import type { StreamTask } from './task.ts';

export interface Reader {
  /** Of the pass under way: it changes when the vendor no longer knows where it was. */
  readonly pass: Pass;
  /** Asks for the next page. An empty one without a cursor is the end. */
  next(): Promise<StreamPage<unknown>>;
  close(): Promise<void>;
}

export interface Run {
  readonly engine: Engine;
  readonly sessions: Sessions;
  readonly task: StreamTask;
  readonly hold: Hold;
  readonly signal: AbortSignal;
}

export async function openReader({ engine, sessions, task, hold, signal }: Run): Promise<Reader> {
  const { runtime, connection, stream, options } = task;
  const session = sessions.only(runtime, connection);
  const access = await session.access();
  const api = createApi(engine, ofSameAccount(session, access), access, `streams.${hold.row.stream}`);
  const accountId = access.account?.id ?? null;
  const first = await beginPass(engine, hold.row, { stream, accountId, options });
  let position: JsonObject | null;
  let restarted = false;
  let { pass, pages } = await begin(first);

  async function begin(fresh: Pass) {
    const { startedAt, mark, since, cursor, records, pages: count } = fresh;
    position = cursor;
    await hold.save({ accountId, startedAt, mark, records, pages: count, ...(cursor === null && { cursor }) });
    if (fresh.restarted !== undefined)
      await engine.events.emit('sync.restarted', { ...countsOf(hold.row), reason: fresh.restarted });
    const read = stream.read(api, { cursor, since, startedAt, signal });
    return { pass: fresh, pages: read[Symbol.asyncIterator]() };
  }

  /** Once a run: what fails again at the very beginning is no matter of where it was. */
  function mustRestart(error: unknown): boolean {
    const lost = isPlugboardError(error) && stream.isExpired(error) && (position !== null || pass.mark !== null);
    return lost && !restarted;
  }

  const reader: Reader = {
    get pass() {
      return pass;
    },
    async next() {
      try {
        const step = await pages.next();
        if (step.done === true) return { records: [], cursor: null };
        position = step.value.cursor;
        return step.value;
      } catch (error) {
        if (!mustRestart(error)) throw error;
        restarted = true;
        ({ pass, pages } = await begin(restartPass({ ...pass, cursor: position }, hold.row.readAt, task)));
        return reader.next();
      }
    },
    async close() {
      await pages.return?.();
    },
  };
  return reader;
}

/** Pages of two accounts must not end up in one pass. */
function ofSameAccount(session: Session, first: Access): Session {
  const same = (access: Access): Access => {
    if (access.account?.id === first.account?.id) return access;
    throw new PlugboardError({
      kind: 'conflict',
      code: 'account_changed',
      message: 'The connection was given another account while a stream of it was read.',
      hint: 'The next run reads the new account from its beginning.',
      provider: session.runtime.definition.id,
      retryable: true,
    });
  };
  return {
    ...session,
    access: async () => same(await session.access()),
    async renew(version) {
      const access = await session.renew(version);
      return access && same(access);
    },
  };
}
