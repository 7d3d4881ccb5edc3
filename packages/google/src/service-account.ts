/**
 * A service account: an address of its own, to which the tenant gives access, and no user. Its key is the tenant's, so
 * nothing it gets refused for may be held against the host's own client.
 * @see https://developers.google.com/identity/protocols/oauth2/service-account (2026-11-20)
 */
import { bearer, checkAnswer, classifyOAuth, invalidInput, member, need, parseJson } from '@plugboard/core';
import { readPrivateKey, readTokenAnswer, reveal, Secret, serviceAccount, signJwt, text } from '@plugboard/core';
import type { Answer, Classify, Credentials, Grant, Json, OAuthClient, Schema, Sign } from '@plugboard/core';
import { secret, text as textField, z } from '@plugboard/core/fields';

import { exampleKeyFile } from './example-key.ts';
import { deadClient, refusedByPolicy, tokenUrl } from './oauth.ts';

const hourSeconds = 3600;

const classifyAssertion: Classify = (answer) => {
  const body = answer.tryJson();
  const code = text(member(body, 'error')) ?? '';
  const message = text(member(body, 'error_description')) ?? '';
  const vendor = { code, message };
  if (code === 'invalid_grant' && /short-lived token|reasonable timeframe/i.test(message))
    return { kind: 'configuration', code: 'clock_skew', vendor, hint: 'Set the clock of this machine.' };
  if (code === 'unauthorized_client' || refusedByPolicy.has(code) || deadClient.has(code)) {
    const hint =
      'Allow the scopes to the service account; to act as a user it needs domain-wide delegation by its numeric client id.';
    return { kind: 'permission', code, vendor, hint };
  }
  return classifyOAuth(answer);
};

/** The only parts of a key file that are used: its `token_uri` could point anywhere. */
export interface ServiceAccountKey {
  readonly email: string;
  /** PKCS#8, DER. */
  readonly privateKey: Uint8Array;
  readonly id?: string;
  readonly project?: string;
}

/** Undefined for whatever is no key of a service account: `external_account` and `authorized_user` files above all. */
export function readKeyFile(content: string): ServiceAccountKey | undefined {
  const file = parseQuietly(content);
  const email = text(member(file, 'client_email'));
  const [id, project] = [text(member(file, 'private_key_id')), text(member(file, 'project_id'))];
  const privateKey = readPrivateKey(text(member(file, 'private_key')) ?? '');
  if (member(file, 'type') !== 'service_account' || email?.endsWith('.gserviceaccount.com') !== true) return undefined;
  if (privateKey === undefined) return undefined;
  return { email, privateKey, ...(id !== undefined && { id }), ...(project !== undefined && { project }) };
}

function parseQuietly(content: string): Json | undefined {
  try {
    return parseJson(content);
  } catch {
    return undefined;
  }
}

/** The JSON file that the Cloud console hands out once. */
export const keyFile = secret('Key file', {
  help: 'Cloud console > IAM > Service accounts > Keys > Add key > JSON. Paste the whole file.',
  maxLength: 16_384,
  pattern: /^\{[^\0]*\}$/,
}).refine((value) => readKeyFile(value.reveal()) !== undefined, {
  error: 'is not the JSON key file of a service account',
});

