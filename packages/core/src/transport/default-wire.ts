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
      // What could not be loaded has nothing to close; the call that needed it has said so.
      await loading?.then(
        (wire) => wire.close?.(),
        () => undefined,
      );
    },
  });
}

/** Others call themselves Node as well, but bring sockets or an undici of their own: Bun, Deno, workerd with its flag. */
function isNode(): boolean {
  const { process, navigator } = globalThis as {
    process?: { versions?: Readonly<Record<string, string | undefined>> };
    navigator?: { userAgent?: string };
  };
  const { node, bun, deno } = process?.versions ?? {};
  // https://developers.cloudflare.com/workers/runtime-apis/web-standards/#navigatoruseragent (2026-11).
  const workerd = navigator?.userAgent === 'Cloudflare-Workers';
  return node !== undefined && bun === undefined && deno === undefined && !workerd;
}
