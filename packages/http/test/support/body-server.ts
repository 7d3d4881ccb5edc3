/** A server of its own process that receives webhooks, and tells how much memory it takes. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { toNodeHandler } from '@plugboard/http/node';

import { createFakeClock } from '../../../testing/src/clock.ts';
import { createRig } from './rig.ts';

// Nobody is late, however busy the machine is.
const rig = createRig({ clock: createFakeClock() });
const server = createServer(toNodeHandler(rig.handler)).listen(0, '127.0.0.1');
server.once('listening', () => process.send?.({ port: (server.address() as AddressInfo).port }));

// Bytes of bodies that have come in, and the memory that the process takes.
const sockets = new Set<{ readonly bytesRead: number }>();
server.on('connection', (socket) => {
  sockets.add(socket);
  // Kept any longer it would hold its last request, and the body of it.
  socket.once('close', () => sockets.delete(socket));
});
const received = () => [...sockets].reduce((sum, { bytesRead }) => sum + bytesRead, 0);
/** Tells once so many bytes have come in. */
function look(atLeast: number): void {
  if (received() < atLeast) return void setTimeout(look, 50, atLeast);
  globalThis.gc?.();
  const { rss, arrayBuffers } = process.memoryUsage();
  process.send?.({ rss, arrayBuffers });
}

process.on('message', ({ stop, atLeast = 0 }: { stop?: boolean; atLeast?: number }) => {
  if (stop !== true) return look(atLeast);
  server.close().closeAllConnections();
  process.disconnect();
});
