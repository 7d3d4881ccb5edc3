/** Connecting and disconnecting: the OAuth redirect and its callback, credentials, the end of a connection. */
import { isPlugboardError, type AnyProvider } from '@plugboard/core';

import { callerOf, type Authorize, type Caller } from './caller.ts';
import { endFlow, reasonOf, seeOther } from './flow-end.ts';
import { readText } from './read-body.ts';
import { repostPage, takeMarker } from './repost-page.ts';
import type { AnyBoard, Call, Implementations } from './route-context.ts';
import { connectionView } from './views.ts';

export interface FlowOptions {
  readonly authorize: Authorize;
  readonly fallbackPage: string;
  /** Logs what is the server's fault. */
  readonly note: (error: unknown) => void;
}

type Names =
  | 'startConnect'
  | 'authorize'
  | 'callback'
  | 'postedCallback'
  | 'prepare'
  | 'connect'
  | 'disconnect'
  | 'webhookAddress';

export function connectRoutes(board: AnyBoard, { authorize, fallbackPage, note }: FlowOptions): Implementations<Names> {
  /** Providers whose vendor posts its answer. */
  const posts = new Set(board.providers.filter(postsAnswers).map(({ definition }) => definition.id));

  /** The vendor sends the browser here, so there is no check of the origin: the state and its cookie judge the flow. */
  async function callback({ request, path }: Call<'callback' | 'postedCallback'>): Promise<Response> {
    const provider = Object.hasOwn(board.setup, path.provider) ? path.provider : undefined;
    const posted = request.method === 'POST';
    try {
      // The body is read afterwards, because the session check must find the request as it came.
      const [session] = await Promise.allSettled([callerOf(authorize, request, 'manage')]);
      const mayPostAgain = posted && provider !== undefined && posts.has(provider) && isNotSignedIn(session);
      if (session.status === 'rejected' && !mayPostAgain) throw session.reason;
      const { params, reposted } = posted
        ? takeMarker(new URLSearchParams(await readText(request)))
        : { params: new URLSearchParams(new URL(request.url).search), reposted: false };
      if (session.status === 'rejected' && !reposted) return await repostPage(params);
      if (session.status === 'rejected') throw session.reason;
      const { organizationId, userId } = session.value;
      const cookies = request.headers.get('cookie') ?? '';
      const result = await board.callback(path.provider, { params, cookies, organizationId, userId });
      const reason = result.status === 'denied' ? result.reason : undefined;
      return endFlow(board.url, result.returnTo, { status: result.status, provider, reason });
    } catch (error) {
      note(error);
      return endFlow(board.url, fallbackPage, { status: 'error', provider, reason: reasonOf(error) });
    }
  }

  return {
    async startConnect({ path, query: { label: _label, ...options }, target, caller, headers }) {
      const { userId } = caller;
      const { url, cookie } = await board.authorize(path.provider, { ...target, userId, ...given(options) });
      headers.append('set-cookie', cookie.header);
      return seeOther(url);
    },

    async authorize({ path, body, target, caller, headers }) {
      const { userId } = caller;
      const { url, cookie } = await board.authorize(path.provider, { ...target, userId, ...given(body) });
      headers.append('set-cookie', cookie.header);
      return { url };
    },

    callback,
    postedCallback: callback,

    async prepare({ path, body, target, caller }) {
      return board.prepare(path.provider, { ...target, userId: caller.userId, ...given(body) });
    },

    async connect({ path, body, target, caller }) {
      const input = { ...target, userId: caller.userId, ...given(body) };
      // Which fields fit is known when the provider is; the board judges them by its schema.
      return { connection: connectionView(await board.connect(path.provider, input as never)) };
    },

    async disconnect({ path, target, caller }) {
      const { connection, revoked } = await board.disconnect(path.provider, { ...target, userId: caller.userId });
      return { connection: connectionView(connection), revoked };
    },

    async webhookAddress({ path, target, caller }) {
      return { url: await board.webhooks.address(path.provider, { ...target, userId: caller.userId }) };
    },
  };
}

function postsAnswers({ definition }: AnyProvider): boolean {
  return Object.values(definition.auth).some(
    (method) => method.kind === 'oauth2' && method.authorize.formPost === true,
  );
}

function isNotSignedIn(session: PromiseSettledResult<Caller>): boolean {
  return session.status === 'rejected' && isPlugboardError(session.reason) && session.reason.code === 'not_signed_in';
}

type Given<T> = { [Name in keyof T]: Exclude<T[Name], undefined> };

/** The members that were given: absent and undefined are one in JSON and two in TypeScript. */
function given<T extends object>(members: T): Given<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<T>;
}
