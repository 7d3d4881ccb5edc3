/** Which providers there are, and which bring an SDK of their vendor. */
import { providerIds, sdksOf, workspacePackages } from '../../tools/workspace.ts';

export const allProviders = (): string[] => providerIds();

/** Their SDK asks for modules that workerd lacks, with its flag too. A test says so when that is no longer true. */
export const unableInWorkers: readonly string[] = ['sentry'];

export function withoutSdk(): string[] {
  const providers = workspacePackages().filter(({ kind }) => kind === 'provider');
  return providers.filter((entry) => sdksOf(entry).length === 0).map(({ id }) => id);
}
