/** Everything that runs: the application's server, the emulated vendors, the board between them. */
import { createSandbox, type Sandbox } from '@plugboard/core/emulator';

import { createBoard, type Board } from './board.ts';
import { listen } from './listen.ts';
import { createLogBook, type LogBook } from './log-book.ts';
import { providers } from './providers.ts';
import { createServer } from './server.ts';
import { createSessions } from './session.ts';

export interface App {
  readonly url: string;
  readonly board: Board;
  /** The vendors as they see it: who called, with which tokens. */
  readonly sandbox: Sandbox;
  readonly logBook: LogBook;
  close(): Promise<void>;
}

/** @throws Error with code `EADDRINUSE` when the port is taken. */
export async function startApp(port: number): Promise<App> {
  // The addresses come first, because the board and the vendors have to know where they are.
  let answer = (_request: Request): Response | Promise<Response> => new Response('Starting', { status: 503 });
  const application = await listen((request) => answer(request), port);
  const sandbox = createSandbox({ providers });
  const vendors = await listen(sandbox.fetch, 0);
  const logBook = createLogBook();
  const { board, close } = await createBoard({ appUrl: application.url, sandboxUrl: vendors.url, log: logBook.log });
  answer = createServer({ url: application.url, board, sessions: createSessions(), logBook });
  return {
    url: application.url,
    board,
    sandbox,
    logBook,
    async close() {
      await Promise.all([application.close(), vendors.close()]);
      await close();
    },
  };
}
