/** Servers in processes of their own, so that what they cost is not the client's. */
import { fork } from 'node:child_process';
import { join } from 'node:path';

export interface Server {
  readonly origin: string;
  stop(): void;
}

export async function startServer(name: 'canned' | 'token-endpoint'): Promise<Server> {
  const child = fork(join(import.meta.dirname, `../servers/${name}.ts`), { execArgv: [] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(message as number));
    child.once('error', reject);
  });
  return { origin: `http://127.0.0.1:${port}`, stop: () => child.disconnect() };
}
