/** Judges the credential of a request: whose it is, whether it is live, what it may do. */
import type { AuthMethod, Credentials, OAuth2Method } from '../auth/auth.ts';
import { configurationError, type PlugboardError } from '../errors.ts';
import type { AnyDefinition } from '../provider.ts';
import { accepts } from '../schema.ts';
import { Secret } from '../secret.ts';
import type { AccountRef } from '../store.ts';
import { hostMatches } from '../url.ts';
import { learnCredentialReader, type CredentialReader, type SignedRequest } from './credential-reader.ts';
import { credentialsOf, getsTokens, keepsTokens, sampleCredentials, usesTokens } from './credential-samples.ts';
import type { AuthorizationServer } from './oauth/authorization-server.ts';
import { isDeclaredDead } from './oauth/client-auth.ts';

/** A credential that is good, or why it is not. `found` is what was read from the request, by field. */
export type CredentialVerdict = GoodCredential | BadCredential;

export interface GoodCredential {
  readonly ok: true;
  /** Name of the auth method. */
  readonly method: string;
  readonly account: AccountRef;
  /** Null where credentials have no scopes that the emulator could know. */
  readonly scopes: readonly string[] | null;
  readonly found: FoundSecrets;
}

export interface BadCredential {
  readonly ok: false;
  readonly reason: 'invalid' | 'expired';
  /** Name of the method at whose place something was found; null when nothing was. */
  readonly method: string | null;
  readonly found: FoundSecrets;
}

export type FoundSecrets = Readonly<Record<string, Secret>>;

export interface CredentialJudge {
  judge(request: SignedRequest): Promise<CredentialVerdict>;
  /** Credentials of a method that pass. OAuth tokens are issued, with every scope. */
  example(method: string, account?: string): Credentials;
  /** Every typed-in credential that was seen so far is refused from now on. */
  revokeSeen(): void;
  reset(): void;
}

/** The access token of a board that runs on the stub without any connection. */
const stubToken = 'stub';

