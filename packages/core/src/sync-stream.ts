/** What a provider declares of its data that is read on and on: a named, typed read that can be resumed. */
import type { Api, Endpoint, ItemOf } from './endpoint.ts';
import { configurationError, type PlugboardError } from './errors.ts';
import type { JsonObject } from './json.ts';
import type { Output, Schema } from './schema.ts';

export interface StreamPosition<Cursor> {
  /** Where to go on; null: at the beginning. It has passed the stream's own schema. */
  readonly cursor: Cursor | null;
  /** Only what changed at or after this time is wanted; null: everything. The same throughout a pass. */
  readonly since: Date | null;
  /** The store's time at which the pass began. */
  readonly startedAt: Date;
  readonly signal: AbortSignal;
}

export interface StreamPage<Item, Cursor = JsonObject> {
  readonly records: readonly Item[];
  /** Where to go on behind this page: plain JSON of at most 16 KB. Null: there is no more. */
  readonly cursor: Cursor | null;
  /** There is no more for now, and the next pass goes on at `cursor` instead of at its beginning. */
  readonly complete?: boolean;
}

/** One stream of a provider. `streamOf` and `streamBy` make it. */
export interface SyncStream<Item = unknown> {
  /** One sentence: what comes, and of what a later pass brings anew. */
  readonly summary: string;
  /** What it reads through, where that is one paged endpoint. */
  readonly endpoint?: object;
  /** A later pass reads what changed since the one before; else each reads everything. */
  readonly incremental: boolean;
  /** Judges a cursor that comes back from the store. */
  readonly cursor: Schema;
  /** A pass asks for changes from so many milliseconds before the last one began. */
  readonly overlapMs: number;
  /** How many milliseconds a first pass goes back; null: to the beginning. */
  readonly historyMs: number | null;
  /** The vendor no longer knows the cursor: the pass is begun anew. */
  isExpired(error: PlugboardError): boolean;
  read(api: Api, position: StreamPosition<JsonObject>): AsyncIterable<StreamPage<Item>>;
}

export type SyncStreams = Readonly<Record<string, SyncStream>>;

/** Clocks of vendors, and the indexes that their lists are read from, lag behind what was changed. */
const defaultOverlapMs = 5 * 60_000;

interface StreamOptions {
  readonly summary: string;
  /** Default 5 minutes. */
  readonly overlapMs?: number;
  /** Default: a status of 410, or a failure that the provider calls `cursor_expired`. */
  readonly isExpired?: (error: PlugboardError) => boolean;
}

export interface StreamOfOptions<Input> extends StreamOptions {
  /** Members of every page's input. */
  readonly input?: Partial<Input>;
  /** Members of the input that ask for what changed at or after an ISO time. Absent: each pass reads everything. */
  readonly since?: (at: string) => Partial<Input>;
}

/**
 * A stream of a paged endpoint: its pages, its items, its scopes.
 * @example streams: { orders: streamOf(orders.list, { summary: 'Orders.', since: (at) => ({ updatedAfter: at }) }) }
 * @throws PlugboardError code `invalid_definition` for an endpoint without `paging`.
 */
export function streamOf<I extends Schema, O extends Schema, Item>(
  endpoint: Endpoint<I, O, Item>,
  options: StreamOfOptions<Output<I>>,
): SyncStream<ItemOf<Item, Output<O>>> {
  const { paging } = endpoint;
  if (paging === undefined) {
    throw configurationError('invalid_definition', 'A stream reads an endpoint without pages.', 'Declare `paging`.');
  }
  const { input: always, since: ask } = options;
  return {
    ...common(options),
    endpoint,
    incremental: ask !== undefined,
    cursor: endpoint.input,
    historyMs: null,
    async *read(api, { cursor, since, signal }) {
      const asked = since === null ? {} : ask?.(since.toISOString());
      let input = (cursor ?? { ...always, ...asked }) as never;
      for await (const page of api.pages(endpoint, input, { signal })) {
        const next = paging.next(page, input);
        yield { records: paging.items(page) as never, cursor: (next as JsonObject | undefined) ?? null };
        input = next as never;
      }
    },
  };
}

export interface StreamByOptions<Cursor extends Schema, Item> extends StreamOptions {
  readonly cursor: Cursor;
  readonly incremental?: boolean;
  readonly historyMs?: number;
  /** Yields page after page; the next one is asked for once the host has handled the one before. */
  readonly read: (
    api: Api,
    position: StreamPosition<Output<Cursor>>,
  ) => AsyncIterable<StreamPage<Item, Output<Cursor>>>;
}

/** A stream by plain code, for vendors whose changes are no list: tokens of a change feed, reports by the day. */
export function streamBy<Cursor extends Schema, Item>(options: StreamByOptions<Cursor, Item>): SyncStream<Item> {
  const { cursor, incremental = true, historyMs = null, read } = options;
  return { ...common(options), incremental, cursor, historyMs, read: read as unknown as SyncStream<Item>['read'] };
}

function common({ summary, overlapMs = defaultOverlapMs, isExpired = expiredByDefault }: StreamOptions) {
  return { summary, overlapMs, isExpired };
}

function expiredByDefault({ status, code }: PlugboardError): boolean {
  return status === 410 || code === 'cursor_expired';
}
