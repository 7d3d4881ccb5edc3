/**
 * A channel from its first record to its last. Each step is written before the next begins, so that a process that ends
 * in between leaves something another one can finish: an `opening` that grows old, or a `stopping` to be stopped again.
 */
import type { OpenedChannel } from '../channel.ts';
import type { Access } from '../client/access.ts';
import { nothingConnected } from '../connections/live-row.ts';
import type { Sessions } from '../connections/session.ts';
import { viewOf } from '../connections/view.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { isPlugboardError } from '../errors.ts';
import { errorFields } from '../events.ts';
import { randomToken } from '../random.ts';
import type { ConnectionRow } from '../store.ts';
import { editRecords, isOver, openingMs, withoutRecord, withRecord, type ChannelRecord } from './records.ts';
import { admit, dismiss, prolong } from './route.ts';
import { channelVendor, type ChannelVendor } from './vendor.ts';

export interface Lifecycle {
  /** Opens what `record` announces; it must be written. Stops what it replaces. The record as it is then. */
  open(runtime: ProviderRuntime, row: ConnectionRow, record: ChannelRecord): Promise<ChannelRecord>;
  /** Tells the vendor, and forgets the record. A failure leaves it for the job, until the channel ends by itself. */
  stop(runtime: ProviderRuntime, row: ConnectionRow, record: ChannelRecord): Promise<void>;
  /** Keeps an open channel open: in place where the vendor can, else by a new one. */
  renew(runtime: ProviderRuntime, row: ConnectionRow, record: ChannelRecord, next: ChannelRecord): Promise<void>;
}

/** The job comes every ten minutes, so that even an hour's channel gets more than one try. */
const retryMs = { least: 300_000, most: 3_600_000 };

