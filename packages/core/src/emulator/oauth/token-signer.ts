/** Signs id tokens with a key of its own, made when it is first needed. */
import { encodeBase64url, encodeUtf8 } from '../../bytes.ts';
import type { JsonObject } from '../../json.ts';

export interface TokenSigner {
  /** The public key, as a JSON Web Key Set. */
  keySet(): Promise<JsonObject>;
  /** A signed JWT with these claims. */
  sign(claims: JsonObject): Promise<string>;
}

const keyId = 'emulated';
const algorithms = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RS256: {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  },
} as const;

export type SigningAlgorithm = keyof typeof algorithms;

export function createTokenSigner(alg: SigningAlgorithm): TokenSigner {
  const algorithm = algorithms[alg];
  const generate = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  let pair: ReturnType<typeof generate> | undefined;
  const keys = () => (pair ??= generate());
  return {
    async keySet() {
      const jwk = await crypto.subtle.exportKey('jwk', (await keys()).publicKey);
      const { kty, crv, x, y, n, e } = jwk;
      const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined);
      return { keys: [{ ...(Object.fromEntries(members) as JsonObject), use: 'sig', alg, kid: keyId }] };
    },
    async sign(claims) {
      const part = (value: JsonObject) => encodeBase64url(encodeUtf8(JSON.stringify(value)));
      const text = `${part({ alg, typ: 'JWT', kid: keyId })}.${part(claims)}`;
      const signature = await crypto.subtle.sign(algorithm, (await keys()).privateKey, encodeUtf8(text));
      return `${text}.${encodeBase64url(new Uint8Array(signature))}`;
    },
  };
}
