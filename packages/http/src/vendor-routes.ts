/** What vendors call, and their stand-ins in development. Neither knows the host's session. */
import { Hono, type HonoRequest } from 'hono';

import type { RouteParts, RoutesEnv } from './route-context.ts';

export function vendorRoutes({ board }: RouteParts): Hono<RoutesEnv> {
  const app = new Hono<RoutesEnv>();
  const { sandbox } = board;

  // The signature is the authorization; the organization in the path only says whose secret it must be made with.
  app.on(['GET', 'POST'], '/webhooks/:provider', ({ req }) => board.webhooks.receive(req.param('provider'), req.raw));
  app.on(['GET', 'POST'], '/webhooks/:provider/:organizationId/:label?', ({ req }) => {
    const { provider, organizationId, label } = req.param();
    return board.webhooks.receive(provider, req.raw, { organizationId, ...(label !== undefined && { label }) });
  });

  if (sandbox !== null) app.all('/sandbox/*', ({ req }) => sandbox(withPublicAddress(req, board.url)));
  return app;
}

/** The sandbox tells its vendors apart by the whole address, of which the host or a proxy may have cut the prefix. */
function withPublicAddress({ raw, path }: HonoRequest, boardUrl: string): Request {
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
