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
  const server = setupServer(
    http.all('*', async ({ request }) => {
      const url = new URL(request.url);
      if (!vendor.serves(url)) {
        strangers.push(url);
        return HttpResponse.error();
      }
      const { method, headers } = request;
      requests.push({ method, url, headers: new Headers(headers), text: await request.clone().text() });
      return instead?.(request) ?? vendor.fetch(request);
    }),
  );
  server.listen({ onUnhandledFrame: 'error' });
  try {
    await use({
      requests,
      strangers,
      respond: (answer) => void (instead = answer),
      forget() {
        requests.length = 0;
        strangers.length = 0;
      },
    });
  } finally {
    server.close();
  }
}
