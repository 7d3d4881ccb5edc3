/**
 * Keys in X.509 certificates (RFC 5280) that a vendor serves from a host of its own. Reads names and dates without a
 * library, because runtimes other than Node have none.
 */
import { decodeBase64, decodeUtf8, ownBytes } from '../bytes.ts';
import { isPlugboardError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { classifyByStatus } from '../transport/classify.ts';
import type { KeySource } from './key-cache.ts';

export interface Certificate {
  /** Common name of the subject; empty when it has none. */
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

const rs256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;
const shortestKeyBits = 2048;

/**
 * RSA keys whose id is the address of a certificate. The address comes with the delivery: the scheme must have compared
 * it, host and path, before it asks. Whose the certificate is, TLS of that host vouches for; its issuer is not judged.
 * @param subject The common names that may sign.
 */
export function certificateKeys(subject: RegExp): KeySource {
  return {
    algorithm: 'RS256',
    brings: 'one',
    async load(url, tools) {
      try {
        const answer = await tools.request({ method: 'GET', url, classify: classifyByStatus });
        const certificate = readCertificate(answer.text());
        if (certificate === undefined || !subject.test(certificate.subject)) return [];
        const jwk = await jwkOf(certificate);
        if (jwk === undefined) return [];
        const { notBefore, notAfter } = certificate;
        return [{ id: url, jwk, notBefore, notAfter }];
      } catch (error) {
        if (isPlugboardError(error) && error.kind === 'not_found') return [];
        throw error;
      }
    },
  };
}

async function jwkOf({ publicKey }: Certificate): Promise<JsonObject | undefined> {
  try {
    const key = await globalThis.crypto.subtle.importKey('spki', ownBytes(publicKey), rs256, true, ['verify']);
    if ((key.algorithm as { readonly modulusLength?: number }).modulusLength! < shortestKeyBits) return undefined;
    return (await globalThis.crypto.subtle.exportKey('jwk', key)) as JsonObject;
  } catch {
    return undefined;
  }
}

/** The first certificate of a PEM text (RFC 7468); undefined when there is none that can be read. */
export function readCertificate(pem: string): Certificate | undefined {
  const base64 = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem)?.[1];
  if (base64 === undefined) return undefined;
  const [certificate] = elementsOf(decodeBase64(base64.replaceAll(/\s/g, '')));
  const [signed] = elementsOf(certificate?.content);
  const fields = elementsOf(signed?.content);
  // The version is left out of certificates of the first one; then come serial number, algorithm, issuer.
  const [validity, subject, publicKey] = fields.slice(fields[0]?.tag === tags.version ? 4 : 3);
  const [notBefore, notAfter] = elementsOf(validity?.content).map(timeOf);
  if (publicKey === undefined || !isMoment(notBefore) || !isMoment(notAfter)) return undefined;
  return { subject: commonNameOf(subject?.content), notBefore, notAfter, publicKey: publicKey.whole };
}

/** One value of DER (X.690). */
interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  /** With tag and length. */
  readonly whole: Uint8Array;
}

const tags = { version: 0xa0, utcTime: 0x17 } as const;
/** 2.5.4.3 as its bytes. */
const commonName = '85,4,3';

/** The values in a row; none when a length lies. */
function elementsOf(bytes: Uint8Array = new Uint8Array()): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at + 1] ?? 0;
    const more = first > 0x80 ? first - 0x80 : 0;
    const start = at + 2 + more;
    const length = more === 0 ? first : bytes.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
    const end = start + length;
    if (end > bytes.length) return [];
    found.push({ tag: bytes[at]!, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return found;
}

function commonNameOf(subject: Uint8Array | undefined): string {
  for (const { content: set } of elementsOf(subject)) {
    for (const { content: pair } of elementsOf(set)) {
      const [type, value] = elementsOf(pair);
      if (type?.content.join() === commonName && value !== undefined) return decodeUtf8(value.content) ?? '';
    }
  }
  return '';
}

/** UTCTime names the year by two digits, 50 to 99 being of the last century (RFC 5280 section 4.1.2.5). */
function timeOf({ tag, content }: Element): Date {
  const text = decodeUtf8(content) ?? '';
  const digits = tag === tags.utcTime ? `${text < '50' ? '20' : '19'}${text}` : text;
  return new Date(digits.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function isMoment(value: Date | undefined): value is Date {
  return value !== undefined && !Number.isNaN(value.getTime());
}
