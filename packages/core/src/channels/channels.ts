/** `board.channels`: opens, lists and closes what a vendor notifies through, and keeps it open. */
import { liveRow, nothingConnected, type ConnectionTarget } from '../connections/live-row.ts';
import type { Sessions } from '../connections/session.ts';
import { providerOf, type Engine, type ProviderRuntime } from '../engine.ts';
import { invalidInput, PlugboardError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { randomUuid } from '../random.ts';
import { checkInput } from '../schema.ts';
import type { ConnectionRow } from '../store.ts';
import { createLifecycle } from './lifecycle.ts';
import {
  editRecords,
  hasRoom,
  isAbandoned,
  isOver,
  recordsOf,
  sameJson,
  withoutRecord,
  withRecord,
  type ChannelRecord,
} from './records.ts';
import { dismiss } from './route.ts';
import { channelsOf } from './vendor.ts';

/** One channel of a connection. */
export interface Channel {
  readonly id: string;
  readonly params: JsonObject;
  /** `opening`: the vendor is being asked. `stopping`: replaced or closed, the vendor is still to be told. */
  readonly status: 'opening' | 'open' | 'stopping';
  /** Renewed before, by the job `channels`. */
  readonly expiresAt: Date | null;
  /** What the vendor said of it. */
  readonly state: JsonObject;
  /** Code of the failure that keeps it from being renewed. */
  readonly error: string | null;
}

export interface ChannelsService {
  /** Opens a channel. One with the same params that is open already is returned as it is: safe to call at each start. */
  open(
    provider: string,
    target: ConnectionTarget & { readonly params?: JsonObject; readonly userId?: string },
  ): Promise<Channel>;
  list(provider: string, target: ConnectionTarget): Promise<readonly Channel[]>;
  /** Ends a channel: nothing is accepted from it any more, and the vendor is told, by the job if it does not answer now. */
  close(provider: string, target: ConnectionTarget & { readonly id: string; readonly userId?: string }): Promise<void>;
}

export interface ChannelsEngine extends ChannelsService {
  /** Renews what is due, stops what is replaced, drops what was left behind. How many channels that were. */
  tend(runtime: ProviderRuntime, row: ConnectionRow): Promise<number>;
}

export function createChannels(engine: Engine, sessions: Sessions): ChannelsEngine {
  const lifecycle = createLifecycle(engine, sessions);

  async function audit(row: ConnectionRow, type: string, actor: string, data: JsonObject): Promise<void> {
    const { organizationId, provider, id: connectionId } = row;
    await engine.events.audit({ organizationId, connectionId, provider, type, actor, data });
  }

  async function drop(row: ConnectionRow, { id }: ChannelRecord): Promise<void> {
    const dropped = await editRecords(engine, row, (records) => withoutRecord(records, id, 'opening'));
    if (dropped !== null) await dismiss(engine, { provider: row.provider, id });
  }

  async function stopAgain(runtime: ProviderRuntime, row: ConnectionRow, record: ChannelRecord): Promise<void> {
    const { id, since } = record;
    const claimed = await editRecords(engine, row, (records, now) =>
      records.some((other) => other.id === id && other.since === since)
        ? withRecord(records, id, { since: now.toISOString() })
        : undefined,
    );
    if (claimed !== null) await lifecycle.stop(runtime, claimed, record);
  }

  return {
    async open(provider, { params = {}, userId = 'system', ...target }) {
      const runtime = providerOf(engine, provider);
      checkInput(channelsOf({ runtime }).params, params, `${provider} channel`);
      const row = await liveRow(engine, provider, target);
      const found: { existing?: ChannelRecord | undefined; full?: boolean } = {};
      let record = announce(params);
      const claimed = await editRecords(engine, row, (records, now) => {
        const same = records.filter((other) => other.phase !== 'stopping' && sameJson(other.params, params));
        found.existing = same.find((other) => !isAbandoned(other, now) && !isOver(other, now));
        found.full = !hasRoom(records);
        if (found.existing !== undefined || found.full) return undefined;
        const over = same.find(({ phase }) => phase === 'open');
        record = { ...record, since: now.toISOString(), replaces: over?.id ?? null };
        return [...records, record];
      });
      if (found.existing !== undefined) return channelOf(found.existing);
      if (claimed === null) throw found.full === true ? tooMany(provider) : nothingConnected(provider);
      const opened = await lifecycle.open(runtime, claimed, record);
      await audit(row, 'channel.opened', userId, { channel: opened.id });
      return channelOf(opened);
    },

    async list(provider, target) {
      channelsOf({ runtime: providerOf(engine, provider) });
      return recordsOf(await liveRow(engine, provider, target)).map(channelOf);
    },

    async close(provider, { id, userId = 'system', ...target }) {
      const runtime = providerOf(engine, provider);
      const row = await liveRow(engine, provider, target);
      let found: ChannelRecord | undefined;
      const written = await editRecords(engine, row, (records, now) => {
        found = records.find((record) => record.id === id);
        return found && withRecord(records, id, { phase: 'stopping', since: now.toISOString() });
      });
      if (written === null || found === undefined) {
        throw invalidInput(`${provider} channel`, [{ path: 'id', message: 'is no channel of this connection' }]);
      }
      await dismiss(engine, { provider, id });
      await lifecycle.stop(runtime, written, found);
      await audit(row, 'channel.closed', userId, { channel: id });
    },

    async tend(runtime, row) {
      let count = 0;
      for (const record of recordsOf(row)) {
        const due = record.renewAt !== null && Date.parse(record.renewAt) <= row.readAt.getTime();
        const abandoned = isAbandoned(record, row.readAt);
        if (abandoned && record.phase === 'opening') await drop(row, record);
        else if (abandoned) await stopAgain(runtime, row, record);
        else if (record.phase === 'open' && due) {
          await lifecycle.renew(runtime, row, record, announce(record.params));
        } else continue;
        count++;
      }
      return count;
    },
  };
}

function announce(params: JsonObject): ChannelRecord {
  const nothingYet = { state: {}, expiresAt: null, renewAt: null, replaces: null, error: null };
  return { id: randomUuid(), params, phase: 'opening', since: '', ...nothingYet };
}

function channelOf({ id, params, phase: status, expiresAt, state, error }: ChannelRecord): Channel {
  return { id, params, status, expiresAt: expiresAt === null ? null : new Date(expiresAt), state, error };
}

function tooMany(provider: string): PlugboardError {
  return new PlugboardError({
    kind: 'conflict',
    code: 'too_many_channels',
    message: 'The connection has 200 channels already.',
    hint: 'Close those that are not needed: board.channels.list() and board.channels.close().',
    provider,
  });
}
