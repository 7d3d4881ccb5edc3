/**
 * Google's side of signing in: consent, refresh, revocation and service accounts. Nothing here knows an API.
 * @see https://developers.google.com/identity/protocols/oauth2/web-server (2026-11-20)
 */
import {
  bearer,
  classifyOAuth,
  decodeBase64,
  encodeBase64url,
  encodeUtf8,
  invalidInput,
  member,
  need,
} from '@plugboard/core';
import { oauth2, parseJson, readTokenAnswer, serviceAccount, text } from '@plugboard/core';
import type { Answer, Classify, Grant, Json, OAuthClient, Schema, Sign } from '@plugboard/core';
import { secret } from '@plugboard/core/fields';

const tokenUrl = 'https://oauth2.googleapis.com/token';
const halfYearMs = 180 * 86_400_000;
const hourSeconds = 3600;

/** What the token endpoint and revocation add to a provider's hosts. The consent page is for browsers alone. */
export const googleHosts = ['oauth2.googleapis.com'] as const;

export interface GoogleOAuthOptions {
  /** Scopes asked by default, each with its reason. */
  readonly ask: Readonly<Record<string, string>>;
  /** Further scopes that the provider knows. */
  readonly more?: Readonly<Record<string, string>>;
  readonly sign?: Sign;
}

/** The authorization code grant of a client of type «Web application». */
export function googleOAuth({ ask, more = {}, sign = bearer() }: GoogleOAuthOptions) {
  return oauth2({
    title: 'Sign in with Google',
    authorize: {
      url: 'https://accounts.google.com/o/oauth2/v2/auth',
      // Without `offline` there is no refresh token, and without `consent` none for who has consented before.
      params: { access_type: 'offline', prompt: 'consent' },
    },
    token: { url: tokenUrl },
    scopes: { ask: Object.keys(ask), known: { ...ask, ...more } },
    pkce: 'supported',
    issuer: 'https://accounts.google.com',
    classify: classifyConsent,
    // Answers to a refresh leave the refresh token out; it dies after six months without use.
    refresh: { rotation: 'stable', idleMs: halfYearMs },
    // Ends every scope that the user gave to any client of the same Cloud project.
    revoke: { url: 'https://oauth2.googleapis.com/revoke', clientAuth: 'none' },
    sign,
    example: {
      access_token: 'ya29.a0AfB_byC-token-of-one-hour',
      expires_in: 3599,
      refresh_token: '1//0gExampleRefreshToken',
      scope: Object.keys(ask).join(' '),
      token_type: 'Bearer',
    },
  });
}

const refusedByPolicy = new Set(['admin_policy_enforced', 'org_internal']);
const deadClient = new Set(['deleted_client', 'disabled_client']);

const classifyConsent: Classify = (answer) => {
  const code = errorOf(answer);
  if (refusedByPolicy.has(code))
    return {
      kind: 'permission',
      code,
      vendor: { code },
      hint: 'An administrator of the Google Workspace must allow the app.',
    };
  if (deadClient.has(code))
    return {
      kind: 'configuration',
      code,
      vendor: { code },
      hint: 'Make another OAuth client in the Cloud console; Google deletes those unused for six months.',
    };
  return classifyOAuth(answer);
};

/**
 * The key is the tenant's, so that nothing it gets refused for may be held against the host's own client.
 * @see https://developers.google.com/identity/protocols/oauth2/service-account (2026-11-20)
 */
const classifyAssertion: Classify = (answer) => {
  const code = errorOf(answer);
  const description = text(member(answer.tryJson(), 'error_description')) ?? '';
  if (code === 'invalid_grant' && /short-lived token|reasonable timeframe/i.test(description)) {
    return {
      kind: 'configuration',
      code: 'clock_skew',
      vendor: { code, message: description },
      hint: 'Set the clock of this machine.',
    };
  }
  if (code === 'unauthorized_client' || refusedByPolicy.has(code) || deadClient.has(code)) {
    return {
      kind: 'permission',
      code,
      vendor: { code, message: description },
      hint: 'Allow the service account the scopes it asks for.',
    };
  }
  return classifyOAuth(answer);
};

function errorOf(answer: Answer): string {
  return text(member(answer.tryJson(), 'error')) ?? '';
}

/** The only parts of a key file that are used: its `token_uri` could point anywhere. */
export interface ServiceAccountKey {
  readonly email: string;
  /** PKCS#8, DER. */
  readonly privateKey: Uint8Array;
}

/** Undefined for whatever is no key of a service account: `external_account` and `authorized_user` files above all. */
export function readKeyFile(content: string): ServiceAccountKey | undefined {
  const file = parseQuietly(content);
  const email = text(member(file, 'client_email'));
  const pem = text(member(file, 'private_key'))?.replaceAll('\\n', '\n') ?? '';
  const body = /^-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----\s*$/.exec(pem)?.[1];
  const privateKey = decodeBase64((body ?? '').replaceAll(/\s/g, ''));
  if (member(file, 'type') !== 'service_account' || email?.endsWith('.gserviceaccount.com') !== true) return undefined;
  return privateKey === undefined || privateKey.length === 0 ? undefined : { email, privateKey };
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

/**
 * A JWT of one hour for the token endpoint (RFC 7523 section 2.1), signed with RS256.
 * @throws PlugboardError code `invalid_input` for a key that is not RSA of 2048 bits or more.
 */
export async function signAssertion(content: string, scopes: readonly string[], nowMs: number): Promise<string> {
  const key = readKeyFile(content);
  if (key === undefined) throw badKey();
  const iat = Math.floor(nowMs / 1000);
  const claims = { iss: key.email, scope: scopes.join(' '), aud: tokenUrl, iat, exp: iat + hourSeconds };
  const unsigned = [{ alg: 'RS256', typ: 'JWT' }, claims]
    .map((part) => encodeBase64url(encodeUtf8(JSON.stringify(part))))
    .join('.');
  const signature = await crypto.subtle.sign(rs256.name, await importKey(key), encodeUtf8(unsigned));
  return `${unsigned}.${encodeBase64url(new Uint8Array(signature))}`;
}

const rs256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;
const shortestKeyBits = 2048;

async function importKey({ privateKey }: ServiceAccountKey) {
  const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(privateKey), rs256, false, ['sign']).catch(() => {
    throw badKey();
  });
  if ((key.algorithm as { readonly modulusLength?: number }).modulusLength! < shortestKeyBits) throw badKey();
  return key;
}

