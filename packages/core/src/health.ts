/** Does a connection still work? Asked on demand and on schedule; a check never refreshes, never ends anything. */
import { createApi } from './client/api.ts';
import { createExpiryNotice } from './connections/expiry-notice.ts';
import { createOutage, type HealthOutcome } from './connections/outage.ts';
import type { Sessions } from './connections/session.ts';
import { viewOf, type Connection, type HealthStatus } from './connections/view.ts';
import type { Engine, ProviderRuntime } from './engine.ts';
import { checkId, providerOf } from './engine.ts';
import { isPlugboardError, type PlugboardError } from './errors.ts';
import { member, text } from './json.ts';
import type { Notifier } from './notifier.ts';
import type { ConnectionRow } from './store.ts';

export interface Health extends HealthOutcome {
  readonly connection: Connection | null;
}

export interface HealthInput {
  readonly organizationId?: string;
  readonly label?: string;
}

/** What the health job does with each connection of a walk. */
export interface HealthSweep {
  begin(): void;
  work(runtime: ProviderRuntime, row: ConnectionRow): Promise<number>;
}

export interface HealthService {
  /** Asks the vendor now and stores the result. Never throws for what the vendor does. */
  check(provider: string, input: HealthInput): Promise<Health>;
  /** Checks one row, and stores the result. */
  checkRow(runtime: ProviderRuntime, row: ConnectionRow): Promise<Health>;
  /**
   * @param most Checks of one provider in a walk.
   * @param notifier Told of each connection that is found broken: it knows whether somebody was told.
   */
  sweep(most: number, notifier?: Pick<Notifier, 'reconcile'>): HealthSweep;
}

/** What was asked for so recently needs no other check. */
const recentMs = 1_800_000;

export function createHealth(engine: Engine, sessions: Sessions): HealthService {
  const outage = createOutage(engine);

  async function ask(runtime: ProviderRuntime, session: ReturnType<Sessions['row']>): Promise<HealthOutcome> {
    const provider = runtime.definition.id;
    const started = engine.clock.monotonic();
    const latency = () => Math.round(engine.clock.monotonic() - started);
    try {
      const api = createApi(engine, session, await session.access(), 'health');
      const { status, reason = null, detail = null, attention = false } = await runtime.definition.healthCheck(api);
      if (api.stub) return { provider, status: 'stubbed', reason: 'emulator', detail, latencyMs: latency() };
      const needsHelp = attention && reason !== null;
      return { provider, status, reason, detail, latencyMs: latency(), ...(needsHelp && { attention }) };
    } catch (error) {
      if (!isPlugboardError(error)) throw error;
      return { provider, ...statusOf(error), detail: error.message, latencyMs: latency() };
    }
  }

  async function checkRow(runtime: ProviderRuntime, row: ConnectionRow): Promise<Health> {
    const ended = statusOfRow(row);
    if (ended !== undefined)
      return { provider: row.provider, ...ended, detail: null, connection: viewOf(row), latencyMs: null };
    const result = await ask(runtime, sessions.row(runtime, row));
    const stored = await outage.record(row, result);
    return { ...result, connection: viewOf(stored) };
  }

  return {
    checkRow,
    sweep(most, notifier) {
      const checks = new Map<string, number>();
      const expiry = createExpiryNotice(engine);
      return {
        begin: () => checks.clear(),
        async work(runtime, row) {
          await expiry.tell(runtime, row);
          await notifier?.reconcile(row);
          const count = checks.get(row.provider) ?? 0;
          if (row.status === 'expired' || count >= most || checkedWithin(row, recentMs)) return 0;
          checks.set(row.provider, count + 1);
          await checkRow(runtime, row);
          return 1;
        },
      };
    },
    async check(provider, input) {
      const runtime = providerOf(engine, provider);
      if (input.organizationId !== undefined) {
        const organizationId = checkId(input.organizationId, 'organizationId');
        const key = { provider, label: checkId(input.label ?? 'default', 'label') };
        const row = await engine.store.connections.find(organizationId, key);
        if (row !== null && row.status !== 'disconnected' && (!row.stub || runtime.stub)) return checkRow(runtime, row);
      }
      if (runtime.platform === undefined && !runtime.stub) {
        return { provider, status: 'not_connected', reason: null, detail: null, connection: null, latencyMs: null };
      }
      return { ...(await ask(runtime, sessions.platform(runtime))), connection: null };
    },
  };
}

function checkedWithin({ health, readAt }: ConnectionRow, ms: number): boolean {
  const at = Date.parse(text(member(health, 'checkedAt')) ?? '');
  return readAt.getTime() - at < ms;
}

function statusOfRow(row: ConnectionRow): { status: HealthStatus; reason: string | null } | undefined {
  if (row.status === 'expired') return { status: 'expired', reason: row.statusReason };
  if (row.status === 'pending') return { status: 'degraded', reason: row.statusReason };
  return undefined;
}

/** A refusal says something of the credential, an outage only of the vendor. */
function statusOf(error: PlugboardError): { status: HealthStatus; reason: string } {
  switch (error.kind) {
    case 'auth':
      return { status: error.code === 'reconnect_required' ? 'expired' : 'error', reason: error.code };
    case 'permission':
      return { status: 'degraded', reason: error.code };
    case 'rate_limited':
      return { status: error.retryable ? 'unknown' : 'degraded', reason: error.code };
    case 'unavailable':
    case 'timeout':
    case 'network':
    case 'aborted':
      return { status: 'degraded', reason: 'vendor_outage' };
    case 'not_found':
    case 'invalid_request':
    case 'conflict':
    case 'invalid_response':
    case 'configuration':
      return { status: 'error', reason: error.code };
  }
}
