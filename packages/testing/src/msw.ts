/** `@plugboard/testing/msw`: lets msw answer a vendor's hosts from its emulator. */
import { isConnectionDropped, type Emulator } from '@plugboard/core/emulator';
import { http, HttpResponse, type HttpHandler } from 'msw';

/**
 * Handlers for `setupServer` and `server.use`. msw sees `fetch` and node:http; a board under test has to use
 * `fetchWire()`, because the pooled transport goes past both.
 * @example server.use(...mswHandlers(createEmulator(acme())))
 */
export function mswHandlers(...emulators: readonly Emulator[]): HttpHandler[] {
  return emulators.map((emulator) =>
    http.all(
      ({ request }) => emulator.serves(new URL(request.url)),
      async ({ request }) => {
        try {
          return await emulator.fetch(request);
        } catch (error) {
          if (isConnectionDropped(error)) return HttpResponse.error();
          throw error;
        }
      },
    ),
  );
}