/** @param account Whom typed-in credentials belong to. */
export function createCredentialJudge(
  definition: AnyDefinition,
  server: AuthorizationServer,
  account: AccountRef,
): CredentialJudge {
  const readers = new Map<string, Promise<CredentialReader>>();
  const seen = new Set<string>();
  const revoked = new Set<string>();

  const readerOf = (name: string, method: AuthMethod, origin: string): Promise<CredentialReader> => {
    const key = `${name} ${origin}`;
    const reader = readers.get(key) ?? learnCredentialReader(method.sign, sampleCredentials(method), origin);
    readers.set(key, reader);
    return reader;
  };

  async function judgeMethod(
    name: string,
    method: AuthMethod,
    request: SignedRequest,
  ): Promise<CredentialVerdict | undefined> {
    const reader = await readerOf(name, method, new URL(request.url).origin);
    const texts = reader.read(request);
    if (texts === undefined) return undefined;
    const found = Object.fromEntries(Object.entries(texts).map(([field, text]) => [field, new Secret(text)]));
    if (reader.inAddress) {
      return fitsAddress(definition, method, request.url)
        ? { ...judgeTyped([request.url]), method: name, found }
        : undefined;
    }
    const values = Object.values(texts);
    if (usesTokens(method) && keepsTokens(method)) return { ...judgeTokens(values), method: name, found };
    if (usesTokens(method)) return { ...judgeTyped(values), method: name, found };
    // A token that was issued is judged as one, wherever typed-in ones may stand as well.
    if (values.some((value) => server.ledger.find(value) !== undefined)) {
      return getsTokens(method) ? { ...judgeTokens(values), method: name, found } : undefined;
    }
    const verdict = fitsSchema(method, texts) ? judgeTyped(values) : ({ ok: false, reason: 'invalid' } as const);
    return { ...verdict, method: name, found };
  }

  /** All values together are the credential: a new key for the same user name is another one. */
  function judgeTyped(values: readonly string[]): BareVerdict {
    const credential = JSON.stringify(values);
    seen.add(credential);
    const dead = revoked.has(credential) || values.some(isDeclaredDead);
    return dead ? { ok: false, reason: 'invalid' } : { ok: true, account, scopes: null };
  }

  /** A token that was issued decides; other texts beside it say nothing. */
  function judgeTokens(values: readonly string[]): BareVerdict {
    const info = values.map((value) => server.use(value)).find((known) => known !== undefined);
    if (info !== undefined) {
      // A minted token that was asked for without scopes has those of its client, which nobody declares.
      const open = info.scopes.length === 0 && definition.auth[info.profile]?.kind !== 'oauth2';
      if (info.state === 'live') return { ok: true, account: info.account, scopes: open ? null : info.scopes };
      return { ok: false, reason: info.state === 'expired' ? 'expired' : 'invalid' };
    }
    // From a signature no token can be read back.
    const passes = values.length === 0 || values.includes(stubToken);
    return passes ? { ok: true, account, scopes: null } : { ok: false, reason: 'invalid' };
  }

  return {
    async judge(request) {
      const refusals: CredentialVerdict[] = [];
      const byAddress: CredentialVerdict[] = [];
      for (const [name, method] of Object.entries(definition.auth)) {
        const verdict = await judgeMethod(name, method, request);
        const { inAddress } = await readerOf(name, method, new URL(request.url).origin);
        if (inAddress && verdict !== undefined) byAddress.push(verdict);
        else if (verdict?.ok === true) return verdict;
        else if (verdict !== undefined) refusals.push(verdict);
      }
      // An address is the credential of requests that carry no other: one that was refused stays refused.
      if (refusals.length === 0 && byAddress[0] !== undefined) return byAddress.find(({ ok }) => ok) ?? byAddress[0];
      const expired = refusals.find((refusal) => !refusal.ok && refusal.reason === 'expired');
      return expired ?? refusals[0] ?? { ok: false, reason: 'invalid', method: null, found: {} };
    },
    example(name, accountId) {
      const method = definition.auth[name];
      if (method === undefined) throw unknownMethod(definition, name);
      if (!usesTokens(method)) return sampleCredentials(method);
      return credentialsOf(
        method,
        server.issue({ profile: name, ...(accountId !== undefined && { account: accountId }) }),
      );
    },
    revokeSeen() {
      for (const credential of seen) revoked.add(credential);
    },
    reset() {
      seen.clear();
      revoked.clear();
    },
  };
}

type BareVerdict = Pick<GoodCredential, 'ok' | 'account' | 'scopes'> | Pick<BadCredential, 'ok' | 'reason'>;

/** What is brought is not described by the schema of the fields that it was brought for. */
function fitsSchema(method: Exclude<AuthMethod, OAuth2Method>, values: Readonly<Record<string, string>>): boolean {
  return getsTokens(method) || accepts(method.credentials, { ...method.example, ...values });
}

/**
 * A method that puts nothing on requests would pass everywhere: it is judged by its address. Where its example holds a
 * URL, requests go to that URL's host, or to another one of the same declared pattern.
 */
function fitsAddress(definition: AnyDefinition, method: AuthMethod, url: string): boolean {
  if (usesTokens(method)) return true;
  const addresses = Object.values(method.example)
    .filter((value) => URL.canParse(value))
    .map((value) => new URL(value));
  const patterns = definition.hosts.filter((pattern) => addresses.some((address) => hostMatches(pattern, address)));
  return patterns.length === 0 || patterns.some((pattern) => hostMatches(pattern, new URL(url)));
}

function unknownMethod(definition: AnyDefinition, name: string): PlugboardError {
  return configurationError(
    'unknown_method',
    `Provider \`${definition.id}\` has no way to connect called \`${name}\`.`,
    `Use one of: ${Object.keys(definition.auth).join(', ')}.`,
  );
}
