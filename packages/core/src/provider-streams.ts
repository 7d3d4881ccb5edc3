/** The streams of a provider: those that it declares, and what its capabilities give. */
import { adSpendStream, type AdSpendRecord } from './ad-spend-stream.ts';
import type { AdSpendCapability } from './capabilities.ts';
import type { Api } from './endpoint.ts';
import type { AnyDefinition } from './provider.ts';
import type { SyncStream, SyncStreams } from './sync-stream.ts';

/** The records of each stream of a definition, by name. */
export type StreamsOf<D extends AnyDefinition> = string extends D['id']
  ? // A board of unknown providers: judged at run time alone.
    Readonly<Record<string, unknown>>
  : DeclaredStreams<NonNullable<D['streams']>> & CapabilityStreams<NonNullable<D['capabilities']>>;

type DeclaredStreams<Streams> = {
  readonly [Name in keyof Streams]: Streams[Name] extends SyncStream<infer Item> ? Item : never;
};
type CapabilityStreams<Caps> = 'adSpend' extends keyof Caps ? { readonly adSpend: AdSpendRecord } : unknown;

/** Every stream of a definition by its name, the provider's own first. */
export function streamsOf({ streams, capabilities }: AnyDefinition): SyncStreams {
  const declared = (streams ?? {}) as SyncStreams;
  const spend = (capabilities as { readonly adSpend?: (api: Api) => AdSpendCapability } | undefined)?.adSpend;
  return spend === undefined || 'adSpend' in declared ? declared : { ...declared, adSpend: adSpendStream(spend) };
}
