/** JSON Web Tokens that the host or a tenant signs with a key of its own (RFC 7515). */
import { decodeBase64, encodeBase64url, encodeUtf8 } from '../bytes.ts';
import { invalidInput, type PlugboardError } from '../errors.ts';

export interface JwtHeader {
  readonly alg: 'RS256' | 'ES256';
  readonly typ?: string;
  readonly kid?: string;
}

const algorithms = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
} as const;
/** RFC 7518 section 3.3. */
const shortestRsaBits = 2048;

/**
 * Members stand in the token in the order in which they are given.
 * @param privateKey PKCS#8, DER
 * @throws PlugboardError code `invalid_input` for a key that is not of the algorithm, or of RSA below 2048 bits.
 */
export async function signJwt(header: JwtHeader, claims: object, privateKey: Uint8Array): Promise<string> {
  const algorithm = algorithms[header.alg];
  const key = await crypto.subtle
    .importKey('pkcs8', new Uint8Array(privateKey), algorithm, false, ['sign'])
    .catch(() => undefined);
  const { modulusLength = shortestRsaBits } = (key?.algorithm ?? {}) as { readonly modulusLength?: number };
  if (key === undefined || modulusLength < shortestRsaBits) throw badKey(header.alg);
  const unsigned = [header, claims].map((part) => encodeBase64url(encodeUtf8(JSON.stringify(part)))).join('.');
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm, key, encodeUtf8(unsigned)));
  return `${unsigned}.${encodeBase64url(signature)}`;
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

function badKey(alg: JwtHeader['alg']): PlugboardError {
  const wanted = alg === 'RS256' ? `an RSA key of ${shortestRsaBits} bits or more` : 'a P-256 key';
  return invalidInput('The private key', [{ path: 'privateKey', message: `is not ${wanted}, as PKCS#8 or PKCS#1` }]);
}
