/** What vendors call, and their stand-ins in development. Neither knows the host's session. */
import type { Context, Hono } from 'hono';

import type { AnyBoard } from './route-context.ts';

export function addVendorRoutes(app: Hono, board: AnyBoard): void {
  const { sandbox } = board;

  // The signature is the authorization; the key only says whose secret it must be made with.
  app.on(['GET', 'POST'], '/webhooks/:provider/:key?', ({ req }) => {
    const { provider, key } = req.param();
    return board.webhooks.receive(provider, req.raw, key === undefined ? {} : { key });
  });

  if (sandbox !== null) app.all('/sandbox/*', (context) => sandbox(withPublicAddress(context, board.url)));
}

/** The sandbox tells its vendors apart by the whole address, of which the host or a proxy may have cut the prefix. */
function withPublicAddress({ req: { raw, path } }: Context, boardUrl: string): Request {
  const { method, headers, body, signal } = raw;
  const url = `${boardUrl}${path}${new URL(raw.url).search}`;
  return new Request(url, {
    method,
    headers,
    signal,
    redirect: 'manual',
    ...(body !== null && { body, duplex: 'half' }),
  });
}
