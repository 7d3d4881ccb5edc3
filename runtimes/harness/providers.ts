/** Which providers there are. */
import { needFlagInWorkers, unableInWorkers } from '../../tools/where-it-runs.ts';
import { providerIds } from '../../tools/workspace.ts';

export const allProviders = (): string[] => providerIds();

/** Those that a Worker without flags can bundle. */
export function withoutNode(): string[] {
  const more = [...needFlagInWorkers, ...unableInWorkers];
  return providerIds().filter((id) => !more.includes(id));
}
