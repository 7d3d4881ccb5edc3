/** Routes of a real board, whose vendors are emulators in this process, and browsers that walk through them. */
import { createMemoryStore, createPlugboard, handlerWire, type Clock, type Log } from '@plugboard/core';
import { createSandbox, type EmulatorOptions } from '@plugboard/core/emulator';
import { createHandler, type Caller, type Handler, type HandlerOptions } from '@plugboard/http';

import { acme, shop } from './acme.ts';
import { agreeing } from './agreement.ts';
import { signedIn } from './signed-in.ts';

export { signedIn };

const key = crypto.getRandomValues(new Uint8Array(32));
export const url = 'https://app.example.com/integrations';
export const ada: Caller = { organizationId: 'org-1', userId: 'ada' };

export interface RigOptions extends Partial<HandlerOptions> {
  readonly emulator?: Omit<EmulatorOptions, 'clock'>;
  readonly baseUrl?: string;
  /** With app credentials, as in production: the emulators then play the real vendors. */
  readonly live?: boolean;
  readonly clock?: Clock;
}

export function createRig({ emulator, baseUrl = url, live = false, clock, ...options }: RigOptions = {}) {
  const providers = [acme(), shop()] as const;
  const sandbox = createSandbox({ providers, ...(emulator && { emulators: { acme: emulator } }) });
  const vendor = sandbox.emulators.get('acme')!;
  const logged: string[] = [];
  const note = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { info: () => undefined, warn: note, error: note };
  const store = createMemoryStore();
  const board = createPlugboard({
    url: baseUrl,
    providers,
    store,
    keys: { k1: key },
    mode: 'test',
    env: live ? { ACME_CLIENT_ID: 'id', ACME_CLIENT_SECRET: 'secret' } : {},
    log,
    ...(clock && { clock }),
    sandbox: { origin: 'https://sandbox.example.com' },
    wire: handlerWire(live ? vendor.fetch : sandbox.fetch),
  });
  const handler = agreeing(createHandler(board, { authorize: signedIn, log, ...options }), baseUrl);
  return { board, store, handler, logged, sandbox, vendor, call: caller(handler, baseUrl) };
}

export const session = { cookie: 'session=org-1/ada' };

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is a text. */
  readonly body?: unknown;
}

/** Calls a route below the board's address with Ada's session, as her browser would from the application's own page. */
function caller(handler: Handler, baseUrl: string) {
  return (
    path: string,
    { body, method = body === undefined ? 'GET' : 'POST', headers = session }: CallOptions = {},
  ) => {
    const json = body !== undefined && typeof body !== 'string';
    const all = { 'sec-fetch-site': 'same-origin', ...(json && { 'content-type': 'application/json' }), ...headers };
    const content = json ? JSON.stringify(body) : (body as string | undefined);
    return handler(
      new Request(`${baseUrl}${path}`, { method, headers: all, ...(content !== undefined && { body: content }) }),
    );
  };
}

export async function json(response: Response): Promise<Record<string, never>> {
  return (await response.json()) as Record<string, never>;
}

/** A browser on its way through one flow: keeps cookies, follows nothing by itself. */
export interface Flow {
  /** Where the vendor sent the browser: the callback with its parameters. */
  readonly back: URL;
  /** Session and flow cookie. */
  readonly cookie: string;
}

/** Starts a flow and consents to it at the vendor. `start` is a provider with the query of its start. */
export async function consent(
  rig: ReturnType<typeof createRig>,
  start = 'acme',
  choice: Record<string, string> = {},
): Promise<Flow> {
  const started = await rig.call(`/connect/${start}`);
  if (started.status !== 303) throw new Error(`The flow did not start: ${started.status} ${await started.text()}`);
  const flowCookie = started.headers.get('set-cookie')!.split(';')[0]!;
  const form = new URLSearchParams({ decision: 'allow', ...choice });
  const page = started.headers.get('location')!;
  const decided = await rig.sandbox.fetch(new Request(page, { method: 'POST', body: form }));
  return { back: new URL(decided.headers.get('location')!), cookie: `${session.cookie}; ${flowCookie}` };
}

/** Follows the vendor's redirect to the callback, from another site as a browser would. */
export function finish(rig: ReturnType<typeof createRig>, { back, cookie }: Flow): Promise<Response> {
  return rig.handler(new Request(back, { headers: { cookie, 'sec-fetch-site': 'cross-site' } }));
}

/** A whole flow, ended well. */
export async function connectByOAuth(rig: ReturnType<typeof createRig>, start = 'acme'): Promise<URL> {
  return new URL((await finish(rig, await consent(rig, start))).headers.get('location')!);
}
