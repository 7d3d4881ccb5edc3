/** Tells in time of grants that end by age: nothing but a new consent of the organization helps them. */
import type { Engine, ProviderRuntime } from '../engine.ts';
import { methodOf } from '../engine.ts';
import type { ConnectionRow } from '../store.ts';
import { canRefresh } from './lifetime.ts';
import { viewOf } from './view.ts';

/** Long enough for somebody on a week's leave to hear of it. */
const noticeMs = 7 * 86_400_000;
/** Of a short life: its last fifth. */
const shareOfLife = 0.2;
/** Longer than it takes to tell. */
const tellingMs = 600_000;

export interface ExpiryNotice {
  /** Emits `connection.expiring` where the end is near and was not told of. */
  tell(runtime: ProviderRuntime, row: ConnectionRow): Promise<void>;
}

export function createExpiryNotice({ store, events }: Engine): ExpiryNotice {
  return {
    async tell(runtime, row) {
      const expiresAt = endOf(runtime, row);
      if (expiresAt === null || row.status === 'expired' || row.status === 'disconnected') return;
      const leftMs = expiresAt.getTime() - row.readAt.getTime();
      if (leftMs <= 0 || leftMs > noticeFor(row, expiresAt)) return;
      // By the end itself: a refresh that moves it makes it another one.
      const key = `expiring:${row.id}:${expiresAt.getTime()}`;
      // For a while at first: whoever dies before it is told, or is never answered, leaves it to a later walk.
      if ((await store.once.put({ key, value: 'telling', ttlMs: tellingMs })) !== 'stored') return;
      await events.audit({
        organizationId: row.organizationId,
        connectionId: row.id,
        provider: row.provider,
        type: 'connection.expiring',
        actor: 'system',
        data: { expiresAt: expiresAt.toISOString() },
      });
      await events.expiring(viewOf(row), expiresAt);
      await store.once.set(key, 'told', leftMs + 86_400_000);
    },
  };
}

/** Of the refresh token; of the token itself where it cannot be renewed. */
function endOf(runtime: ProviderRuntime, row: ConnectionRow): Date | null {
  return canRefresh(methodOf(runtime, row.method)) ? row.refreshExpiresAt : row.tokenExpiresAt;
}

function noticeFor({ connectedAt, createdAt }: ConnectionRow, expiresAt: Date): number {
  const lifeMs = expiresAt.getTime() - (connectedAt ?? createdAt).getTime();
  return Math.min(noticeMs, lifeMs * shareOfLife);
}
