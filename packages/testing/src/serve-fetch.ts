/** Serves a fetch handler over real HTTP on loopback, for tests that need sockets. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { isConnectionDropped } from '@plugboard/core/emulator';

export interface ServeFetchOptions {
  /** Default: one that is free. */
  readonly port?: number;
}

export interface ServedFetch {
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
  /** Stops listening and breaks every connection. */
  close(): Promise<void>;
}

/** Connections that may wait to be taken: a test opens thousands at once in the process that has to take them. */
const crowd = 8192;

/**
 * @param handle Its requests carry no signal: a server does not hear that a client gave up waiting. When it rejects, the
 * connection is reset without an answer.
 * @example const sandbox = await serveFetch(createSandbox({ providers: [acme()] }).fetch)
 */
export async function serveFetch(
  handle: (request: Request) => Promise<Response>,
  { port = 0 }: ServeFetchOptions = {},
): Promise<ServedFetch> {
  const server = createServer((incoming, outgoing) => void answer(handle, incoming, outgoing));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', backlog: crowd }, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

async function answer(
  handle: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const response = await handle(await toRequest(incoming));
    outgoing.writeHead(response.status, [...response.headers].flat());
    if (response.body === null) return void outgoing.end();
    // A body that comes slowly must not hold back the headers.
    outgoing.flushHeaders();
    await pipeline(Readable.fromWeb(response.body as never), outgoing);
  } catch (error) {
    // A reset, not an orderly end: what a client sees when a vendor's process dies.
    incoming.socket.resetAndDestroy();
    if (!isConnectionDropped(error) && !isClosed(error)) throw error;
  }
}

async function toRequest(incoming: IncomingMessage): Promise<Request> {
  const { method = 'GET', url = '/', rawHeaders } = incoming;
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2) headers.append(rawHeaders[index]!, rawHeaders[index + 1]!);
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = method === 'GET' || method === 'HEAD' ? undefined : Buffer.concat(chunks);
  return new Request(`http://${headers.get('host') ?? '127.0.0.1'}${url}`, { method, headers, ...(body && { body }) });
}

const closedCodes: ReadonlySet<unknown> = new Set([
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_UNABLE_TO_PIPE',
  'ECONNRESET',
  'EPIPE',
]);

/** The client left before or while the answer was written, or before its request was read. */
function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && closedCodes.has(error.code);
}
