/** The routes as a Worker: bundled and run by the tests, with a board whose vendor is a stand-in. */
import { createMemoryStore, createPlugboard, silentLog } from '@plugboard/core';
import { createHandler } from '@plugboard/http';
import { toWorker } from '@plugboard/http/workers';

import { acme, shop } from './acme.ts';
import { signedIn } from './signed-in.ts';

interface Env {
  readonly PLUGBOARD_KEY: string;
}

// Workers are found by their default export.
// oxlint-disable-next-line import/no-default-export
export default toWorker(({ PLUGBOARD_KEY }: Env) => {
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [acme(), shop()],
    store: createMemoryStore(),
    keys: { k1: PLUGBOARD_KEY },
    mode: 'test',
    env: {},
    log: silentLog,
  });
  const heard: string[] = [];
  board.on('acme', '*', (data) => void heard.push(JSON.stringify(data)));
  const handler = createHandler(board, { authorize: signedIn, log: silentLog });
  return async (request) => (request.url.endsWith('/heard') ? Response.json(heard) : handler(request));
});
