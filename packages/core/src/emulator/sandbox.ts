/**
 * Many emulators behind one address, for a browser and an application that talk real HTTP. The path says who is meant:
 * `<base>/<provider>/<vendor host>/<path>` stands for `https://<vendor host>/<path>`.
 */
import type { Clock } from '../clock.ts';
import { configurationError } from '../errors.ts';
import type { AnyDefinition, AnyProvider } from '../provider.ts';
import { sandboxUrl } from '../sandbox-url.ts';
import { isVendorHost } from './addresses.ts';
import { createEmulator, type Emulator, type EmulatorOptions } from './create-emulator.ts';
import { toResponse } from './reply.ts';

export interface SandboxOptions {
  readonly providers: readonly AnyProvider[];
  readonly clock?: Clock;
  /** Where the sandbox is served: `http://127.0.0.1:4010`, also with a path. Default: the origin of each request. */
  readonly base?: string;
  /** Options of single emulators, by provider id. */
  readonly emulators?: Readonly<Record<string, Omit<EmulatorOptions, 'clock'>>>;
}

export interface Sandbox {
  /** Answers a request to the sandbox; serving it over HTTP is the caller's. */
  fetch(request: Request): Promise<Response>;
  /** By provider id. */
  readonly emulators: ReadonlyMap<string, Emulator>;
}

/** @throws PlugboardError code `duplicate_provider`. */
export function createSandbox(options: SandboxOptions): Sandbox {
  const emulators = new Map<string, Emulator>();
  const definitions = new Map(options.providers.map(({ definition }) => [definition.id, definition]));
  for (const provider of options.providers) {
    const { id } = provider.definition;
    if (emulators.has(id)) {
      throw configurationError(
        'duplicate_provider',
        `The sandbox has two providers called \`${id}\`.`,
        'Pass each once.',
      );
    }
    emulators.set(
      id,
      createEmulator(provider, { ...(options.clock && { clock: options.clock }), ...options.emulators?.[id] }),
    );
  }
  return {
    emulators,
    async fetch(request) {
      const base = options.base ?? new URL(request.url).origin;
      const target = vendorUrlOf(base, request.url);
      const emulator = target === undefined ? undefined : emulators.get(target.provider);
      if (target === undefined || emulator === undefined) return toResponse(directory(emulators));
      const url = namedHost(emulator, definitions.get(target.provider)!, target.url);
      const answer = await emulator.fetch(readdress(request, url, await bodyOf(request)));
      return stayInside(answer, emulator.definition, base);
    },
  };
}

/** The vendor's URL that a sandbox's address stands for, the reverse of `sandboxUrl`; undefined when it is none. */
export function vendorUrlOf(
  base: string,
  url: string | URL,
): { readonly provider: string; readonly url: URL } | undefined {
  const { pathname, search } = new URL(url);
  const root = new URL(base).pathname.replace(/\/$/, '');
  if (!pathname.startsWith(`${root}/`)) return undefined;
  const [, provider, host, rest = '/'] =
    /^\/([a-z][a-z0-9-]*)\/([^/]+)(\/.*)?$/.exec(pathname.slice(root.length)) ?? [];
  const vendor = `https://${host}${rest}${search}`;
  if (provider === undefined || host === undefined || !URL.canParse(vendor)) return undefined;
  const parsed = new URL(vendor);
  // A host that changes when parsed (`user@host`, `host:443`) is not one that `sandboxUrl` wrote.
  return parsed.host === host ? { provider, url: parsed } : undefined;
}

/** Whatever host somebody named for a vendor that everybody runs for themselves, the one of the examples stands in. */
function namedHost(emulator: Emulator, { hosts, tenantHosts }: AnyDefinition, url: URL): URL {
  const example = emulator.definition.hosts.find((host) => !hosts.includes(host));
  if (tenantHosts === undefined || example === undefined || emulator.serves(url)) return url;
  return new URL(`https://${example}${url.pathname}${url.search}`);
}

function readdress(request: Request, url: URL, body: ArrayBuffer | undefined): Request {
  const { method, headers, signal } = request;
  return new Request(url, { method, headers, signal, redirect: 'manual', ...(body !== undefined && { body }) });
}

async function bodyOf(request: Request): Promise<ArrayBuffer | undefined> {
  return request.body === null ? undefined : request.arrayBuffer();
}

/**
 * A redirect of the vendor to itself must not lead a browser to the real one. In any other answer the address is for the
 * client, which knows its vendor by name.
 */
function stayInside(answer: Response, definition: AnyDefinition, base: string): Response {
  const location = answer.status >= 300 && answer.status < 400 ? answer.headers.get('location') : null;
  if (location === null || !URL.canParse(location) || !isVendorHost(definition, new URL(location))) return answer;
  const headers = new Headers(answer.headers);
  headers.set('location', sandboxUrl(base, definition.id, new URL(location)).href);
  return new Response(answer.body, { status: answer.status, headers });
}

function directory(emulators: ReadonlyMap<string, Emulator>) {
  const message = 'Write the address as <base>/<provider>/<vendor host>/<path>.';
  const vendors = [...emulators].map(([id, { definition }]) => ({ provider: id, hosts: [...definition.hosts] }));
  return { status: 404, json: { error: 'no_such_vendor', message, vendors } };
}
