/** From the declarations to answers: finds the route, judges who asks and what, and runs what is behind it. */
import { PlugboardError } from '@plugboard/core';
import { Hono, type Context } from 'hono';

import { addresses, type RouteName } from './addresses.ts';
import { callerOf, type Caller } from './caller.ts';
import { connectRoutes, type FlowOptions } from './connect-routes.ts';
import { hubRoutes } from './hub-routes.ts';
import { openApiOf } from './openapi.ts';
import { popupPage } from './popup-page.ts';
import { problemResponse } from './problem.ts';
import { readBody } from './read-body.ts';
import { readQuery } from './read-query.ts';
import type { AnyBoard, Call, Implementations } from './route-context.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';
import { requireSameOrigin } from './same-origin.ts';
import { addVendorRoutes } from './vendor-routes.ts';

export interface RouterOptions extends FlowOptions {
  /** Those whose pages may call. */
  readonly origins: ReadonlySet<string>;
}

const nobody: Caller = { organizationId: '', userId: '' };

export function router(board: AnyBoard, options: RouterOptions): Hono {
  const { authorize, origins, note } = options;
  const implementations: Implementations = {
    ...connectRoutes(board, options),
    ...hubRoutes(board),
    openApi: async () => openApiOf(board.url),
    popup: ({ query }) =>
      popupPage(query, { url: board.url, origins, isProvider: (id) => Object.hasOwn(board.setup, id) }),
  };
  const base = new URL(board.url).pathname.replace(/\/$/, '');
  const app = new Hono({ getPath: (request) => pathBelow(base, request.url) });

  async function answer(name: RouteName, { req }: Context): Promise<Response> {
    const route: Route = routes[name];
    const { raw } = req;
    // To look at a page ahead is not to start or to end a flow.
    if (raw.method === 'HEAD' && route.answer === null) return notAllowed(methodsOf(name));
    const { who } = route;
    if (who === 'read' || who === 'manage') requireSameOrigin(raw, origins);
    const caller = who === 'read' || who === 'manage' ? await callerOf(authorize, raw, who) : nobody;
    const query = readQuery(raw.url, route.query) as { readonly label?: string };
    const body = route.body === null ? undefined : await readBody(raw, route.body);
    const headers = new Headers();
    const { label } = query;
    const target = { organizationId: caller.organizationId, ...(label !== undefined && { label }) };
    const call = { request: raw, path: req.param(), query, body, caller, target, headers };
    const run = implementations[name] as (given: unknown) => ReturnType<Implementations[RouteName]>;
    const result = await run(call satisfies Record<keyof Call<RouteName>, unknown>);
    const response = result instanceof Response ? result : Response.json(result);
    for (const [key, value] of headers) response.headers.append(key, value);
    return response;
  }

  for (const [name, address] of Object.entries(addresses) as [RouteName, string][]) {
    const [method = '', path = ''] = address.split(' ');
    app.on(method, honoPath(path), (context) => answer(name, context));
  }
  addVendorRoutes(app, board);
  for (const name of Object.keys(addresses) as RouteName[]) {
    app.all(honoPath(pathOf(name)), () => notAllowed(methodsOf(name)));
  }
  app.all('/webhooks/:provider/:key?', () => notAllowed(['GET', 'POST']));
  app.notFound(() => {
    const error = noSuchRoute(base);
    note(error);
    return problemResponse(error);
  });
  // Everything that is thrown ends in one place, also what is no `Error`.
  app.onError((error) => {
    throw error;
  });
  return app;
}

/** Works where the host strips the path of the mount before it calls, and where it does not. */
function pathBelow(base: string, url: string): string {
  const { pathname } = new URL(url);
  return pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : pathname;
}

function pathOf(name: RouteName): string {
  return addresses[name].slice(addresses[name].indexOf(' ') + 1);
}

function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** What the path of a route takes. */
function methodsOf(name: RouteName): readonly string[] {
  const names = (Object.keys(addresses) as RouteName[]).filter((other) => pathOf(other) === pathOf(name));
  return names.flatMap((other) => {
    const [method = ''] = addresses[other].split(' ');
    return method === 'GET' && routes[other].answer !== null ? ['GET', 'HEAD'] : [method];
  });
}

function notAllowed(methods: readonly string[]): Response {
  const allow = methods.join(', ');
  const response = problemResponse(
    new PlugboardError({
      kind: 'invalid_request',
      code: 'method_not_allowed',
      message: 'The route does not take this method.',
      hint: `Use one of: ${allow}.`,
    }),
  );
  response.headers.set('allow', allow);
  return response;
}

/** Who mounts them elsewhere than the board's `url` says finds none of them. */
function noSuchRoute(base: string): PlugboardError {
  return new PlugboardError({
    kind: 'not_found',
    code: 'no_such_route',
    message: 'There is no such route.',
    hint: `They live below ${base === '' ? '/' : base}, the path of the board's \`url\`. GET ${base}/openapi.json describes them all.`,
  });
}
