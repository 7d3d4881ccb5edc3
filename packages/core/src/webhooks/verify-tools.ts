/** For schemes that ask the vendor: the app's own credentials, the hosts of the addressed connection. */
import type { Credentials, OAuthRequest } from '../auth/auth.ts';
import { discoveredKey } from '../auth/discovery.ts';
import { sendOAuth } from '../auth/oauth-client.ts';
import { withDiscovered } from '../connections/discover.ts';
import { oauthContext } from '../connections/oauth-context.ts';
import type { Sessions } from '../connections/session.ts';
import type { Engine, ProviderRuntime } from '../engine.ts';
import { inputOf } from '../hosts.ts';
import type { JsonObject } from '../json.ts';
import type { ConnectionRow } from '../store.ts';
import type { VerifyTools } from './webhook.ts';

export interface Addressed {
  readonly runtime: ProviderRuntime;
  /** The connection that the delivery is addressed to, if it is to one. */
  readonly row: ConnectionRow | null;
  /** Its own, opened; else the platform's. */
  readonly credentials: Credentials;
}

export function verifyTools(engine: Engine, sessions: Sessions, { runtime, row, credentials }: Addressed): VerifyTools {
  const context = oauthContext(engine, runtime, row?.organizationId);
  // Facts are sealed with credentials: without them nobody vouches for what the row says.
  const metadata = row?.credentials ? row.metadata : {};
  let input = inputOf(metadata);
  const session = row === null ? sessions.platform(runtime) : sessions.row(runtime, row);
  return {
    app: runtime.app,
    keys: engine.keys,
    ...(row !== null && { organizationId: row.organizationId }),
    request: (init: OAuthRequest) => sendOAuth(context, init, { credentials, metadata, input }),
    async discovered() {
      input = await withDiscovered(engine, runtime, { given: input, organizationId: row?.organizationId });
      return input[discoveredKey] as JsonObject;
    },
    credentials: async () => (await session.access()).credentials,
  };
}
