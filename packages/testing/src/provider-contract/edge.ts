/** The network as one case sees it: everything that leaves `fetch` is recorded, and only the vendor answers. */
import type { Emulator } from '@plugboard/core/emulator';
import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';

export interface SentRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly text: string;
}

/** Answers instead of the vendor; undefined leaves the request to it. */
export type Respond = (request: Request) => Response | Promise<Response> | undefined;

export interface Edge {
  /** Requests to the vendor, oldest first. */
  readonly requests: readonly SentRequest[];
  /** Addresses outside the vendor's hosts that something tried to reach. All of them failed. */
  readonly strangers: readonly URL[];
  /** From now on; undefined gives the word back to the vendor. */
  respond(answer: Respond | undefined): void;
  forget(): void;
}

export async function withEdge(
  vendor: Pick<Emulator, 'serves' | 'fetch'>,
  use: (edge: Edge) => Promise<void>,
): Promise<void> {
  const requests: SentRequest[] = [];
  const strangers: URL[] = [];
  let instead: Respond | undefined;
  const answer = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    if (!vendor.serves(url)) {
      strangers.push(url);
      return HttpResponse.error();
    }
    const { method, headers } = request;
    requests.push({ method, url, headers: new Headers([...headers]), text: await request.clone().text() });
    return instead?.(request) ?? vendor.fetch(request);
  };
  const server = setupServer(http.all('*', ({ request }) => answer(request)));
  server.listen({ onUnhandledFrame: 'error' });
  const { fetch } = globalThis;
  globalThis.fetch = fetchFrom(answer, fetch);
  try {
    await use({
      requests,
      strangers,
      respond: (given) => void (instead = given),
      forget() {
        requests.length = 0;
        strangers.length = 0;
      },
    });
  } finally {
    globalThis.fetch = fetch;
    server.close();
  }
}

/**
 * `fetch` over a function: refuses what it would refuse, ends with its signal and fails like it. The engine's wire asks
 * for redirects by hand and is served here, several times faster than by msw's emulated sockets; code that calls `fetch`
 * by itself goes through those, which follow redirects.
 */
function fetchFrom(answer: (request: Request) => Promise<Response>, otherwise: typeof fetch): typeof fetch {
  return async (input, init) => {
    if (init?.redirect !== 'manual') return otherwise(input, init);
    const request = new Request(input, init);
    const { signal } = request;
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    try {
      const response = await Promise.race([answer(request), aborted.promise]);
      if (response.type === 'error') throw new TypeError('fetch failed');
      return response;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  };
}
