/** What the endpoints of one authorization server share. */
import type { Clock } from '../../clock.ts';
import type { AccountRef } from '../../store.ts';
import { isGoodClient, type PresentedClient, type RegisteredClient } from './client-auth.ts';
import type { GateKeeper } from './gate.ts';
import type { LedgerBook, LedgerFamily } from './ledger.ts';
import { failure, type OAuthFailure, type ShapeFailure } from './oauth-failure.ts';
import type { AuthorizationProfile } from './profile.ts';
import type { TokenSigner } from './token-signer.ts';
import type { TokenTexts } from './token-text.ts';

/** What the authorization request fixed and the exchange of its code must repeat or prove. */
export interface CodeBinding {
  readonly redirectUri: string;
  /** RFC 7636 S256. */
  readonly challenge: string | undefined;
  /** What the id token must repeat. */
  readonly nonce: string | undefined;
}

export interface ServerContext {
  readonly clock: Clock;
  /** Who asks the user, on the consent page. */
  readonly name: string;
  readonly profiles: readonly AuthorizationProfile[];
  /** At least one; the first is the one that examples speak of. */
  readonly accounts: readonly AccountRef[];
  readonly client: RegisteredClient | undefined;
  readonly redirectUris: readonly string[] | undefined;
  readonly codeLifeMs: number;
  readonly ledger: LedgerBook;
  readonly codes: Map<string, CodeBinding>;
  /** Ids of the assertions that clients have used. */
  readonly assertions: Set<string>;
  readonly texts: TokenTexts;
  readonly gate: GateKeeper;
  readonly signer: TokenSigner;
  readonly shapeFailure: ShapeFailure | undefined;
}

/**
 * Compares a client with the registered one, and spends the id of its assertion (RFC 7523 section 3).
 * @param registered Undefined: whoever is not declared dead.
 */
export function refuseClient(
  { assertions }: ServerContext,
  client: PresentedClient,
  registered: RegisteredClient | undefined,
): OAuthFailure | undefined {
  if (!isGoodClient(client, registered))
    return failure('invalid_client', 'the client is unknown or its secret is wrong');
  if (client.jti === undefined) return undefined;
  const id = JSON.stringify([client.id, client.jti]);
  if (assertions.has(id)) return failure('invalid_client', 'the assertion was used before');
  assertions.add(id);
  return undefined;
}

/** Whether tokens of the family may be used by the client; null where none authenticates. */
export function mayUse(client: PresentedClient | null, family: LedgerFamily): boolean {
  return client === null || family.clientId === '' || client.id === family.clientId;
}

export function profileNamed(context: ServerContext, name: string): AuthorizationProfile {
  return context.profiles.find((profile) => profile.name === name) ?? context.profiles[0]!;
}

/** The account with that id; one that is not among the known is made up, so that a test can name any. */
export function accountWith(context: ServerContext, id: string | undefined): AccountRef {
  if (id === undefined) return context.accounts[0]!;
  return context.accounts.find((account) => account.id === id) ?? { id, name: id };
}