export function createLifecycle(engine: Engine, sessions: Sessions): Lifecycle {
  const vendorOf = (runtime: ProviderRuntime, row: ConnectionRow): ChannelVendor =>
    channelVendor(engine, sessions.of(runtime, row));
  const keyOf = (row: ConnectionRow, { id }: ChannelRecord) => ({ provider: row.provider, id });

  /** Between three and four fifths of its life: early enough for several tries, and not all channels at once. */
  function lifeOf({ expiresAt, state = {} }: OpenedChannel, now: Date): Partial<ChannelRecord> {
    const left = Math.max(0, expiresAt.getTime() - now.getTime());
    const renewAt = new Date(now.getTime() + left * (0.6 + 0.2 * engine.clock.random()));
    return { state, expiresAt: expiresAt.toISOString(), renewAt: renewAt.toISOString(), error: null };
  }

  async function open(runtime: ProviderRuntime, row: ConnectionRow, record: ChannelRecord): Promise<ChannelRecord> {
    const session = sessions.of(runtime, row);
    let access: Access | Promise<Access> | undefined;
    // What opened the channel can stop it, also when the connection has ended meanwhile.
    const vendor = channelVendor(engine, { ...session, access: () => (access ??= session.access()) });
    const token = randomToken();
    await admit(engine, row, { id: record.id, token });
    let opened: OpenedChannel;
    try {
      opened = await vendor.open(record, token);
    } catch (error) {
      await editRecords(engine, row, (records) => withoutRecord(records, record.id, 'opening'));
      await dismiss(engine, keyOf(row, record));
      throw error;
    }
    await prolong(engine, keyOf(row, record), opened.expiresAt.getTime() - row.readAt.getTime());
    let open: ChannelRecord = record;
    let replaced: ChannelRecord | undefined;
    const written = await editRecords(engine, row, (records, now) => {
      if (!records.some(({ id, phase }) => id === record.id && phase === 'opening')) return undefined;
      open = { ...record, ...lifeOf(opened, now), phase: 'open', since: now.toISOString(), replaces: null };
      replaced = records.find(({ id }) => id === record.replaces);
      const others = withRecord(records, record.replaces ?? '', { phase: 'stopping', since: now.toISOString() });
      return withRecord(others, record.id, open);
    });
    if (written === null) {
      // Closed, disconnected or given up meanwhile: what was opened belongs to nobody.
      await dismiss(engine, keyOf(row, record));
      const orphan = { ...record, state: opened.state ?? {}, expiresAt: opened.expiresAt.toISOString() };
      await vendor.stop(orphan).catch((error: unknown) => warn(row, error, 'an unwanted channel could not be stopped'));
      throw nothingConnected(row.provider);
    }
    if (replaced !== undefined) await stop(runtime, written, replaced);
    return open;
  }

  async function stop(runtime: ProviderRuntime, row: ConnectionRow, record: ChannelRecord): Promise<void> {
    if (!isOver(record, row.readAt)) {
      try {
        await vendorOf(runtime, row).stop(record);
      } catch (error) {
        if (!isPlugboardError(error)) throw error;
        return warn(row, error, 'a channel could not be stopped; the job tries again');
      }
    }
    await editRecords(engine, row, (records) => withoutRecord(records, record.id, 'stopping'));
    await dismiss(engine, keyOf(row, record));
  }

  async function renew(
    runtime: ProviderRuntime,
    row: ConnectionRow,
    record: ChannelRecord,
    next: ChannelRecord,
  ): Promise<void> {
    try {
      const inPlace = vendorOf(runtime, row).prolongs && !isOver(record, row.readAt);
      await (inPlace ? prolongOne(runtime, row, record, next) : replace(runtime, row, record, next));
    } catch (error) {
      await postpone(row, record, error);
    }
  }

  async function prolongOne(
    runtime: ProviderRuntime,
    row: ConnectionRow,
    record: ChannelRecord,
    next: ChannelRecord,
  ): Promise<void> {
    // Moved ahead, it is due for nobody else while the vendor is asked.
    const claim = { renewAt: new Date(row.readAt.getTime() + openingMs).toISOString() };
    const claimed = await editRecords(engine, row, (records) =>
      isStillDue(records, record) ? withRecord(records, record.id, claim) : undefined,
    );
    if (claimed === null) return;
    try {
      const opened = await vendorOf(runtime, row).renew(record);
      await prolong(engine, keyOf(row, record), opened.expiresAt.getTime() - row.readAt.getTime());
      await editRecords(engine, claimed, (records, now) => withRecord(records, record.id, lifeOf(opened, now)));
    } catch (error) {
      if (!isPlugboardError(error) || error.kind !== 'not_found') throw error;
      await replace(runtime, claimed, { ...record, ...claim }, next);
    }
  }

  async function replace(
    runtime: ProviderRuntime,
    row: ConnectionRow,
    record: ChannelRecord,
    next: ChannelRecord,
  ): Promise<void> {
    const claimed = await editRecords(engine, row, (records, now) => {
      const taken = records.some(({ replaces }) => replaces === record.id);
      if (taken || !isStillDue(records, record)) return undefined;
      return [...records, { ...next, replaces: record.id, since: now.toISOString() }];
    });
    if (claimed !== null) await open(runtime, claimed, { ...next, replaces: record.id });
  }

  /** The old channel stays as it is; the first failure of a row of them is told. */
  async function postpone(row: ConnectionRow, record: ChannelRecord, error: unknown): Promise<void> {
    const code = isPlugboardError(error) ? error.code : 'unexpected';
    const written = await editRecords(engine, row, (records, now) => {
      const left = Date.parse(record.expiresAt ?? '') - now.getTime();
      const delay = Math.min(retryMs.most, Math.max(retryMs.least, left / 4)) * (0.75 + 0.5 * engine.clock.random());
      const renewAt = new Date(now.getTime() + delay).toISOString();
      return withRecord(records, record.id, { renewAt, error: code });
    });
    warn(row, error, 'a channel could not be renewed; the job tries again');
    if (written === null || record.error !== null) return;
    const connection = viewOf(written);
    await engine.events.attention(connection, 'channel_renewal_failing');
  }

  function warn(row: ConnectionRow, error: unknown, message: string): void {
    engine.log.warn({ provider: row.provider, connectionId: row.id, ...errorFields(error) }, message);
  }

  return { open, stop, renew };
}

function isStillDue(records: readonly ChannelRecord[], { id, renewAt }: ChannelRecord): boolean {
  return records.some((record) => record.id === id && record.phase === 'open' && record.renewAt === renewAt);
}
