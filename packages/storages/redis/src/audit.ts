import {
  checkAuditEntry,
  checkAuditFilter,
  checkOrganizationId,
  isConnectionId,
  pageOf,
  readCursor,
  writeCursor,
  type AuditEntry,
  type AuditStore,
  type JsonObject,
} from '@plugboard/core/store-kit';

import { brokenValue } from './errors.ts';
import { readDate, readInteger, readJson, readList, readText } from './read-value.ts';
import { readScript, writeScript } from './script.ts';
import type { Session } from './session.ts';

/** Entries of an organization by id, and the order of their appending: of all, and of each connection. */
const trailLua = `
local organization = ARGV[2]
local function orderKey(connection) return base .. 'audit:' .. sized(organization) .. ':' .. connection end
local entries = base .. 'audit-entries:' .. organization`;

/** An entry is stored as its time, its connection or nothing, and its JSON, with a space between them. */
const append = writeScript(
  trailLua,
  `
local id, connection, entry = unpack(ARGV, 3)
if redis.call('HSETNX', entries, id, whole(now) .. ' ' .. connection .. ' ' .. entry) == 0 then return 0 end
local place = redis.call('INCR', base .. 'audit-sequence')
redis.call('ZADD', orderKey(''), place, id)
if connection ~= '' then redis.call('ZADD', orderKey(connection), place, id) end
return 1`,
);

/** Answers the place and the entry of each, in turn. */
const list = readScript(
  trailLua,
  `
local connection, before, limit = unpack(ARGV, 3)
local found = redis.call('ZRANGE', orderKey(connection), before, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, limit, 'WITHSCORES')
local reply = {}
for index = 1, #found, 2 do
  reply[index] = found[index + 1]
  reply[index + 1] = redis.call('HGET', entries, found[index])
end
return reply`,
);

export function createAudit({ run }: Session): AuditStore {
  return {
    async append(entry) {
      checkAuditEntry(entry);
      const { id, organizationId, connectionId, provider, type, actor, data } = entry;
      await run(append, organizationId, id, connectionId ?? '', JSON.stringify({ id, provider, type, actor, data }));
    },

    async list(organizationId, filter = {}) {
      checkOrganizationId(organizationId);
      checkAuditFilter(filter);
      const { connectionId = '', limit = 50, cursor } = filter;
      const scope = ['audit', organizationId, connectionId];
      const before = cursor === undefined ? '+inf' : `(${await readCursor(scope, cursor, parsePlace)}`;
      if (connectionId !== '' && !isConnectionId(connectionId)) return { items: [], nextCursor: null };
      const reply = readList(await run(list, organizationId, connectionId, before, limit + 1));
      const found = Array.from({ length: reply.length / 2 }, (_, index) => ({
        place: readInteger(reply[index * 2]),
        entry: reply[index * 2 + 1],
      }));
      const page = await pageOf(found, limit, (last) => writeCursor(scope, String(last.place)));
      return { ...page, items: page.items.map(({ entry }) => decodeEntry(organizationId, readText(entry))) };
    },
  };
}

function decodeEntry(organizationId: string, stored: string): AuditEntry {
  const [, at, connectionId = '', json] = /^(\d+) (\S*) (.*)$/s.exec(stored) ?? [];
  if (json === undefined) throw brokenValue();
  const entry = readJson(json) as JsonObject & Pick<AuditEntry, 'id' | 'provider' | 'type' | 'actor' | 'data'>;
  const { id, provider, type, actor, data } = entry;
  return {
    id,
    organizationId,
    connectionId: connectionId === '' ? null : connectionId,
    provider,
    type,
    actor,
    data,
    at: readDate(at),
  };
}

function parsePlace(position: string): string | undefined {
  return /^\d{1,15}$/.test(position) ? position : undefined;
}
