/** Stands between a process and its database: breaks, refuses, delays, and loses single answers. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  /** The database's address, with the proxy in its place. */
  readonly url: string;
  /** Breaks every connection, and each new one until `restore`. */
  cut(): void;
  restore(): void;
  /** New connections go to another server from now on, as after a failover. */
  moveTo(databaseUrl: string): void;
  /** Resolves when so many connections were refused since the last `cut`. */
  whenRefused(count: number): Promise<void>;
  /** Holds every answer of the database back for so long. */
  delay(ms: number): void;
  /** The next so many requests that hold the text are passed on; their answers are lost, with the connection. */
  loseAnswers(text: string, count: number): void;
  /** How many answers were lost so far. */
  readonly lost: number;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

export async function createTcpProxy(databaseUrl: string): Promise<TcpProxy> {
  let target = new URL(databaseUrl);
  const pairs = new Set<Pair>();
  const watchers = new Set<{ readonly count: number; readonly notify: () => void }>();
  let down = false;
  let refused = 0;
  let delayMs = 0;
  let losing: { readonly text: string; left: number } | undefined;
  let lost = 0;

  function refuse(client: Socket): void {
    client.resetAndDestroy();
    refused++;
    for (const watcher of watchers) {
      if (refused < watcher.count) continue;
      watchers.delete(watcher);
      watcher.notify();
    }
  }

  const listener = createServer((client) => {
    client.on('error', () => undefined);
    if (down) return refuse(client);
    const server = connect({ host: target.hostname, port: Number(target.port || 5432) });
    server.on('error', () => undefined);
    const pair = { client, server };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    client.once('close', end);
    server.once('close', end);
    let losesNext = false;
    client.on('data', (chunk: Buffer) => {
      if (losing !== undefined && losing.left > 0 && chunk.includes(losing.text)) {
        losing.left--;
        losesNext = true;
      }
      server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      if (losesNext) {
        lost++;
        client.resetAndDestroy();
      } else if (delayMs === 0) client.write(chunk);
      else setTimeout(() => client.write(chunk), delayMs);
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((listener.address() as AddressInfo).port);

  return {
    url: url.href,
    cut() {
      down = true;
      refused = 0;
      for (const { client, server } of pairs) {
        client.resetAndDestroy();
        server.destroy();
      }
    },
    restore: () => void (down = false),
    moveTo: (other) => void (target = new URL(other)),
    whenRefused: (count) =>
      new Promise((notify) => (refused >= count ? notify() : void watchers.add({ count, notify }))),
    delay: (ms) => void (delayMs = ms),
    loseAnswers: (text, count) => void (losing = { text, left: count }),
    get lost() {
      return lost;
    },
    async close() {
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
      listener.close();
      await once(listener, 'close');
    },
  };
}
