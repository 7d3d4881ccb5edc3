import { fetchWire } from './fetch-wire.ts';
import type { Wire } from './transport.ts';

/** Undici with guarded sockets on Node, `fetch` elsewhere. Nothing is loaded before the first call. */
export function defaultWire(): Wire {
  if (!isNode()) return fetchWire;
  let loading: Promise<Wire> | undefined;
  let loaded: Wire | undefined;
  const load = async () => {
    const { createUndiciWire } = await import('#undici-wire');
    return (loaded = createUndiciWire());
  };
  const wire: Wire = async (request) => (loaded ?? (await (loading ??= load())))(request);
  return Object.assign(wire, {
    async close() {
      await (await loading)?.close?.();
    },
  });
}

/** Bun and Deno call themselves Node as well, but bring sockets or an undici of their own. */
function isNode(): boolean {
  const versions = (globalThis as { process?: { versions?: Readonly<Record<string, string | undefined>> } }).process
    ?.versions;
  return versions?.['node'] !== undefined && versions['bun'] === undefined && versions['deno'] === undefined;
}
