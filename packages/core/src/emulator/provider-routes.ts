/** The routes that a provider adds to its emulator. */
import { configurationError } from '../errors.ts';
import { pathPattern, type PathPattern } from './addresses.ts';
import type { EmulatorRoute, EmulatorRoutes } from './contract.ts';
import type { Base } from './declared-endpoints.ts';

export interface ProviderRoute {
  readonly method: string;
  /** One pattern for each base. */
  readonly below: readonly { readonly base: Base; readonly path: PathPattern }[];
  readonly open: boolean;
  readonly reply: EmulatorRoute;
}

export interface RouteMatch {
  readonly route: ProviderRoute;
  readonly params: Readonly<Record<string, string>>;
}

/** @throws PlugboardError code `invalid_emulator` for a key that is not a method and a path. */
export function readRoutes(routes: EmulatorRoutes, bases: readonly Base[]): readonly ProviderRoute[] {
  return Object.entries(routes).map(([key, value]) => {
    const [, method, template] = /^(GET|HEAD|POST|PUT|PATCH|DELETE) (\/\S*)$/.exec(key) ?? [];
    if (method === undefined || template === undefined) {
      throw configurationError(
        'invalid_emulator',
        `\`${key}\` is no route.`,
        'Write method and path: `POST /v1/lists/{id}`.',
      );
    }
    const below = bases.map((base) => ({ base, path: pathPattern(base.prefix, template) }));
    const { open, reply } = typeof value === 'function' ? { open: false, reply: value } : value;
    return { method, below, open, reply };
  });
}

/** The route with the most literal path. */
export function matchRoute(routes: readonly ProviderRoute[], method: string, url: URL): RouteMatch | undefined {
  let best: (RouteMatch & { readonly weight: number }) | undefined;
  for (const route of routes) {
    if (route.method !== method) continue;
    for (const { base, path } of route.below) {
      const params = base.accepts(url) ? path.match(url.pathname) : undefined;
      if (params !== undefined && path.weight > (best?.weight ?? -1)) best = { route, params, weight: path.weight };
    }
  }
  return best;
}
