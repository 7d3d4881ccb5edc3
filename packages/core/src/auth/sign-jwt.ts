/** JSON Web Tokens that the host or a tenant signs with a key of its own (RFC 7515, RFC 7518). */
import { decodeBase64, encodeBase64url, encodeUtf8, ownBytes } from '../bytes.ts';
import { invalidInput } from '../errors.ts';

/** `HS256` is keyed with a secret that both sides have, the others with a private key. */
export type SigningAlgorithm = keyof typeof algorithms;

export interface JwtHeader {
  readonly alg: SigningAlgorithm;
  readonly typ?: string;
  readonly kid?: string;
}

const rsaKey = 'an RSA key of 2048 bits or more, as PKCS#8 or PKCS#1';
/** How each is named to WebCrypto, for the key and for the signature; and what its key must be. */
const algorithms = {
  RS256: { key: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, wants: rsaKey },
  // The salt is as long as the hash (RFC 7518 section 3.5).
  PS256: { key: { name: 'RSA-PSS', hash: 'SHA-256' }, sign: { saltLength: 32 }, wants: rsaKey },
  ES256: {
    key: { name: 'ECDSA', namedCurve: 'P-256' },
    sign: { hash: 'SHA-256' },
    wants: 'a P-256 key, as PKCS#8',
  },
  EdDSA: { key: { name: 'Ed25519' }, wants: 'an Ed25519 key, as PKCS#8' },
  HS256: { key: { name: 'HMAC', hash: 'SHA-256' }, wants: 'a secret of 32 bytes or more' },
} as const;
/** RFC 7518 sections 3.3 and 3.2: keys of RSA in bits, secrets in bytes. */
const shortest = { rsaBits: 2048, secretBytes: 32 } as const;

/**
 * Members stand in the token in the order in which they are given.
 * @param key PKCS#8 in DER; for HS256 the bytes of the secret
 * @throws PlugboardError code `invalid_input` for a key that is not of the algorithm, or too short for it.
 */
export async function signJwt(header: JwtHeader, claims: object, key: Uint8Array): Promise<string> {
  const { key: kind, wants, ...rest } = algorithms[header.alg];
  const imported = await importSigningKey(header.alg, key);
  if (imported === undefined) {
    const path = header.alg === 'HS256' ? 'secret' : 'privateKey';
    throw invalidInput('The signing key', [{ path, message: `is not ${wants}` }]);
  }
  const unsigned = [header, claims].map((part) => encodeBase64url(encodeUtf8(JSON.stringify(part)))).join('.');
  const how = { name: kind.name, ...('sign' in rest && rest.sign) };
  const signature = new Uint8Array(await crypto.subtle.sign(how, imported, encodeUtf8(unsigned)));
  return `${unsigned}.${encodeBase64url(signature)}`;
}

/** What the key of an algorithm must be, in words. */
export function keyOf(algorithm: SigningAlgorithm): string {
  return algorithms[algorithm].wants;
}

/** Undefined for a key of another algorithm, or one too short. */
async function importSigningKey(alg: SigningAlgorithm, key: Uint8Array) {
  const secret = alg === 'HS256';
  if (secret && key.length < shortest.secretBytes) return undefined;
  const imported = await crypto.subtle
    .importKey(secret ? 'raw' : 'pkcs8', ownBytes(key), algorithms[alg].key, false, ['sign'])
    .catch(() => undefined);
  const { modulusLength = shortest.rsaBits } = (imported?.algorithm ?? {}) as { readonly modulusLength?: number };
  return modulusLength < shortest.rsaBits ? undefined : imported;
}

/**
 * A private key from a PEM text, as PKCS#8 in DER: `PRIVATE KEY`, or `RSA PRIVATE KEY` (PKCS#1), which is put into its
 * envelope. Line breaks may be written as `\n`, as environments hold them. Undefined for anything else.
 */
export function readPrivateKey(pem: string): Uint8Array | undefined {
  const text = pem.replaceAll('\\n', '\n').trim();
  const [, label, body = ''] =
    /^-----BEGIN ((?:RSA )?PRIVATE KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----$/.exec(text) ?? [];
  const der = label === undefined ? undefined : decodeBase64(body.replaceAll(/\s/g, ''));
  if (der === undefined || der.length === 0) return undefined;
  return label === 'PRIVATE KEY' ? der : wrapRsaKey(der);
}

/** RFC 5208 section 5: version 0, `rsaEncryption` without parameters, the key as an octet string. */
const rsaHead = [
  0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

function wrapRsaKey(key: Uint8Array): Uint8Array {
  const content = [...rsaHead, 0x04, ...derLength(key.length), ...key];
  return new Uint8Array([0x30, ...derLength(content.length), ...content]);
}

function derLength(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes = [24, 16, 8, 0].map((shift) => (length >> shift) & 0xff);
  const significant = bytes.slice(bytes.findIndex((byte) => byte !== 0));
  return [0x80 | significant.length, ...significant];
}
