/** Calls that a provider's functions make besides API requests: of a flow, or to verify what came in. */
import type { Json } from '../json.ts';
import type { Secret } from '../secret.ts';
import type { Answer, Classify } from '../transport/transport.ts';

/** What the host registered with the vendor, by the names the provider declares in `app`. */
export type AppValues = Readonly<Record<string, Secret | string | undefined>>;

export interface OAuthRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `{version}` stands for the API version in use. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: Json;
  /** JSON text as it is: where what was received must come back byte by byte. */
  readonly jsonText?: string;
  /** Judges the answer. Default `classifyOAuth` (RFC 6749 section 5.2). */
  readonly classify?: Classify;
}

export interface VendorCalls {
  readonly app: AppValues;
  /** For whom; absent for the platform itself. */
  readonly organizationId?: string;
  /** Any call besides those to the token endpoint, under the same rules: known hosts, no redirects, long deadline. */
  request(init: OAuthRequest): Promise<Answer>;
}
