/** The two ways to what belongs to a user: the user signs in, or a service account is let in by its tenant. */
import type { Schema } from '@plugboard/core';

import { googleOAuth, identityScopes } from './oauth.ts';
import { googleServiceAccount, keyFields } from './service-account.ts';

type Reasons = Readonly<Record<string, string>>;
type KeyFields = ReturnType<typeof keyFields>;

export interface GoogleAuthOptions<S extends Schema> {
  /** Scopes asked by default, each with its reason. Those that name the user are added. */
  readonly ask: Reasons;
  /** Further scopes that users and tenants may choose. */
  readonly more: Reasons;
  readonly serviceAccount: {
    /** Asked for unless the tenant names some. */
    readonly scopes: readonly string[];
    readonly title?: string;
    /** Default: a key that may act as a user. @param known scopes that the tenant may choose from */
    readonly fields?: (known: Reasons) => S;
  };
}

/** The `auth` of a provider. */
export function googleAuth<S extends Schema = KeyFields>({ ask, more, serviceAccount }: GoogleAuthOptions<S>) {
  const asked = { ...identityScopes, ...ask };
  const { fields = keyFields as unknown as (known: Reasons) => S, ...rest } = serviceAccount;
  return {
    oauth: googleOAuth({ ask: asked, more }),
    serviceAccount: googleServiceAccount({ ...rest, credentials: fields({ ...asked, ...more }) }),
  };
}
