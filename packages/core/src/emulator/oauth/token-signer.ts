/** Signs id tokens with the key that all the world has: they convince whoever asks this server for its keys, nobody else. */
import { encodeBase64url, encodeUtf8 } from '../../bytes.ts';
import { exampleRsaKey } from '../../example-key.ts';
import type { JsonObject } from '../../json.ts';

export interface TokenSigner {
  /** The public key, as a JSON Web Key Set. */
  keySet(): Promise<JsonObject>;
  /** A signed JWT with these claims. */
  sign(claims: JsonObject, type?: string): Promise<string>;
}

const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const header = { alg: 'RS256', kid: 'emulated' } as const;

export function createTokenSigner(): TokenSigner {
  const load = () => crypto.subtle.importKey('pkcs8', exampleRsaKey(), algorithm, true, ['sign']);
  let key: ReturnType<typeof load> | undefined;
  const loaded = () => (key ??= load());
  return {
    async keySet() {
      const { kty = '', n = '', e = '' } = await crypto.subtle.exportKey('jwk', await loaded());
      return { keys: [{ kty, n, e, use: 'sig', ...header }] };
    },
    async sign(claims, type = 'JWT') {
      const part = (value: JsonObject) => encodeBase64url(encodeUtf8(JSON.stringify(value)));
      const text = `${part({ ...header, typ: type })}.${part(claims)}`;
      const signature = await crypto.subtle.sign(algorithm, await loaded(), encodeUtf8(text));
      return `${text}.${encodeBase64url(new Uint8Array(signature))}`;
    },
  };
}
