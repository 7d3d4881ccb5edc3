/** The remote control of a fake OAuth server: what its own process calls as functions, as one endpoint. */
import { parseJson } from '@plugboard/core';
import type {
  AuthorizationServer,
  AuthorizeSwitches,
  Consent,
  EndpointSwitches,
  IssueOptions,
  LedgerSnapshot,
  TokenSwitches,
} from '@plugboard/core/emulator';

export const controlPath = '/control';
/** Keeps web pages out: a browser sends no such header to another origin without asking first. */
const controlHeader = 'x-plugboard-control';

export interface EndpointSwitchTypes {
  readonly authorize: AuthorizeSwitches;
  readonly token: TokenSwitches;
  readonly revoke: EndpointSwitches;
}

type Endpoint = keyof EndpointSwitchTypes;

type Command =
  | { readonly do: 'snapshot' | 'expireTokens' | 'revokeAll' | 'reset' }
  | {
      readonly do: 'next' | 'always';
      readonly endpoint: Endpoint;
      readonly switches: EndpointSwitches;
      readonly times?: number;
    }
  | { readonly do: 'clear'; readonly endpoint: Endpoint }
  | { readonly do: 'release' | 'whenHeld'; readonly count?: number }
  | { readonly do: 'issue'; readonly options: IssueOptions }
  | { readonly do: 'approve'; readonly url: string; readonly consent: Consent };

/** The same server, from another process. */
export interface RemoteOAuthServer {
  /** The whole ledger, with the texts of the current tokens. */
  ledger(): Promise<LedgerSnapshot>;
  next<E extends Endpoint>(endpoint: E, switches: EndpointSwitchTypes[E], times?: number): Promise<void>;
  always<E extends Endpoint>(endpoint: E, switches: EndpointSwitchTypes[E]): Promise<void>;
  clear(endpoint: Endpoint): Promise<void>;
  /** Lets held requests go on. */
  release(count?: number): Promise<void>;
  /** Resolves as soon as so many requests are held. */
  whenHeld(count?: number): Promise<void>;
  expireTokens(): Promise<void>;
  revokeAll(): Promise<void>;
  reset(): Promise<void>;
  /** A token answer without a flow. */
  issue(options?: IssueOptions): Promise<Readonly<Record<string, unknown>>>;
  /** Does the user's part on the consent page; returns the address that the browser is sent to. */
  approve(authorizeUrl: string | URL, consent?: Consent): Promise<URL>;
}

/** @param origin Of a server that `createFakeOAuthServer` started, in this process or another. */
export function connectFakeOAuthServer(origin: string): RemoteOAuthServer {
  async function send(command: Command): Promise<unknown> {
    const headers = { 'content-type': 'application/json', [controlHeader]: '1' };
    const response = await fetch(new URL(controlPath, origin), {
      method: 'POST',
      headers,
      body: JSON.stringify(command),
    });
    const body = parseJson(await response.text());
    if (response.ok) return body;
    throw new Error(`The fake OAuth server refused ${command.do}: ${JSON.stringify(body)}`);
  }
  const run = async (command: Command): Promise<void> => void (await send(command));
  return {
    ledger: async () => (await send({ do: 'snapshot' })) as LedgerSnapshot,
    next: (endpoint, switches, times) => run({ do: 'next', endpoint, switches, ...(times !== undefined && { times }) }),
    always: (endpoint, switches) => run({ do: 'always', endpoint, switches }),
    clear: (endpoint) => run({ do: 'clear', endpoint }),
    release: (count) => run({ do: 'release', ...(count !== undefined && { count }) }),
    whenHeld: (count) => run({ do: 'whenHeld', ...(count !== undefined && { count }) }),
    expireTokens: () => run({ do: 'expireTokens' }),
    revokeAll: () => run({ do: 'revokeAll' }),
    reset: () => run({ do: 'reset' }),
    issue: async (options = {}) => (await send({ do: 'issue', options })) as Readonly<Record<string, unknown>>,
    approve: async (url, consent = {}) => new URL((await send({ do: 'approve', url: String(url), consent })) as string),
  };
}

/** The server's end. */
export async function answerControl(server: AuthorizationServer, request: Request): Promise<Response> {
  if (request.method !== 'POST' || request.headers.get(controlHeader) === null) {
    return Response.json({ error: `POST with the header ${controlHeader}` }, { status: 403 });
  }
  try {
    const result = await obey(server, parseJson(await request.text()) as unknown as Command);
    return Response.json(result ?? null);
  } catch (error) {
    return Response.json({ error: error instanceof Error ? error.message : 'failed' }, { status: 400 });
  }
}

async function obey(server: AuthorizationServer, command: Command): Promise<unknown> {
  switch (command.do) {
    case 'snapshot':
      return server.ledger.snapshot();
    case 'next':
      return server.switches[command.endpoint].next(command.switches, command.times);
    case 'always':
      return server.switches[command.endpoint].always(command.switches);
    case 'clear':
      return server.switches[command.endpoint].clear();
    case 'release':
      return server.gate.release(command.count);
    case 'whenHeld':
      return server.gate.whenHeld(command.count);
    case 'expireTokens':
      return server.expireTokens();
    case 'revokeAll':
      return server.revokeAll();
    case 'reset':
      return server.reset();
    case 'issue':
      return server.issue(command.options);
    case 'approve':
      return (await server.approve(command.url, command.consent)).href;
    default:
      throw new Error('no such command');
  }
}
