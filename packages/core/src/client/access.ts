import type { Credentials } from '../auth/auth.ts';
import type { ProviderRuntime } from '../provider-runtime.ts';
import type { JsonObject } from '../json.ts';
import type { AccountRef } from '../store.ts';

/** What one call runs with: credentials taken at the moment of the call. */
export interface Access {
  /** Name of the auth method. */
  readonly method: string;
  readonly credentials: Credentials;
  readonly account: AccountRef | null;
  readonly metadata: JsonObject;
  readonly settings: JsonObject;
  readonly scopes: readonly string[] | null;
  /** Id of the row; absent for the platform's credentials and those about to be stored. */
  readonly connectionId?: string;
  /** Version of the credentials: a forced refresh happens at most once for each. */
  readonly version: number;
  readonly stub: boolean;
}

/** Where a client gets its access: an organization's connection, the platform's credentials, or the stub. */
export interface Session {
  readonly runtime: ProviderRuntime;
  /** For whom; absent for the platform's own calls. */
  readonly organizationId?: string;
  /** Key under which the vendor's limits are counted for this connection. */
  readonly limitKey: string;
  /** Under which things made for this connection are kept between calls; absent where each call has credentials of its own. */
  readonly cacheKey?: string;
  /** What the calls of this session carry besides its credentials and must not surface either. */
  readonly secrets?: readonly string[];
  /**
   * At once where it is at hand in memory, which is most of the time.
   * @throws PlugboardError `not_connected`, `reconnect_required`, `account_choice`, or the failure of a refresh.
   */
  access(): Access | Promise<Access>;
  /** New credentials after the vendor refused those of `version`; null when there is no way to get any. */
  renew(version: number): Promise<Access | null>;
}
