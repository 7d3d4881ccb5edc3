import type { AppValues, Credentials } from './auth/auth.ts';
import type { EndingSecret } from './previous-secrets.ts';
import type { AnyDefinition } from './provider.ts';
import type { LimitsOf } from './provider-limits.ts';
import type { Transport } from './transport/transport.ts';

/** One provider of this board, with the host's options resolved. */
export interface ProviderRuntime {
  readonly definition: AnyDefinition;
  readonly app: AppValues;
  /** Signing secrets of webhooks that a rotation has replaced. */
  readonly previousSecrets: readonly EndingSecret[];
  /** The platform's own credentials with the auth method they fit; absent when the host has none. */
  readonly platform?: { readonly method: string; readonly credentials: Credentials };
  readonly scopes?: readonly string[];
  readonly apiVersion: string;
  /** True when the vendor is an emulator because nothing is configured. Never in production. */
  readonly stub: boolean;
  /** Names of what is missing for OAuth, for messages. */
  readonly missing: readonly string[];
  readonly transport: Transport;
  readonly limitsOf: LimitsOf;
  /** The address a browser is sent to for a vendor page: the vendor's own, or the sandbox's. */
  browserUrl(vendorUrl: string): string;
}
