/** Wires that end at stand-ins: inside this process, or served over HTTP elsewhere. */
import type { Clock } from './clock.ts';
import type { AnyProvider } from './provider.ts';
import { sandboxUrl } from './sandbox-url.ts';
import type { Wire } from './transport/transport.ts';

export type Sandbox = (request: Request) => Promise<Response>;

/** The emulators of some providers behind one function; loaded at the first request, so production never loads them. */
export function lazySandbox(providers: readonly AnyProvider[], clock: Clock, base: string): Sandbox {
  let loading: Promise<Sandbox> | undefined;
  const load = async (): Promise<Sandbox> => {
    const { createSandbox } = await import('@plugboard/core/emulator');
    return createSandbox({ providers, clock, base }).fetch;
  };
  return async (request) => (await (loading ??= load()))(request);
}

/** Sends a vendor's calls to its stand-in. The vendor URL has been judged by then; the stand-in may be on loopback. */
export function sandboxWire(origin: string, providerId: string, send: Wire): Wire {
  return (request) => send({ ...request, url: sandboxUrl(origin, providerId, request.url), addresses: 'any' });
}
