/** Real servers on the loopback interface, closed at the end of the test that opened them. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { onTestFinished } from 'vitest';

import { until } from './fake-clock.ts';

export interface Loopback {
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  readonly port: number;
  /** Sockets accepted so far. */
  readonly connections: () => number;
  /** Sockets open now. */
  readonly openSockets: () => number;
  /** Bytes received so far on all sockets. */
  readonly received: () => number;
  /** Waits until no socket is open. */
  untilIdle(): Promise<void>;
  close(): Promise<void>;
}

export interface HttpLoopback extends Loopback {
  /** Every request so far, with its body. */
  readonly requests: readonly SeenRequest[];
  untilRequests(count: number): Promise<void>;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** An HTTP server. The handler runs once the body is complete. */
export async function serveHttp(
  handle: (request: SeenRequest, response: ServerResponse) => void,
): Promise<HttpLoopback> {
  const requests: SeenRequest[] = [];
  const listener: RequestListener = (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming;
      const seen = { method, path, headers, body: Buffer.concat(chunks).toString() };
      requests.push(seen);
      handle(seen, response);
    });
  };
  const loopback = await listen(createServer({ keepAliveTimeout: 60_000 }, listener));
  return { ...loopback, requests, untilRequests: (count) => until(() => requests.length >= count) };
}

/** A TCP server for what an HTTP server would not do. */
export function serveTcp(onSocket: (socket: Socket) => void, host?: string): Promise<Loopback> {
  return listen(createTcpServer(onSocket), host);
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = await serveTcp(() => undefined);
  await server.close();
  return server.port;
}

async function listen(server: Server, host = '127.0.0.1'): Promise<Loopback> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  let receivedBytes = 0;
  server.on('connection', (socket) => {
    accepted++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      receivedBytes += socket.bytesRead;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  onTestFinished(close);
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    connections: () => accepted,
    openSockets: () => sockets.size,
    received: () => [...sockets].reduce((bytes, socket) => bytes + socket.bytesRead, receivedBytes),
    untilIdle: () => until(() => sockets.size === 0),
    close,
  };
}
