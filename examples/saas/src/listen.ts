import type { AddressInfo } from 'node:net';

import { createAdaptorServer } from '@hono/node-server';

export type Fetch = (request: Request) => Response | Promise<Response>;

export interface Listening {
  /** `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Ends open connections, too. */
  close(): Promise<void>;
}

/**
 * Serves on loopback only: the application has a demo session, and the vendors are emulators.
 * @param port 0 takes any that is free.
 * @throws Error with code `EADDRINUSE` when the port is taken.
 */
export function listen(fetch: Fetch, port: number): Promise<Listening> {
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const { port: taken } = server.address() as AddressInfo;
      resolve({ url: `http://127.0.0.1:${taken}`, close: () => close(server) });
    });
  });
}

function close(server: ReturnType<typeof createAdaptorServer>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}
