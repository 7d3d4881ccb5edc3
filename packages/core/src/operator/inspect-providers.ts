/** What a set of environment names makes of each provider, without a board: all gaps at once, and nothing is thrown. */
import { resolveProvider } from '../config.ts';
import type { Mode } from '../engine.ts';
import type { Environment } from '../env.ts';
import { isPlugboardError, type PlugboardError } from '../errors.ts';
import type { AnyProvider } from '../provider.ts';
import { setupOf, type ProviderSetup } from '../runtimes.ts';

export interface ProviderInspection {
  readonly id: string;
  /** Null when the configuration is refused. */
  readonly setup: ProviderSetup | null;
  readonly error: PlugboardError | null;
}

export function inspectProviders(
  providers: readonly AnyProvider[],
  environment: Environment,
  mode: Mode,
): readonly ProviderInspection[] {
  return providers.map((provider) => {
    const { id } = provider.definition;
    try {
      return { id, setup: setupOf(resolveProvider(provider, environment, mode)), error: null };
    } catch (error) {
      if (!isPlugboardError(error)) throw error;
      return { id, setup: null, error };
    }
  });
}
