/** Access by the platform's own credentials, or the stub's: nothing of it is stored. */
import type { Credentials, MintMethod } from '../auth/auth.ts';
import { createOAuthClient } from '../auth/oauth-client.ts';
import type { Access } from '../client/access.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { methodOf } from '../engine.ts';
import { isPlugboardError } from '../errors.ts';
import { checkInput } from '../schema.ts';
import { withDiscovered } from './discover.ts';
import { expirySkewMs } from './lifetime.ts';
import { oauthContext } from './oauth-context.ts';

/** Credentials without a row. */
export interface FixedGrant {
  readonly method: string;
  readonly credentials: Credentials;
}

export function fixedAccess(
  runtime: ProviderRuntime,
  { method, credentials }: FixedGrant,
  rest: Partial<Access> = {},
): Access {
  const nothing = { account: null, metadata: {}, settings: {}, scopes: null, version: 0 };
  return { method, credentials, ...nothing, stub: runtime.stub, ...rest };
}

/** The platform's own fields, or the stub's, before any exchange. */
export function platformFields(runtime: ProviderRuntime): Credentials {
  return runtime.platform?.credentials ?? (runtime.stub ? stubGrant(runtime).credentials : {});
}

export interface PlatformAccess {
  /** Undefined when the deployment has neither credentials of its own nor a stub. */
  of(runtime: ProviderRuntime): Promise<Access> | undefined;
  /** A new token after the vendor refused that of `version`; null where there is nothing to exchange. */
  renew(runtime: ProviderRuntime, version: number): Promise<Access | null>;
}

interface Minted {
  readonly access: Promise<Access>;
  readonly version: number;
  /** Monotonic time; infinite while the exchange runs. */
  until: number;
}

/** Assumed life of a token whose vendor does not say. */
const assumedLifeMs = 3_600_000;
/** How long a refused exchange is not tried again. */
const refusedForMs = 30_000;

export function createPlatformAccess(engine: Engine): PlatformAccess {
  const tokens = new Map<string, Minted>();

  /** One exchange at a time for each provider; its token serves until shortly before its end. */
  function minted(runtime: ProviderRuntime, grant: FixedGrant, method: MintMethod): Promise<Access> {
    const { id } = runtime.definition;
    const current = tokens.get(id);
    if (current !== undefined && current.until > engine.clock.monotonic()) return current.access;
    const version = (current?.version ?? 0) + 1;
    const client = createOAuthClient(oauthContext(engine, runtime), method, { credentials: grant.credentials });
    const access = method.mint(client).then((answer) => {
      const { expiresInMs = assumedLifeMs, scopes = null, account = null, metadata = {} } = answer;
      token.until = engine.clock.monotonic() + expiresInMs - Math.min(expirySkewMs, expiresInMs / 2);
      const credentials = { ...grant.credentials, ...answer.credentials };
      return fixedAccess(runtime, { ...grant, credentials }, { scopes, account, metadata, version });
    });
    const token: Minted = { access, version, until: Number.POSITIVE_INFINITY };
    access.catch((error: unknown) => {
      // An outage is asked again at once; a refusal would be repeated by every call of every organization.
      const refused = isPlugboardError(error) && !error.retryable && error.status !== undefined;
      token.until = refused ? engine.clock.monotonic() + refusedForMs : Number.NEGATIVE_INFINITY;
    });
    tokens.set(id, token);
    return access;
  }

  function of(runtime: ProviderRuntime): Promise<Access> | undefined {
    const { platform } = runtime;
    if (platform === undefined) return runtime.stub ? stubAccess(engine, runtime) : undefined;
    const method = methodOf(runtime, platform.method);
    return 'mint' in method ? minted(runtime, platform, method) : Promise.resolve(fixedAccess(runtime, platform));
  }

  return {
    of,
    async renew(runtime, version) {
      const token = tokens.get(runtime.definition.id);
      if (token === undefined) return null;
      if (token.version === version) token.until = Number.NEGATIVE_INFINITY;
      return (await of(runtime)) ?? null;
    },
  };
}

/** Credentials of the definition's own example, and for kinds with tokens one that every emulator takes. */
function stubGrant(runtime: ProviderRuntime): FixedGrant {
  const methods = Object.entries(runtime.definition.auth);
  const [name, method] =
    methods.find(([, candidate]) => 'credentials' in candidate && candidate.kind !== 'browser') ?? methods[0]!;
  const fields = 'credentials' in method ? checkInput(method.credentials, method.example, 'the stub credentials') : {};
  const issued = 'token' in method || method.kind === 'browser' ? { accessToken: 'stub' } : {};
  const token = 'mint' in method ? (method.grant ?? issued) : issued;
  return { method: name, credentials: { ...(fields as Credentials), ...token } };
}

/** Knows the addresses of a stand-in that announces them, which no flow has asked for. */
async function stubAccess(engine: Engine, runtime: ProviderRuntime): Promise<Access> {
  const grant = stubGrant(runtime);
  const method = methodOf(runtime, grant.method);
  if (method.kind !== 'oauth2' || method.discover === undefined) return fixedAccess(runtime, grant, { stub: true });
  const input = await withDiscovered(engine, runtime, { given: {}, organizationId: undefined, method });
  return fixedAccess(runtime, grant, { stub: true, metadata: { input } });
}
