/**
 * Which connection a notification belongs to, by the channel it names. Kept apart from the connection, under a key that
 * can be looked up without an organization; of the token there is a hash alone.
 */
import { equalText } from '../bytes.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import type { NamedChannel } from '../channel.ts';
import { hashText } from '../hash.ts';
import { member, parseJson, text } from '../json.ts';
import type { ConnectionRow } from '../store.ts';
import { openingMs, recordsOf, sameJson, type ChannelRecord } from './records.ts';

const hourMs = 3_600_000;
const longestMs = 366 * 24 * hourMs;

export interface ChannelKey {
  readonly provider: string;
  readonly id: string;
}

/** Hashed, because anybody can send an id of any length. */
async function keyOf({ provider, id }: ChannelKey): Promise<string> {
  return `channel:${provider}:${await hashText('sha256', id, 'hex')}`;
}

/** Lets notifications of a channel in that is about to be opened. */
export async function admit(engine: Engine, row: ConnectionRow, channel: { id: string; token: string }): Promise<void> {
  const route = { o: row.organizationId, c: row.id, t: await hashText('sha256', channel.token, 'hex') };
  const key = await keyOf({ provider: row.provider, id: channel.id });
  await engine.store.once.set(key, JSON.stringify(route), 2 * openingMs);
}

/** Keeps the route for as long as the vendor keeps the channel, and a little longer. */
export async function prolong(engine: Engine, channel: ChannelKey, leftMs: number): Promise<void> {
  const key = await keyOf(channel);
  const route = await engine.store.once.peek(key);
  const ttlMs = Math.min(Math.max(leftMs + hourMs, 2 * openingMs), longestMs);
  if (route !== null) await engine.store.once.set(key, route, ttlMs);
}

export async function dismiss(engine: Engine, channel: ChannelKey): Promise<void> {
  await engine.store.once.take(await keyOf(channel));
}

/** The connection that opened the channel; null for an unknown one, another token or state, or one that was given up. */
export async function routeOf(
  engine: Engine,
  { definition, stub }: ProviderRuntime,
  { id, token, state = {} }: NamedChannel,
): Promise<{ readonly row: ConnectionRow; readonly channel: ChannelRecord } | null> {
  const kept = await engine.store.once.peek(await keyOf({ provider: definition.id, id }));
  if (kept === null) return null;
  const route = parseJson(kept);
  const [organizationId, connectionId, tokenHash] = ['o', 'c', 't'].map((name) => text(member(route, name)) ?? '');
  if (!equalText(tokenHash ?? '', await hashText('sha256', token, 'hex'))) return null;
  const row = await engine.store.connections.get(organizationId ?? '', connectionId ?? '');
  const channel = row === null ? undefined : recordsOf(row).find((record) => record.id === id);
  if (row === null || channel === undefined || row.status === 'disconnected' || (row.stub && !stub)) return null;
  // Until the vendor has answered, nothing is known but what it was asked.
  const known = channel.phase === 'opening' ? [] : Object.entries(state);
  return known.every(([name, value]) => sameJson(channel.state[name], value)) ? { row, channel } : null;
}
