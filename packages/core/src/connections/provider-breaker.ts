/**
 * Holds back the refreshes of a provider while its token endpoint refuses the host's own app credentials, or is down:
 * what is wrong with the one server must not be found out by each connection for itself.
 */
import type { Engine, ProviderRuntime } from '../engine.ts';
import { PlugboardError } from '../errors.ts';

interface Pace {
  readonly firstMs: number;
  readonly longestMs: number;
}

const paces = {
  app: { firstMs: 30_000, longestMs: 600_000 },
  outage: { firstMs: 5_000, longestMs: 60_000 },
} as const satisfies Record<string, Pace>;

/** Refreshes of different connections that fail one after the other before the server counts as down. */
const outageAfter = 10;
/** As long as the answer to one call may take: until then nobody else asks. */
const probeMs = 45_000;

export interface Breakers {
  /** @throws PlugboardError kind `configuration` while the provider refuses the app; one caller at a time may ask again. */
  require(runtime: ProviderRuntime): void;
  /** For work in bulk: whether all may go, one to find out, or none. */
  admits(runtime: ProviderRuntime): 'all' | 'one' | 'none';
  /** Whether the provider is held back: what was begun before that need not go on. */
  holds(runtime: ProviderRuntime): boolean;
  /** The app was refused: holds back longer with each time in a row; the first raises one alarm. */
  opened(runtime: ProviderRuntime, code: string): { readonly waitMs: number; readonly announce: () => Promise<void> };
  /** No usable answer came. */
  failed(runtime: ProviderRuntime): void;
  /** The server answered, and took the app for what it is. */
  closed(runtime: ProviderRuntime): void;
  /** Whether the server was heard of in the last so many milliseconds. */
  heardWithin(runtime: ProviderRuntime, ms: number): boolean;
}

interface Open {
  readonly why: keyof typeof paces;
  readonly code: string;
  readonly waitMs: number;
  until: number;
  /** Somebody asks again; failures before that are of calls that were under way when it opened. */
  probing: boolean;
}

interface State {
  open?: Open;
  failures: number;
  heardAt: number;
}

export function createBreakers({ clock, events }: Pick<Engine, 'clock' | 'events'>): Breakers {
  const states = new Map<string, State>();

  function stateOf({ definition }: ProviderRuntime): State {
    const known = states.get(definition.id);
    if (known !== undefined) return known;
    const state: State = { failures: 0, heardAt: Number.NEGATIVE_INFINITY };
    states.set(definition.id, state);
    return state;
  }

  function hold(state: State, why: keyof typeof paces, code: string): Open {
    const before = state.open?.why === why ? state.open : undefined;
    if (before?.probing === false) return before;
    const { firstMs, longestMs } = paces[why];
    const waitMs = before === undefined ? firstMs : Math.min(longestMs, before.waitMs * 2);
    return (state.open = { why, code, waitMs, until: clock.monotonic() + waitMs, probing: false });
  }

  /** True for the one that may ask: the others wait for what it hears. */
  function probes(open: Open): boolean {
    const now = clock.monotonic();
    if (open.until > now) return false;
    open.until = now + probeMs;
    open.probing = true;
    return true;
  }

  return {
    require(runtime) {
      const { open } = stateOf(runtime);
      // While a server is down, each connection's own pause is enough for those who ask on their own.
      if (open === undefined || open.why === 'outage' || probes(open)) return;
      const provider = runtime.definition.id;
      throw new PlugboardError({
        kind: 'configuration',
        code: open.code,
        message: `${provider} refuses the app credentials of this host.`,
        hint: 'Check the client id and secret. Connections are untouched and recover by themselves.',
        provider,
        retryable: true,
        retryAfterMs: open.until - clock.monotonic(),
      });
    },
    admits(runtime) {
      const { open } = stateOf(runtime);
      if (open === undefined) return 'all';
      return probes(open) ? 'one' : 'none';
    },
    holds: (runtime) => stateOf(runtime).open !== undefined,
    opened(runtime, code) {
      const state = stateOf(runtime);
      const known = state.open?.why === 'app';
      const { until } = hold(state, 'app', code);
      const { id } = runtime.definition;
      const alarm = () => events.emit('provider.attention', { provider: id, reason: code });
      return { waitMs: until - clock.monotonic(), announce: known ? async () => undefined : alarm };
    },
    failed(runtime) {
      const state = stateOf(runtime);
      state.failures++;
      if (state.open?.why === 'app' || state.failures < outageAfter) return;
      hold(state, 'outage', 'vendor_outage');
    },
    closed(runtime) {
      const state = stateOf(runtime);
      const { open } = state;
      state.failures = 0;
      state.heardAt = clock.monotonic();
      delete state.open;
      if (open?.why === 'app') void events.emit('provider.recovered', { provider: runtime.definition.id });
    },
    heardWithin: (runtime, ms) => clock.monotonic() - stateOf(runtime).heardAt <= ms,
  };
}
