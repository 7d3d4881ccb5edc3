/** Holds back all refreshes of a provider whose token endpoint refuses the host's own app credentials. */
import type { Engine, ProviderRuntime } from '../engine.ts';
import { PlugboardError } from '../errors.ts';

const firstWaitMs = 30_000;
const longestWaitMs = 600_000;

export interface Breakers {
  /** @throws PlugboardError kind `configuration` while the provider is held back. */
  require(runtime: ProviderRuntime): void;
  /** Holds back longer with each refusal in a row; the first raises one alarm. */
  opened(runtime: ProviderRuntime, code: string): { readonly waitMs: number; readonly announce: () => Promise<void> };
  closed(runtime: ProviderRuntime): void;
}

export function createBreakers(engine: Engine): Breakers {
  const open = new Map<string, { until: number; waitMs: number; code: string }>();
  return {
    require({ definition }) {
      const breaker = open.get(definition.id);
      const leftMs = breaker === undefined ? 0 : breaker.until - engine.clock.monotonic();
      if (breaker === undefined || leftMs <= 0) return;
      throw new PlugboardError({
        kind: 'configuration',
        code: breaker.code,
        message: `${definition.id} refuses the app credentials of this host.`,
        hint: 'Check the client id and secret. Connections are untouched and recover by themselves.',
        provider: definition.id,
        retryable: true,
        retryAfterMs: leftMs,
      });
    },
    opened({ definition }, code) {
      const before = open.get(definition.id);
      const waitMs = before === undefined ? firstWaitMs : Math.min(longestWaitMs, before.waitMs * 2);
      open.set(definition.id, { until: engine.clock.monotonic() + waitMs, waitMs, code });
      const alarm = () => engine.events.emit('provider.attention', { provider: definition.id, reason: code });
      return { waitMs, announce: before === undefined ? alarm : async () => undefined };
    },
    closed({ definition }) {
      if (!open.delete(definition.id)) return;
      void engine.events.emit('provider.recovered', { provider: definition.id });
    },
  };
}
