import { systemClock, type Clock } from './clock.ts';
import { createMemoryConnections } from './memory-connections.ts';
import { copyOf } from './memory-copy.ts';
import { createMemoryInbox } from './memory-inbox.ts';
import { createMemorySync } from './memory-sync.ts';
import { pageOf, readCursor, writeCursor } from './store-cursor.ts';
import {
  checkAuditEntry,
  checkAuditFilter,
  checkEntries,
  checkMarker,
  checkMarkerPrefix,
  checkOnce,
  checkOnceKey,
  checkOrganizationId,
} from './store-input.ts';
import type { AuditEntry, AuditStore, OnceStore, Store } from './store.ts';

export interface MemoryStoreOptions {
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

/**
 * A store in the memory of one process: for development, tests and examples. Everything is gone when the process ends,
 * and a second process sees nothing of it.
 * @example const board = createPlugboard({ providers, store: createMemoryStore(), keys })
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  const clock = options.clock ?? systemClock;
  const now = () => clock.now();
  const markers = new Map<string, string>();
  const connections = createMemoryConnections(now);
  const { forget, ...sync } = createMemorySync(now, connections);
  const { forget: forgetEvents, ...inbox } = createMemoryInbox(now);
  return {
    name: 'memory',
    shared: false,
    connections: {
      ...connections,
      async remove(organizationId, id) {
        const removed = await connections.remove(organizationId, id);
        if (removed) forget(id);
        if (removed) forgetEvents(id);
        return removed;
      },
    },
    sync,
    inbox,
    once: createMemoryOnce(now),
    audit: createMemoryAudit(now),
    async now() {
      return new Date(now());
    },
    async remember(name, value) {
      checkMarker(name, value);
      const kept = markers.get(name) ?? value;
      markers.set(name, kept);
      return kept;
    },
    async remembered(prefix) {
      checkMarkerPrefix(prefix);
      return new Map([...markers].filter(([name]) => name.startsWith(prefix)));
    },
  };
}

interface OnceEntry {
  readonly value: string;
  readonly expiresAt: number;
  readonly group: string | undefined;
}

function createMemoryOnce(now: () => number): OnceStore {
  const entries = new Map<string, OnceEntry>();
  const live = (key: string) => {
    const entry = entries.get(key);
    return entry !== undefined && entry.expiresAt > now() ? entry : undefined;
  };
  return {
    async put(request) {
      checkOnce(request);
      const { key, value, ttlMs, group, maxInGroup = Number.POSITIVE_INFINITY } = request;
      if (live(key) !== undefined) return 'exists';
      if (group !== undefined && Number.isFinite(maxInGroup)) {
        const inGroup = [...entries].filter(([other, entry]) => entry.group === group && live(other) !== undefined);
        if (inGroup.length >= maxInGroup) return 'full';
      }
      entries.set(key, { value, expiresAt: now() + ttlMs, group });
      return 'stored';
    },
    async set(key, value, ttlMs) {
      checkOnce({ key, value, ttlMs });
      entries.set(key, { value, expiresAt: now() + ttlMs, group: undefined });
    },
    async peek(key) {
      checkOnceKey(key);
      return live(key)?.value ?? null;
    },
    async take(key) {
      checkOnceKey(key);
      const entry = live(key);
      entries.delete(key);
      return entry?.value ?? null;
    },
    async entries(prefix, limit) {
      checkEntries(prefix, limit);
      const found = [...entries].filter(([key]) => key.startsWith(prefix) && live(key) !== undefined);
      return new Map(found.slice(0, limit).map(([key, { value }]) => [key, value]));
    },
    async purge() {
      const expired = [...entries.keys()].filter((key) => live(key) === undefined);
      for (const key of expired) entries.delete(key);
      return expired.length;
    },
  };
}

function createMemoryAudit(now: () => number): AuditStore {
  const entries: AuditEntry[] = [];
  return {
    async append(entry) {
      checkAuditEntry(entry);
      const known = entries.some((other) => other.organizationId === entry.organizationId && other.id === entry.id);
      if (!known) entries.push({ ...entry, data: copyOf(entry.data), at: new Date(now()) });
    },
    async list(organizationId, filter = {}) {
      checkOrganizationId(organizationId);
      checkAuditFilter(filter);
      const { connectionId, limit = 50, cursor } = filter;
      const scope = ['audit', organizationId, connectionId ?? ''];
      const before = cursor === undefined ? entries.length : await readCursor(scope, cursor, Number);
      const found = entries
        .map((entry, place) => ({ entry, place }))
        .slice(0, before)
        .filter(({ entry }) => entry.organizationId === organizationId)
        .filter(({ entry }) => (connectionId ?? entry.connectionId) === entry.connectionId)
        .toReversed();
      const page = await pageOf(found, limit, (last) => writeCursor(scope, String(last.place)));
      return {
        ...page,
        items: page.items.map(({ entry }) => ({ ...entry, data: copyOf(entry.data), at: new Date(entry.at) })),
      };
    },
  };
}
