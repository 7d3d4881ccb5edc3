/** `board.sync` and `board.streams`: what hosts read, and what they have read for them. */
import { liveRow } from '../connections/live-row.ts';
import type { ConnectionTarget } from '../connections/live-row.ts';
import { providerOf, type Engine } from '../engine.ts';
import { printable } from '../printable.ts';
import { configurationError, PlugboardError } from '../errors.ts';
import type { Unsubscribe } from '../events.ts';
import { checkFields, date, flag, integer, optional, type Rules } from '../field-rules.ts';
import { member, text } from '../json.ts';
import { streamsOf } from '../provider-streams.ts';
import type { StreamRow } from '../store-sync.ts';
import type { SyncStream } from '../sync-stream.ts';
import { leaseMs } from './hold.ts';
import type { PassOptions } from './pass.ts';
import { runStream, type SyncParts } from './run.ts';
import type { StreamHandler, SyncResult } from './task.ts';

export interface StreamOptions extends Pick<PassOptions, 'since' | 'overlapMs'> {
  /** Milliseconds between two passes over one connection's stream. Default 15 minutes. */
  readonly everyMs?: number;
}

/** A stream that jobs read. */
export interface Registration {
  readonly provider: string;
  readonly stream: string;
  readonly handle: StreamHandler;
  readonly everyMs: number;
  readonly options: PassOptions;
}

export interface SyncInput extends ConnectionTarget, PassOptions {
  readonly stream: string;
  readonly handle?: StreamHandler;
  readonly signal?: AbortSignal;
}

/** How far one stream of one connection was read. */
export interface StreamStatus {
  readonly stream: string;
  /** `waiting`: nothing was read yet. `interrupted`: its reader died; a job or the next call goes on. */
  readonly state: 'waiting' | 'running' | 'interrupted' | 'failed' | 'idle';
  /** Of the pass under way, or of the last one. */
  readonly records: number;
  readonly pages: number;
  readonly startedAt: Date | null;
  /** When the last whole pass ended. */
  readonly finishedAt: Date | null;
  readonly lastError: { readonly code: string; readonly message: string; readonly at: string } | null;
  /** When a job reads it next; null: none does. */
  readonly nextAt: Date | null;
}

export interface SyncService {
  sync(provider: string, input: SyncInput): Promise<SyncResult>;
  on(provider: string, stream: string, handle: StreamHandler, options?: StreamOptions): Unsubscribe;
  list(provider: string, target: ConnectionTarget): Promise<readonly StreamStatus[]>;
  /** Live: what is registered at the moment. */
  readonly registrations: ReadonlyMap<string, Registration>;
}

const defaultEveryMs = 15 * 60_000;
const longestMs = 366 * 24 * 3_600_000;
const rules: Rules<StreamOptions & PassOptions> = {
  everyMs: optional(integer(1000, longestMs * 10)),
  since: optional(date),
  overlapMs: optional(integer(0, longestMs * 10)),
  full: optional(flag),
};

export function createSyncService(parts: SyncParts): SyncService {
  const { engine } = parts;
  const registrations = new Map<string, Registration>();

  return {
    registrations,

    async sync(provider, { stream: name, handle: given, signal, full, since, overlapMs, ...target }) {
      const stream = streamOf(engine, provider, name);
      const registered = registrations.get(nameOf(provider, name));
      const handle = given ?? registered?.handle;
      if (handle === undefined) throw noHandler(provider, name);
      const options = { ...registered?.options, ...defined({ full, since, overlapMs }) };
      checkFields('The sync', options, rules);
      const connection = await liveRow(engine, provider, target);
      const key = { connectionId: connection.id, stream: name };
      const leased = await engine.store.sync.lease(connection.organizationId, key, leaseMs);
      if (leased === null) throw busy(provider, name);
      const runtime = providerOf(engine, provider);
      const everyMs = registered?.everyMs;
      return runStream(parts, { runtime, connection, stream, handle, options, signal, everyMs }, leased);
    },

    on(provider, name, handle, { everyMs = defaultEveryMs, ...rest } = {}) {
      streamOf(engine, provider, name);
      if (typeof handle !== 'function') {
        throw configurationError(
          'invalid_handler',
          `The stream \`${name}\` of ${provider} got no function to call.`,
          'Pass one that stores the records of a page.',
        );
      }
      const options = defined(rest);
      checkFields('The stream', { everyMs, ...options }, rules);
      const key = nameOf(provider, name);
      if (registrations.has(key)) {
        throw configurationError(
          'duplicate_stream_handler',
          `The stream \`${name}\` of ${provider} has a handler already.`,
          'Do both in one handler, so that both are done before the checkpoint is written.',
        );
      }
      registrations.set(key, { provider, stream: name, handle, everyMs, options });
      return () => void registrations.delete(key);
    },

    async list(provider, target) {
      const connection = await liveRow(engine, provider, target);
      const rows = await engine.store.sync.list(connection.organizationId, connection.id);
      const byName = new Map(rows.map((row) => [row.stream, row]));
      return Object.keys(streamsOf(providerOf(engine, provider).definition)).map((stream) => {
        return statusOf(stream, byName.get(stream));
      });
    },
  };
}

/** @throws PlugboardError kind `configuration`, code `unknown_provider` or `unknown_stream`. */
export function streamOf(engine: Engine, provider: string, name: string): SyncStream {
  const streams = streamsOf(providerOf(engine, provider).definition);
  const stream = Object.hasOwn(streams, name) ? streams[name] : undefined;
  if (stream !== undefined) return stream;
  throw configurationError(
    'unknown_stream',
    `Provider \`${provider}\` has no stream \`${printable(name)}\`.`,
    `It has: ${Object.keys(streams).join(', ') || 'none'}.`,
  );
}

function nameOf(provider: string, stream: string): string {
  return `${provider} ${stream}`;
}

/** Members that are undefined are none, so that they override nothing. */
function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function statusOf(stream: string, row: StreamRow | undefined): StreamStatus {
  if (row === undefined)
    return {
      stream,
      state: 'waiting',
      records: 0,
      pages: 0,
      startedAt: null,
      finishedAt: null,
      lastError: null,
      nextAt: null,
    };
  const { records, pages, startedAt, finishedAt, dueAt: nextAt } = row;
  const code = text(member(row.lastError, 'code'));
  const message = text(member(row.lastError, 'message')) ?? '';
  const lastError = code === undefined ? null : { code, message, at: text(member(row.lastError, 'at')) ?? '' };
  return { stream, state: stateOf(row), records, pages, startedAt, finishedAt, lastError, nextAt };
}

/** Told from the lease, so that a process that was killed leaves no stream that runs for ever. */
function stateOf({ leaseUntil, readAt, lastError, startedAt }: StreamRow): StreamStatus['state'] {
  if (leaseUntil !== null) return leaseUntil > readAt ? 'running' : 'interrupted';
  if (lastError !== null) return 'failed';
  return startedAt === null ? 'waiting' : 'idle';
}

function noHandler(provider: string, stream: string): PlugboardError {
  return configurationError(
    'no_stream_handler',
    `Nothing handles the stream \`${stream}\` of ${provider}.`,
    `Pass \`handle\`, or register one with board.streams.on('${provider}', '${stream}', ...).`,
  );
}

function busy(provider: string, stream: string): PlugboardError {
  return new PlugboardError({
    kind: 'conflict',
    code: 'sync_busy',
    message: `The stream \`${stream}\` of this ${provider} connection is being read already.`,
    hint: 'Watch `sync.progress`, or try again once it has finished.',
    provider,
    retryable: true,
  });
}
