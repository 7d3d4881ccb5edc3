/** An event as it lies in the inbox: sealed, bound to its row and its organization. */
import { decodeUtf8, encodeUtf8 } from '../bytes.ts';
import type { Engine } from '../engine.ts';
import { PlugboardError } from '../errors.ts';
import { hashText } from '../hash.ts';
import { member, parseJson, text, type Json, type JsonObject } from '../json.ts';
import type { InboxRow, NewInboxEvent } from '../store-inbox.ts';
import type { ConnectionRow } from '../store.ts';
import type { SealContext } from '../vault/vault.ts';
import type { Item } from './handlers.ts';
import type { WebhookEvent } from './webhook.ts';

const format = 1;
const longestType = 200;
/** A vendor's data has 64 levels at most, and lies two below the top here. */
const deepest = 70;
/** Owner of what belongs to no organization. Only ever beside the id of a row of the inbox. */
const nobody = 'platform';

type Identity = Pick<InboxRow, 'id' | 'provider' | 'organizationId'>;

/**
 * One event for one connection, sealed.
 * @param scope What the id of the event is unique in: the provider, or the connection whose address it came by.
 */
export async function toInboxEvent(
  engine: Engine,
  provider: string,
  { item, row, scope, ordered }: ForRow,
): Promise<NewInboxEvent> {
  const connectionId = row?.id ?? null;
  const organizationId = row?.organizationId ?? null;
  const unique = JSON.stringify([engine.environment, scope, item.id, connectionId]);
  const id = await hashText('sha256', unique, 'base64url');
  const payload = await engine.vault.seal(
    contextOf({ id, provider, organizationId }),
    encodeUtf8(JSON.stringify({ f: format, c: connectionId, i: item.id, h: item.channel, e: item.event })),
  );
  const lane = ordered ? (connectionId ?? provider) : null;
  return { id, provider, organizationId, connectionId, type: listed(item.event.type), lane, payload };
}

export interface ForRow {
  readonly item: Item;
  readonly row: ConnectionRow | null;
  readonly scope: string;
  readonly ordered: boolean;
}

/** @throws PlugboardError codes of the vault, or `event_unreadable`: the row was changed behind the library's back. */
export async function openItem(engine: Engine, row: InboxRow): Promise<Item> {
  const opened = row.payload === null ? undefined : await engine.vault.open(contextOf(row), row.payload);
  const value = parseJson((opened && decodeUtf8(opened)) ?? 'null', { maxDepth: deepest });
  const event = member(value, 'e');
  // The connection is a column as well, which whoever writes to the database could set to another one.
  if (member(value, 'f') !== format || member(value, 'c') !== row.connectionId || event === undefined)
    throw unreadable();
  return {
    id: text(member(value, 'i')) ?? '',
    event: eventOf(event as JsonObject),
    channel: (member(value, 'h') ?? null) as Item['channel'],
  };
}

function eventOf({ occurredAt, ...event }: JsonObject): WebhookEvent {
  const when = typeof occurredAt === 'string' ? { occurredAt: new Date(occurredAt) } : {};
  return { ...(event as { type: string; data: Json }), ...when };
}

/** A vendor's text, as every database can hold it. */
function listed(type: string): string {
  return type.toWellFormed().replaceAll('\0', '').slice(0, longestType).toWellFormed() || 'unknown';
}

function contextOf({ id, provider, organizationId }: Identity): SealContext {
  return { organizationId: organizationId ?? nobody, connectionId: id, provider, purpose: 'webhook.event' };
}

function unreadable(): PlugboardError {
  return new PlugboardError({
    kind: 'configuration',
    code: 'event_unreadable',
    message: 'A stored webhook event is not what was stored under its id.',
    hint: 'Restore the row from a backup, or discard the event.',
  });
}
