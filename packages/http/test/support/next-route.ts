/** The routes as route handlers of Next.js, with a board whose vendor is a stand-in: bundled and run by the tests. */
import { createMemoryStore, createPlugboard, silentLog } from '@plugboard/core';
import { createHandler } from '@plugboard/http';
import { toRouteHandlers } from '@plugboard/http/next';

import { acme, shop } from './acme.ts';
import { signedIn } from './signed-in.ts';

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = toRouteHandlers(() => {
  const board = createPlugboard({
    url: 'https://app.example.com/integrations',
    providers: [acme(), shop()],
    store: createMemoryStore(),
    keys: { k1: process.env['PLUGBOARD_KEY'] ?? '' },
    mode: 'test',
    env: {},
    log: silentLog,
  });
  return createHandler(board, { authorize: signedIn, log: silentLog });
});
