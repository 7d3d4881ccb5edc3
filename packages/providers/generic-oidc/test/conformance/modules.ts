/**
 * The modules of the relying-party plans of the OpenID conformance suite (basic, hybrid, comprehensive, FAPI 1 advanced,
 * FAPI 2 security profile and message signing), by the part of their names that follows the plan's, and what becomes of
 * each here.
 * @see https://openid.net/certification/connect_op_testing/ (2026-11-28)
 */
import { constants, createCipheriv, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';

import { CompactEncrypt, importJWK, UnsecuredJWT } from 'jose';

import { clientId, issuer, type Claims, type Signer, type Tampering } from './issuer.ts';

const names = (text: string): readonly string[] => text.trim().split(/\s+/);

/** What the suite wants of a client. `either` is for clients that need not verify signatures of the token endpoint. */
export const suite = {
  refused: names(`
    discovery-issuer-mismatch encrypted-idtoken-usingrsa15 iat-is-week-in-past invalid-alternate-alg
    ensure-authorization-response-with-invalid-missing-state-fails invalid-authorization-response-iss
    ensure-authorization-response-with-invalid-state-fails remove-authorization-response-iss
    ensure-jarm-signature-is-not-none ensure-jarm-with-expired-exp-fails ensure-jarm-with-invalid-aud-fails
    ensure-jarm-with-invalid-iss-fails ensure-jarm-with-invalid-sig-fails ensure-jarm-without-aud-fails
    ensure-jarm-without-exp-fails ensure-jarm-without-iss-fails invalid-aud invalid-chash missing-chash
    invalid-expired-exp invalid-iss invalid-missing-aud invalid-missing-exp invalid-missing-iss
    invalid-missing-nonce invalid-missing-shash invalid-nonce invalid-null-alg invalid-secondary-aud invalid-shash
    invalid-signature kid-absent-multiple-jwks missing-aud missing-iat missing-sub nonce-invalid
    userinfo-invalid-sub
  `),
  accepted: names(`
    client-secret-basic encrypted-idtoken fapi1-advanced-final-client-test happy-path missing-athash
    happy-path-no-dpop-nonce idtoken-sig-none idtoken-sig-rs256 kid-absent-single-jwks
    no-scope-in-token-endpoint-response nonce-unless-code-flow oidcc-client-test scope-userinfo-claims
    rs-dpop-auth-scheme-case-insensitivity token-endpoint-response-without-expires_in userinfo-bearer-header
    token-type-case-insensitivity userinfo-signed valid-aud-as-array
  `),
  either: names(`
    invalid-sig-es256 invalid-sig-hs256 invalid-sig-rs256
  `),
};

export type Verdict =
  /** `at`: the step that is refused. `stricter`: why, where the suite would let it pass. */
  | {
      readonly refusedAt: 'start' | 'callback' | 'userinfo';
      readonly code: string;
      readonly tampering: Tampering;
      readonly stricter?: string;
      /** A client that is registered for ES256. */
      readonly curve?: true;
    }
  | { readonly accepted: Tampering }
  /** The flow that the module needs is not offered, and why not. */
  | { readonly notOffered: string };

const forged = (idToken: NonNullable<Tampering['idToken']>): Verdict => ({
  refusedAt: 'callback',
  code: 'id_token_refused',
  tampering: { idToken },
});
const claims = (change: (claims: Claims) => Claims): Verdict => forged((truth, signer) => signer.sign(change(truth)));
const without = (name: string): Verdict =>
  claims((truth) => Object.fromEntries(Object.entries(truth).filter(([key]) => key !== name)));
const back = (code: string, change: (params: URLSearchParams) => void): Verdict => ({
  refusedAt: 'callback',
  code,
  tampering: { back: change },
});

const hybrid = 'The code flow is the only one that is offered: no id token comes through the browser.';
const jarm =
  'The answer comes as parameters of the query; one that comes as a JWT alone is refused for its missing state.';
const dpop = 'Bearer tokens are the only ones that are asked for.';
const encrypted = 'No client is registered for encrypted id tokens, and one that comes is refused.';
const weekSeconds = 7 * 86_400;

export const verdicts: Readonly<Record<string, Verdict>> = {
  'discovery-issuer-mismatch': {
    refusedAt: 'start',
    code: 'issuer_mismatch',
    tampering: { document: (document) => ({ ...document, issuer: `${issuer}/other` }) },
  },
  'encrypted-idtoken-usingrsa15': forged((_truth, signer, token) => encryptWithRsa15(token, signer)),
  'iat-is-week-in-past': claims((truth) => ({ ...truth, iat: truth.iat! - weekSeconds })),
  'invalid-alternate-alg': forged((truth, signer) => signer.sign(truth, {}, 'PS256')),
  'ensure-authorization-response-with-invalid-missing-state-fails': back('state_invalid', (params) =>
    params.delete('state'),
  ),
  'ensure-authorization-response-with-invalid-state-fails': back('state_invalid', (params) =>
    params.set('state', `${params.get('state')!.slice(0, -1)}~`),
  ),
  'invalid-authorization-response-iss': back('issuer_mismatch', (params) => params.set('iss', `${issuer}/`)),
  'remove-authorization-response-iss': back('issuer_mismatch', (params) => params.delete('iss')),
  'ensure-jarm-signature-is-not-none': { notOffered: jarm },
  'ensure-jarm-with-expired-exp-fails': { notOffered: jarm },
  'ensure-jarm-with-invalid-aud-fails': { notOffered: jarm },
  'ensure-jarm-with-invalid-iss-fails': { notOffered: jarm },
  'ensure-jarm-with-invalid-sig-fails': { notOffered: jarm },
  'ensure-jarm-without-aud-fails': { notOffered: jarm },
  'ensure-jarm-without-exp-fails': { notOffered: jarm },
  'ensure-jarm-without-iss-fails': { notOffered: jarm },
  'invalid-aud': claims((truth) => ({ ...truth, aud: 'mallory' })),
  'invalid-chash': { notOffered: hybrid },
  'missing-chash': { notOffered: hybrid },
  'invalid-expired-exp': claims((truth) => ({ ...truth, exp: truth.iat! - 300 })),
  'invalid-iss': claims((truth) => ({ ...truth, iss: `${issuer}/` })),
  'invalid-missing-aud': without('aud'),
  'invalid-missing-exp': without('exp'),
  'invalid-missing-iss': without('iss'),
  'invalid-missing-nonce': without('nonce'),
  'invalid-missing-shash': { notOffered: hybrid },
  'invalid-shash': { notOffered: hybrid },
  'invalid-nonce': claims((truth) => ({ ...truth, nonce: `${String(truth['nonce'])}1` })),
  'invalid-null-alg': forged((truth) => new UnsecuredJWT(truth).encode()),
  'invalid-secondary-aud': claims((truth) => ({ ...truth, aud: [clientId, 'https://mallory.example'] })),
  'invalid-signature': forged((_truth, _signer, token) => spoil(token)),
  'kid-absent-multiple-jwks': {
    refusedAt: 'callback',
    code: 'id_token_refused',
    tampering: {
      keys: (keys) => [...keys, { ...keys.find(({ kty }) => kty === 'RSA'), kid: 'a second RSA key' }],
      idToken: (truth, signer) => signer.sign(truth, { kid: undefined }),
    },
  },
  'missing-aud': without('aud'),
  'missing-iat': without('iat'),
  'missing-sub': without('sub'),
  'nonce-invalid': claims((truth) => ({ ...truth, nonce: 'mallory' })),
  'userinfo-invalid-sub': {
    refusedAt: 'userinfo',
    code: 'other_subject',
    tampering: { userinfo: (answer) => ({ ...answer, sub: 'mallory' }) },
  },

  'client-secret-basic': { accepted: {} },
  'encrypted-idtoken': {
    ...forged((_truth, signer, token) => encryptWithOaep(token, signer)),
    stricter: encrypted,
  } as Verdict,
  'fapi1-advanced-final-client-test': { notOffered: hybrid },
  'happy-path': { notOffered: `${dpop} This plan wants DPoP or mutual TLS.` },
  'happy-path-no-dpop-nonce': { notOffered: dpop },
  'rs-dpop-auth-scheme-case-insensitivity': { notOffered: dpop },
  'idtoken-sig-none': {
    ...forged((truth) => new UnsecuredJWT(truth).encode()),
    stricter: 'An id token is always verified by a key of its issuer, although TLS vouches for the token endpoint.',
  } as Verdict,
  'idtoken-sig-rs256': { accepted: { idToken: (truth, signer) => signer.sign(truth) } },
  'kid-absent-single-jwks': {
    accepted: {
      keys: (keys) => keys.filter(({ kty }) => kty === 'RSA').map(({ kid: _kid, ...key }) => key),
      idToken: (truth, signer) => signer.sign(truth, { kid: undefined }),
    },
  },
  'missing-athash': {
    accepted: { idToken: ({ at_hash: _hash, ...truth }, signer) => signer.sign(truth) },
  },
  'no-scope-in-token-endpoint-response': { accepted: { tokens: ({ scope: _scope, ...answer }) => answer } },
  'nonce-unless-code-flow': { accepted: {} },
  'oidcc-client-test': { accepted: {} },
  'scope-userinfo-claims': { accepted: {} },
  'token-endpoint-response-without-expires_in': {
    accepted: { tokens: ({ expires_in: _seconds, ...answer }) => answer },
  },
  'token-type-case-insensitivity': { accepted: { tokens: (answer) => ({ ...answer, token_type: 'bEaReR' }) } },
  'userinfo-bearer-header': { accepted: {} },
  'userinfo-signed': { notOffered: 'No client is registered for signed answers of the userinfo endpoint.' },
  'valid-aud-as-array': {
    accepted: { idToken: (truth, signer) => signer.sign({ ...truth, aud: [clientId] }) },
  },

  'invalid-sig-es256': {
    refusedAt: 'callback',
    code: 'id_token_refused',
    tampering: { idToken: (truth, signer) => signer.forge(truth, 'ES256') },
    stricter: 'See `idtoken-sig-none`.',
    curve: true,
  },
  'invalid-sig-hs256': {
    ...forged((truth, signer) => withMac(truth, signer)),
    stricter: 'No shared secret signs.',
  } as Verdict,
  'invalid-sig-rs256': {
    ...forged((truth, signer) => signer.forge(truth)),
    stricter: 'See `idtoken-sig-none`.',
  } as Verdict,
};

function spoil(token: string): string {
  const [header, payload, signature = ''] = token.split('.');
  return [header, payload, (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)].join('.');
}

/** The classic confusion: the public key, which everybody has, taken for a shared secret. */
async function withMac(truth: Claims, signer: Signer): Promise<string> {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const { kid, n } = signer.publicKey();
  const text = `${part({ alg: 'HS256', kid })}.${part(truth)}`;
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const secret = await crypto.subtle.importKey('raw', Buffer.from(n!), algorithm, false, ['sign']);
  return `${text}.${Buffer.from(await crypto.subtle.sign('HMAC', secret, Buffer.from(text))).toString('base64url')}`;
}

async function encryptWithOaep(token: string, signer: Signer): Promise<string> {
  const key = await importJWK({ ...signer.publicKey(), use: 'enc' }, 'RSA-OAEP-256');
  return new CompactEncrypt(Buffer.from(token))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })
    .encrypt(key);
}

/** RFC 7516 section 5.1 with the padding that jose no longer offers. */
function encryptWithRsa15(token: string, signer: Signer): string {
  const key = createPublicKey({ key: signer.publicKey() as never, format: 'jwk' });
  const [secret, nonce] = [randomBytes(32), randomBytes(12)];
  const header = Buffer.from(JSON.stringify({ alg: 'RSA1_5', enc: 'A256GCM', cty: 'JWT' })).toString('base64url');
  const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(Buffer.from(header));
  const sealed = Buffer.concat([cipher.update(token), cipher.final()]);
  const wrapped = publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, secret);
  return [header, ...[wrapped, nonce, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
}
