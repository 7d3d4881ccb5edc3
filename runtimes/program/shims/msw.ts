/** Stands in for msw, which needs Node: a server that answers everything that goes through the global `fetch`. */
type Answer = (given: { readonly request: Request }) => Response | Promise<Response>;

export const http = { all: (_pattern: string, answer: Answer): Answer => answer };
export const HttpResponse = { error: (): Response => Response.error() };

export function setupServer(answer: Answer): { listen(): void; close(): void } {
  const { fetch } = globalThis;
  return {
    listen() {
      globalThis.fetch = async (input, init) => {
        const response = await answer({ request: new Request(input, init) });
        if (response.type === 'error') throw new TypeError('fetch failed');
        return response;
      };
    },
    close: () => void (globalThis.fetch = fetch),
  };
}
