/** The wire of Node: pooled sockets, guarded connects. Loaded at the first call, because undici costs 60 ms of start. */
import { Agent, type Dispatcher } from 'undici';

import { BodyQueue } from './body-queue.ts';
import { acceptedEncodings, decodeBody } from './decode.ts';
import { guardedConnector, type Lookup } from './guarded-connector.ts';
import type { Wire, WireAnswer, WireRequest } from './transport.ts';

export interface UndiciWireOptions {
  /** Most sockets to one origin. Default 128. */
  readonly connections?: number;
  /** Resolves names instead of the system's resolver. */
  readonly lookup?: Lookup;
}

type RawHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Timers of the calls themselves are the transport's: no other may cut a token call short. */
const agentOptions = { allowH2: false, headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: 32 * 1024 } as const;

export function createUndiciWire({ connections = 128, lookup }: UndiciWireOptions = {}): Wire {
  const agents = new Map<string, Agent>();

  /** Sockets are shared only among calls that may reach the same addresses. */
  function agentFor({ addresses = [], ownSocket }: WireRequest): Agent {
    const key = `${ownSocket ?? 'pooled'} ${String(addresses)}`;
    const known = agents.get(key);
    if (known !== undefined) return known;
    const connect = guardedConnector(addresses, lookup);
    const agent = new Agent({ ...agentOptions, ...poolingOf(ownSocket), connect });
    agents.set(key, agent);
    return agent;
  }

  /** Pipelining 0 closes each socket after its answer. */
  function poolingOf(ownSocket: WireRequest['ownSocket']) {
    if (ownSocket === undefined) return { pipelining: 1, connections };
    return { pipelining: ownSocket === 'fresh' ? 0 : 1 };
  }

  return Object.assign((request: WireRequest) => exchange(agentFor(request), request), {
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.close()));
      agents.clear();
    },
  });
}

function exchange(agent: Agent, request: WireRequest): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const { url, signal } = request;
    let started: Dispatcher.DispatchController | undefined;
    let body: BodyQueue | undefined;

    function stop(): void {
      started?.abort(aborted(false));
      // Still waiting for a socket: undici forgets the request when it gets to it.
      if (started === undefined) reject(aborted(true));
    }

    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    agent.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method,
        headers: headerList(request.headers),
        body: request.body ?? null,
      },
      {
        onRequestStart(controller) {
          started = controller;
          if (signal.aborted) stop();
        },
        onResponseStart(controller, status, headers) {
          // Informational answers (RFC 9110 section 15.2) come before the real one.
          if (status < 200) return;
          body = new BodyQueue({
            pause: () => controller.pause(),
            resume: () => controller.resume(),
            cancel: () => controller.abort(aborted(false)),
          });
          resolve(answerOf(status, headers as RawHeaders, body));
        },
        onResponseData: (_controller, chunk) => body?.push(chunk),
        onResponseEnd() {
          signal.removeEventListener('abort', stop);
          body?.end();
        },
        onResponseError(_controller, error) {
          signal.removeEventListener('abort', stop);
          if (body === undefined) reject(error);
          else body.fail(error);
        },
      },
    );
  });
}

function answerOf(status: number, raw: RawHeaders, body: BodyQueue): WireAnswer {
  let headers: Headers | undefined;
  const encoding = raw['content-encoding'];
  return {
    status,
    get headers() {
      return (headers ??= headersOf(raw));
    },
    body: encoding === undefined ? body : decodeBody(body, String(encoding)),
  };
}

function headerList(headers: Headers): string[] {
  const list: string[] = [];
  for (const [name, value] of headers) list.push(name, value);
  if (!headers.has('accept-encoding')) list.push('accept-encoding', acceptedEncodings);
  return list;
}

function headersOf(raw: RawHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    for (const item of typeof value === 'string' ? [value] : (value ?? [])) append(headers, name, item);
  }
  return headers;
}

/** A header that the web's `Headers` refuses (text beyond Latin-1) is no reason to lose the answer. */
function append(headers: Headers, name: string, value: string): void {
  try {
    headers.append(name, value);
  } catch {
    // Left out.
  }
}

function aborted(unsent: boolean): Error {
  return Object.assign(new Error('The exchange was stopped.'), { name: 'AbortError', code: 'ABORT_ERR', unsent });
}
