/** Feature flags per provider, evaluated by OpenFeature, so that the host's own flag system decides. */
import type { Engine } from './engine.ts';
import { checkId, checkTarget, providerOf } from './engine.ts';
import { configurationError } from './errors.ts';
import { loaded } from './missing-package.ts';

/** The part of an OpenFeature client that is used; the host may pass its own. */
export interface FlagClient {
  getBooleanValue(key: string, defaultValue: boolean, context?: Record<string, string>): Promise<boolean>;
}

export interface FlagInput {
  readonly organizationId: string;
  readonly label?: string;
}

export interface FlagState {
  /** `<provider>.<flag>`, the key that the host's flag system sees. */
  readonly key: string;
  readonly description: string;
  readonly enabled: boolean;
  /** `flag`: as evaluated. `not_connected`: it needs a usable connection and there is none. */
  readonly because: 'flag' | 'not_connected';
}

export interface FlagsService {
  enabled(provider: string, flag: string, input: FlagInput): Promise<boolean>;
  list(provider: string, input: FlagInput): Promise<readonly FlagState[]>;
}

/** @param client Default: the global OpenFeature API, whose own default is each flag's declared one. */
export function createFlags(engine: Engine, client: FlagClient | undefined): FlagsService {
  let loading: Promise<FlagClient> | undefined;
  const load = () => (loading ??= client === undefined ? globalClient() : Promise.resolve(client));

  async function connected(provider: string, input: FlagInput): Promise<boolean> {
    const row = await engine.store.connections.find(input.organizationId, {
      provider,
      label: input.label ?? 'default',
    });
    if (row === null || (row.stub && engine.mode === 'production')) return false;
    return row.status === 'active' || row.status === 'degraded';
  }

  async function evaluate(provider: string, flag: string, input: FlagInput): Promise<FlagState> {
    checkId(checkTarget(input, `The flag \`${provider}.${flag}\``).organizationId, 'organizationId');
    const { flags = {} } = providerOf(engine, provider).definition;
    const definition = Object.hasOwn(flags, flag) ? flags[flag] : undefined;
    const key = `${provider}.${flag}`;
    if (definition === undefined) {
      throw configurationError(
        'unknown_flag',
        `Provider \`${provider}\` declares no flag \`${flag}\`.`,
        `Flags are: ${Object.keys(flags).join(', ') || 'none'}.`,
      );
    }
    const { description } = definition;
    if (definition.requiresConnection && !(await connected(provider, input))) {
      return { key, description, enabled: false, because: 'not_connected' };
    }
    const context = { targetingKey: input.organizationId, provider };
    return {
      key,
      description,
      enabled: await (await load()).getBooleanValue(key, definition.default, context),
      because: 'flag',
    };
  }

  return {
    enabled: async (provider, flag, input) => (await evaluate(provider, flag, input)).enabled,
    async list(provider, input) {
      const names = Object.keys(providerOf(engine, provider).definition.flags ?? {});
      return Promise.all(names.map((flag) => evaluate(provider, flag, input)));
    },
  };
}

async function globalClient(): Promise<FlagClient> {
  const { OpenFeature } = await loaded(import('@openfeature/server-sdk'));
  return OpenFeature.getClient('plugboard') as unknown as FlagClient;
}
