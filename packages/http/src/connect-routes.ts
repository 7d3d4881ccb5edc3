/** Connecting and disconnecting: the OAuth redirect and its callback, credentials, the end of a connection. */
import { invalidInput, text, type Json, type JsonObject } from '@plugboard/core';
import { Hono, type Context } from 'hono';

import { callerOf } from './caller.ts';
import { endFlow, reasonOf, seeOther } from './flow-end.ts';
import { isObject, readObject, readText } from './read-body.ts';
import { targetOf, type RouteParts, type RoutesEnv } from './route-context.ts';
import { connectionView } from './views.ts';

export function connectRoutes({ board, guard, authorize, fallbackPage, fail }: RouteParts): Hono<RoutesEnv> {
  const app = new Hono<RoutesEnv>();

  async function start(context: Context<RoutesEnv, '/:provider'>, options: FlowOptions) {
    const { userId } = context.get('caller');
    return board.authorize(context.req.param('provider'), { ...targetOf(context), userId, ...options });
  }

  app.get('/connect/:provider', guard('manage'), async (context) => {
    const { url, cookie } = await start(context, flowOptions(context.req.query()));
    const response = seeOther(url);
    response.headers.append('set-cookie', cookie.header);
    return response;
  });

  app.post('/authorize/:provider', guard('manage'), async (context) => {
    const { input, allowAccountChange, ...body } = await readObject(context.req.raw);
    const options = { ...flowOptions(body), ...inputOf(input), allowAccountChange: allowAccountChange === true };
    const { url, cookie } = await start(context, options);
    context.header('set-cookie', cookie.header);
    return context.json({ url });
  });

  /** For a step in the browser that is not OAuth: what the page needs, and the flow that ends with it. */
  app.post('/prepare/:provider', guard('manage'), async (context) => {
    const { input, method } = await readObject(context.req.raw);
    const { userId } = context.get('caller');
    const prepared = await board.prepare(context.req.param('provider'), {
      ...targetOf(context),
      userId,
      ...(typeof method === 'string' && { method }),
      ...inputOf(input),
    });
    return context.json(prepared);
  });

  app.post('/connect/:provider', guard('manage'), async (context) => {
    const { credentials, method, flow, allowAccountChange } = await readObject(context.req.raw);
    const input = {
      ...targetOf(context),
      userId: context.get('caller').userId,
      allowAccountChange: allowAccountChange === true,
      ...(typeof method === 'string' && { method }),
      ...(typeof flow === 'string' && { flow }),
      credentials,
    };
    // Which fields fit is known when the provider is; the board judges them by its schema.
    const connection = await board.connect(context.req.param('provider'), input as never);
    return context.json({ connection: connectionView(connection) });
  });

  app.post('/disconnect/:provider', guard('manage'), async (context) => {
    const { userId } = context.get('caller');
    const result = await board.disconnect(context.req.param('provider'), { ...targetOf(context), userId });
    return context.json({ connection: connectionView(result.connection), revoked: result.revoked });
  });

  /** The vendor sends the browser here, so there is no check of the origin: the state and its cookie judge the flow. */
  app.on(['GET', 'POST'], '/callback/:provider', async ({ req }) => {
    const asked = req.param('provider');
    const provider = Object.hasOwn(board.setup, asked) ? asked : undefined;
    try {
      const { organizationId, userId } = await callerOf(authorize, req.raw, 'manage');
      const params = req.method === 'POST' ? new URLSearchParams(await readText(req.raw)) : new URL(req.url).search;
      const cookies = req.header('cookie') ?? '';
      const result = await board.callback(asked, { params, cookies, organizationId, userId });
      const reason = result.status === 'denied' ? result.reason : undefined;
      return endFlow(board.url, result.returnTo, { status: result.status, provider, reason });
    } catch (error) {
      fail(error);
      return endFlow(board.url, fallbackPage, { status: 'error', provider, reason: reasonOf(error) });
    }
  });

  return app;
}

function inputOf(input: Json | undefined): { readonly input?: JsonObject } {
  if (input === undefined) return {};
  if (isObject(input)) return { input };
  throw invalidInput('The body', [{ path: 'input', message: 'must be an object' }]);
}

interface FlowOptions {
  readonly returnTo?: string;
  readonly method?: string;
  readonly input?: JsonObject;
  readonly allowAccountChange?: boolean;
}

/** A vendor that needs a value before the redirect takes it from the query as `input.<name>`. */
function flowOptions(given: Readonly<Record<string, unknown>>): FlowOptions {
  const returnTo = text(given['returnTo']);
  const method = text(given['method']);
  const input = Object.entries(given).flatMap(([name, value]) =>
    name.startsWith('input.') && typeof value === 'string' ? [[name.slice('input.'.length), value] as const] : [],
  );
  return {
    ...(returnTo !== undefined && { returnTo }),
    ...(method !== undefined && { method }),
    ...(input.length > 0 && { input: Object.fromEntries(input) }),
  };
}
