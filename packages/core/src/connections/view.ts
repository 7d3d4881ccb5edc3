import { member, text, type JsonObject } from '../json.ts';
import type { AccountRef, ConnectionRow, ConnectionStatus } from '../store.ts';

/** `unknown`: the vendor offers no safe check. `stubbed`: an emulator answered. */
export type HealthStatus = 'not_connected' | 'healthy' | 'degraded' | 'expired' | 'error' | 'unknown' | 'stubbed';

/** A connection as the host and its users may see it: no credentials, no leases. */
export interface Connection {
  readonly id: string;
  readonly organizationId: string;
  readonly provider: string;
  readonly label: string;
  /** Name of the provider's auth method. */
  readonly method: string;
  readonly status: ConnectionStatus;
  readonly reason: string | null;
  readonly account: AccountRef | null;
  readonly scopes: readonly string[] | null;
  readonly settings: JsonObject;
  readonly metadata: JsonObject;
  readonly health: HealthRecord | null;
  readonly lastError: { readonly code: string; readonly message: string; readonly at: string } | null;
  readonly connectedAt: Date | null;
  readonly disconnectedAt: Date | null;
  readonly lastSyncAt: Date | null;
  /** When the access token expires; null when it does not, or nobody knows. */
  readonly expiresAt: Date | null;
  readonly stub: boolean;
}

export interface HealthRecord {
  readonly status: HealthStatus;
  readonly reason: string | null;
  readonly checkedAt: string;
}

export function viewOf(row: ConnectionRow): Connection {
  const { id, organizationId, provider, label, method, status, account, scopes, settings, metadata, stub } = row;
  const { connectedAt, disconnectedAt, lastSyncAt } = row;
  return {
    id,
    organizationId,
    provider,
    label,
    method,
    status,
    reason: row.statusReason,
    account,
    scopes,
    settings,
    metadata,
    health: healthRecord(row.health),
    lastError: lastError(row.lastError),
    connectedAt,
    disconnectedAt,
    lastSyncAt,
    expiresAt: row.tokenExpiresAt,
    stub,
  };
}

function healthRecord(value: JsonObject | null): HealthRecord | null {
  const status = text(member(value, 'status'));
  const checkedAt = text(member(value, 'checkedAt'));
  if (status === undefined || checkedAt === undefined) return null;
  return { status: status as HealthStatus, reason: text(member(value, 'reason')) ?? null, checkedAt };
}

function lastError(value: JsonObject | null): Connection['lastError'] {
  const code = text(member(value, 'code'));
  const at = text(member(value, 'at'));
  return code === undefined || at === undefined ? null : { code, message: text(member(value, 'message')) ?? '', at };
}