/** Whom the service account acts as. */
const subject = textField('User to act as', {
  help: 'Email address of a user of the Workspace that gave the service account domain-wide delegation.',
  example: 'user@example.com',
  pattern: /^[\w.!#$%&'*+/=?^`{|}~-]+@(?:[a-z0-9-]+\.)+[a-z0-9-]+$/i,
});

/** The scopes of the tenant's choice: an administrator allows an exact list, and a token asking for more is refused. */
const scopesField = (known: Readonly<Record<string, string>>) =>
  textField('Scopes', {
    help: 'As the administrator allowed them to the service account, with spaces between. Default: all that is used.',
  }).refine((value) => value.split(/\s+/).every((scope) => Object.hasOwn(known, scope)), {
    error: 'names a scope that is not used here',
  });

/** The fields of a service account that may act as a user. @param known scopes that the tenant may choose from */
export const keyFields = (known: Readonly<Record<string, string>>) =>
  z.strictObject({ keyFile, subject: subject.optional(), scopes: scopesField(known).optional() });

/** The same, where a service account is nobody unless it acts as a user. */
export const userKeyFields = (known: Readonly<Record<string, string>>) => keyFields(known).extend({ subject });

export interface AssertionOptions {
  readonly scopes: readonly string[];
  /** Email address of the user to act as. */
  readonly subject?: string | undefined;
  readonly nowMs: number;
}

/**
 * A JWT of one hour for the token endpoint (RFC 7523 section 2.1), signed with RS256.
 * @throws PlugboardError code `invalid_input` for a key that is not RSA of 2048 bits or more.
 */
export async function signAssertion(content: string, { scopes, subject, nowMs }: AssertionOptions): Promise<string> {
  return sign(content, nowMs, { scope: scopes.join(' '), aud: tokenUrl, sub: subject });
}

/** What a self-signed token is for: a service (`https://drive.googleapis.com/`), or scopes. */
export type SelfSignedFor = { readonly audience: string } | { readonly scopes: readonly string[] };

/**
 * An access token of one hour that the service account made itself: for APIs of Google that take one, and never for a user
 * that it acts as. Nothing is asked of the token endpoint, so whether the key is alive shows at the API.
 * @throws PlugboardError code `invalid_input` for a key that is not RSA of 2048 bits or more, or without an id.
 */
export async function signAccessToken(content: string, target: SelfSignedFor, nowMs: number): Promise<string> {
  const { email, id } = readKeyFile(content) ?? {};
  if (id === undefined) throw badKey();
  const purpose = 'audience' in target ? { aud: target.audience } : { scope: target.scopes.join(' ') };
  return sign(content, nowMs, { ...purpose, sub: email }, id);
}

/**
 * An identity token of the service account, for what checks who calls: Cloud Run, Identity-Aware Proxy.
 * @param audience the address or client id of who checks it
 * @throws PlugboardError: the key's or the vendor's refusal; code `unexpected_shape` for an answer without a token.
 */
export async function mintIdToken(
  { now, request }: Pick<OAuthClient, 'now' | 'request'>,
  content: string,
  audience: string,
): Promise<Secret> {
  const answer = await exchange(request, await sign(content, now, { target_audience: audience, aud: tokenUrl }));
  return new Secret(checkAnswer(idTokenAnswer, answer.json(), 'The answer of the token endpoint').id_token);
}
const idTokenAnswer = z.looseObject({ id_token: z.string().min(1) });

/** Trades an assertion for a token. Not by `client.token`: the host's own client has no part in this. */
function exchange(request: OAuthClient['request'], assertion: string): Promise<Answer> {
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
  return request({ method: 'POST', url: tokenUrl, form, classify: classifyAssertion });
}

async function sign(content: string, nowMs: number, claims: object, kid?: string): Promise<string> {
  const key = readKeyFile(content);
  if (key === undefined) throw badKey();
  const iat = Math.floor(nowMs / 1000);
  const all = { iss: key.email, ...claims, iat, exp: iat + hourSeconds };
  return signJwt({ alg: 'RS256', typ: 'JWT', ...(kid !== undefined && { kid }) }, all, key.privateKey).catch(() => {
    throw badKey();
  });
}

function badKey() {
  return invalidInput('The service account', [
    { path: 'keyFile', message: 'holds no RSA key of 2048 bits or more, or no id of it' },
  ]);
}

export interface GoogleServiceAccountOptions<S extends Schema> {
  readonly title?: string;
  /** Has the field `keyFile`, and may have `subject` and `scopes`. */
  readonly credentials: S;
  /** Without names the platform's own service account can only be an option: the data of users is nobody else's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Asked for unless the tenant names some. */
  readonly scopes: readonly string[];
  readonly sign?: Sign;
  /** Default: a key that acts as a user. */
  readonly example?: Readonly<Record<string, string>>;
}

const exampleFields = { keyFile: exampleKeyFile, subject: 'user@example.com' };

/** The JWT bearer grant (RFC 7523) of a service account. */
export function googleServiceAccount<S extends Schema>(options: GoogleServiceAccountOptions<S>) {
  const { scopes: all, sign: signing = bearer(), env = {}, example = exampleFields, ...rest } = options;
  return serviceAccount({
    ...rest,
    env,
    example,
    token: { url: tokenUrl, clientAuth: 'none' },
    sign: signing,
    async mint({ credentials, now: nowMs, request }: OAuthClient): Promise<Grant> {
      const scopes = plain(credentials, 'scopes')?.split(/\s+/) ?? all;
      const content = need(credentials, 'keyFile');
      const assertion = await signAssertion(content, { scopes, subject: plain(credentials, 'subject'), nowMs });
      const answer = await exchange(request, assertion);
      // Most answers do not repeat the scopes; what was signed is what was granted.
      return { scopes, ...readTokenAnswer(answer.json()) };
    },
  });
}

function plain(credentials: Credentials, field: string): string | undefined {
  const value = credentials[field];
  return value === undefined ? undefined : reveal(value);
}