function badKey() {
  return invalidInput('The service account', [{ path: 'keyFile', message: 'holds no RSA key of 2048 bits or more' }]);
}

export interface GoogleServiceAccountOptions<S extends Schema> {
  /** Has the field `keyFile`. */
  readonly credentials: S;
  readonly env: Readonly<Record<string, string>>;
  readonly scopes: readonly string[];
  readonly sign?: Sign;
  readonly example: Readonly<Record<string, string>>;
}

/** A service account: an address of its own, to which the tenant gives access, and no user. */
export function googleServiceAccount<S extends Schema>({
  scopes,
  sign = bearer(),
  ...options
}: GoogleServiceAccountOptions<S>) {
  return serviceAccount({
    ...options,
    token: { url: tokenUrl, clientAuth: 'none' },
    sign,
    async mint(client: OAuthClient): Promise<Grant> {
      const assertion = await signAssertion(need(client.credentials, 'keyFile'), scopes, client.now);
      const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
      // Not `client.token`: the host's own client has no part in this.
      const answer = await client.request({ method: 'POST', url: tokenUrl, form, classify: classifyAssertion });
      // Most answers do not repeat the scopes; what was signed is what was granted.
      return { scopes, ...readTokenAnswer(answer.json()) };
    },
  });
}

/** The key of RFC 7515 appendix A.2: public for ever, known to no vendor. */
const publicKey = `
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh+BYK4uPJtGXOjS1lYmM2K5J9vinh8CR3/BYlzJChNuOL2TSXxbbqY913
EeZ8dCn5VrD7io8ImtxLaYk8wTM/U+3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNnjuygxmj3AbONv/s4yDQs4v5t
J/reSlpIdJed1LnPmt7Ex1sFhSwsD174pcF1A5L5ROjtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr8jkiGUkftoaH
LFcW9Qr4NY2ai50Xw0Byj3+H2JoY2PyrZ62EWQwuz3WTOTY8BwNNb2BvniHgVFbK5emhAgMBAAECggEAEq5xpGnNCivDflJsRQBXHx1hdR1k
6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7/GQ5sLKMgvfTeXZx9SE+7YwVol2NXOoAJe46sui395IW/GO+pWJ1O0BkTGoVEn2bKVRUCgu+Gj
BVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M/V51gfpRLI9JYanrC4D4qAdGcopV/0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb
1juUO1ZdiYoFaFQT5Tw8bGUl/x/jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR/RQyGWSeWjnczT0QU91p1DhOVRuOopznQKBgQDgHMQQ
60imZV1URk0KpLttoLhyt3SmqdEf/kgHePDdtzEafpAu+cS191R2JiuoF2yzWXnwFDcqGigp5BNr0AHQfD8/Lk8l1Mk09jxxCfui5nYooNya
c8YFjm3vItzVCVDnEd3BbVWG8qf6deqElMGAg+C2V0L4oNXnP7LZcPAZRwKBgQC5A8R+CZW2MvRTLLHzwZkUXV866cff7tx6kqa0finGG0Kg
eqlaZPxgCZnFp7AeAcCMtiynVlJ7vMVgePsLq6XtON4tB5kP9jAPrq3rbAOal78eUH5OcED6eNuCV8ixEu1eWcPNCS/l1OW1EnXUEoEHKl54
Xrrz2uNwkgMTP1FZ1wKBgAcCn1dwJKufzBWQxWQp1vsM5fggqPN1qGb5y0MAk3g7/Ls5bkUp5u9SN0Ai3Ya6hNnvWJMb7sXQX6U/zyO2M/hT
ip7tUeh7CXgwo59dkpN75gJLVds29+DAncu3KXU4f2Fa+7bLNrur53k8KwPOq2bbuTG69QtV7Jr5MR0AHWKNAoGBAIf/evpitUf+4JYbLpvN
XWcY052Mpz22aR84mY3nh3F2LF2mjMJDpTg7FmuyPcVw6EcGyoAe9fa65iNqCq+jdw6PVNGo2hxfjSiZ8IIzHdsPXI89//pMjZcQK9r+CCoR
jaZjOYiIDktVWZzmevJuv6WywUqd57LE3Zar3dLSIkx1AoGAIYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd+DlcxyVuuM9sQLdgjVk2oy26
F0EmpScGLq2MowX7fhd/QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp/gh6A5603k2+ZQwVK0JKSHuLFku
Q3U=`;

/** A key file that can be read and signed with, of no account that exists. */
export const exampleKeyFile = JSON.stringify(
  {
    type: 'service_account',
    project_id: 'demo-project',
    private_key_id: '0123456789abcdef0123456789abcdef01234567',
    private_key: `-----BEGIN PRIVATE KEY-----${publicKey}\n-----END PRIVATE KEY-----\n`,
    client_email: 'reports@demo-project.iam.gserviceaccount.com',
    token_uri: tokenUrl,
  },
  null,
  2,
);
