/** Real servers on the loopback address, closed after each test. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach } from 'vitest';

const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

export function stopAfter(stop: () => unknown): void {
  running.push(stop);
}

/** @returns Its port. */
export async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  stopAfter(() => server.close().closeAllConnections());
  return (server.address() as AddressInfo).port;
}

export function sender(port: number, path = '/integrations') {
  return (below: string, init?: RequestInit): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}${below}`, init);
}
