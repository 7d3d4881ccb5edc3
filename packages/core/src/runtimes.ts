/** Makes each provider of a board ready to use: its credentials, and the wire to its vendor or to its stand-in. */
import type { Clock } from './clock.ts';
import { resolveProvider, type ResolvedProvider } from './config.ts';
import type { Mode, ProviderRuntime } from './engine.ts';
import type { Environment } from './env.ts';
import { configurationError } from './errors.ts';
import type { Log } from './log.ts';
import type { AnyProvider } from './provider.ts';
import { createLimitsOf } from './provider-limits.ts';
import { createTransport } from './transport/create-transport.ts';
import { defaultWire } from './transport/default-wire.ts';
import { handlerWire } from './transport/handler-wire.ts';
import type { Limiter } from './transport/limiter.ts';
import type { Wire } from './transport/transport.ts';
import { sandboxUrl } from './sandbox-url.ts';
import { stubAppValues } from './stub-app.ts';
import { lazySandbox, sandboxWire, type Sandbox } from './stub-wire.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';
import { createEgressPolicy, type EgressOptions } from './url.ts';

export interface RuntimeOptions {
  /** Sends vendor calls another way than the pooled, guarded transport: `fetchWire` under tests that intercept fetch. */
  readonly wire?: Wire;
  /** Where stand-ins of stubbed vendors are served over HTTP. Default: inside this process. Never in production. */
  readonly sandbox?: { readonly origin: string };
  /** Private addresses that an organization's own server may live at. */
  readonly egress?: EgressOptions;
  /**
   * Keeps the vendors' limits. Default: counted in this process, so several processes may send as much each;
   * `sharedLimiter` of @plugboard/limiter counts them together. Stand-ins of vendors are not limited by it.
   */
  readonly limiter?: Limiter;
  /** OpenTelemetry; default: the global API when the host has registered one. */
  readonly telemetry?: Telemetry;
}

export interface RuntimeContext extends RuntimeOptions {
  readonly mode: Mode;
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly environmentVariables: Environment;
}

export interface Runtimes {
  readonly runtimes: ReadonlyMap<string, ProviderRuntime>;
  readonly sandbox: Sandbox | null;
  close(): Promise<void>;
}

/** @throws PlugboardError kind `configuration`: `invalid_provider`, `duplicate_provider`, `missing_credentials`, `half_configured` ... */
export function createRuntimes(providers: readonly AnyProvider[], context: RuntimeContext): Runtimes {
  const { mode, clock, log, limiter, telemetry = createTelemetry({ clock }) } = context;
  if (limiter !== undefined) checkLimiter(limiter);
  if (mode === 'production' && context.sandbox !== undefined) {
    throw configurationError('sandbox_in_production', 'Option `sandbox` is set in production.', 'Remove it.');
  }
  for (const [index, provider] of providers.entries()) checkProvider(provider, index);
  const resolved = providers.map((provider) => resolveProvider(provider, context.environmentVariables, mode));
  refuseDuplicates(resolved);
  if (mode === 'production') refuseUnusable(resolved);
  const wire = context.wire ?? defaultWire();
  const common = { clock, log, telemetry, egress: createEgressPolicy(context.egress) };
  const live = createTransport({ wire, ...common, ...(limiter !== undefined && { limiter }) });
  const stubs = resolved.filter(({ stub }) => stub).map(standInOf);
  const origin = context.sandbox?.origin ?? `${context.url}/sandbox`;
  const elsewhere = stubs.length === 0 || context.sandbox !== undefined;
  const sandbox = elsewhere ? null : lazySandbox(stubs, clock, origin);
  const standIn = sandbox === null ? wire : handlerWire(sandbox);
  const runtimes = resolved.map((provider): [string, ProviderRuntime] => {
    const { id } = provider.definition;
    const limitsOf = createLimitsOf(provider.definition);
    if (!provider.stub) return [id, { ...provider, transport: live, limitsOf, browserUrl: (url) => url }];
    const transport = createTransport({ wire: sandboxWire(origin, id, standIn), ...common });
    const browserUrl = (url: string) => sandboxUrl(origin, id, new URL(url)).href;
    return [
      id,
      { ...provider, app: stubAppValues(provider.definition, provider.app), transport, limitsOf, browserUrl },
    ];
  });
  return {
    runtimes: new Map(runtimes),
    sandbox,
    async close() {
      await Promise.all(
        [live, ...runtimes.map(([, runtime]) => runtime.transport)].map((transport) => transport.close()),
      );
    },
  };
}

/** A provider is a module that the host imported: names are never looked up, so nobody can register one to be loaded. */
function checkProvider(provider: unknown, index: number): void {
  const given = Object(provider) as { readonly definition?: { readonly id?: unknown }; readonly options?: unknown };
  const { id } = Object(given.definition) as { readonly id?: unknown };
  if (typeof id === 'string' && typeof given.options === 'object' && given.options !== null) return;
  const uncalled = typeof provider === 'function' && typeof id === 'string';
  throw configurationError(
    'invalid_provider',
    `Option \`providers[${index}]\` is no provider.`,
    uncalled ? `Call it: ${id}().` : 'Import the provider, and pass what it returns when it is called.',
  );
}

function checkLimiter(limiter: unknown): void {
  const { enter, pause } = (limiter ?? {}) as Partial<Limiter>;
  if (typeof enter === 'function' && typeof pause === 'function') return;
  throw configurationError('invalid_limiter', 'Option `limiter` is no limiter.', 'Pass what `sharedLimiter` returned.');
}

/** What the deployment has configured for one provider. */
export interface ProviderSetup {
  /** An emulator stands in for the vendor. */
  readonly stub: boolean;
  /** The platform's own credentials serve organizations that have no connection. */
  readonly platform: boolean;
  /** Environment names without which OAuth cannot start; empty when it can. */
  readonly missing: readonly string[];
}

export function setupOf({
  stub,
  platform,
  missing,
}: Pick<ResolvedProvider, 'stub' | 'platform' | 'missing'>): ProviderSetup {
  return { stub, platform: platform !== undefined, missing: stub ? [] : missing };
}

/** What the emulator is made of: it must know the hosts that the values in use name. */
function standInOf({ definition, app }: ResolvedProvider): AnyProvider {
  return { definition, options: stubAppValues(definition, app) as AnyProvider['options'] };
}

function refuseDuplicates(resolved: readonly ResolvedProvider[]): void {
  const ids = resolved.map((provider) => provider.definition.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice === undefined) return;
  throw configurationError(
    'duplicate_provider',
    `Provider \`${twice}\` is given twice.`,
    'Give it once; several connections are told apart by their label.',
  );
}

/** A provider that nobody could connect is a deployment error, found at start and not by the first user. */
function refuseUnusable(resolved: readonly ResolvedProvider[]): void {
  const unusable = resolved.filter(
    ({ definition, missing }) =>
      missing.length > 0 && Object.values(definition.auth).every((method) => method.kind === 'oauth2'),
  );
  if (unusable.length === 0) return;
  const names = unusable.map(({ definition, missing }) => `${definition.id}: ${missing.join(', ')}`).join('; ');
  throw configurationError(
    'missing_credentials',
    `Credentials are missing in production: ${names}.`,
    'Set these environment names, or remove the providers.',
  );
}
