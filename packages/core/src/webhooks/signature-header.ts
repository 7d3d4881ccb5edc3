import type { Delivery, RejectReason } from './webhook.ts';

/** What a signature header holds. */
export interface SignatureHeader {
  /** Candidates: one that matches is enough. */
  readonly signatures: readonly string[];
  /** For headers that hold the timestamp too. */
  readonly timestamp?: string;
}

/** How a vendor writes its signature header. */
export interface SignatureForm {
  readonly read: ReadSignatures;
  readonly write: (signature: string, timestamp: string) => string;
}

/** Undefined when the value is not of the vendor's form. */
export type ReadSignatures = (value: string) => SignatureHeader | undefined;

const maxLength = 8192;
const maxCandidates = 10;

/**
 * The signature header, within limits that keep a hostile one cheap: 8 KB, ten candidates. A header sent twice arrives
 * joined by a comma and is of no form.
 */
export function readSignatureHeader(
  delivery: Delivery,
  name: string,
  read: ReadSignatures,
): SignatureHeader | RejectReason {
  const value = delivery.headers.get(name);
  if (value === null || value === '') return 'signature_missing';
  if (value.length > maxLength) return 'signature_invalid';
  const header = read(value);
  if (header === undefined || header.signatures.length > maxCandidates) return 'signature_invalid';
  return header;
}

/** The vendor's id of the delivery, from a header that may be absent. */
export function readDeliveryId({ headers }: Delivery, name: string | undefined): string | undefined {
  return name === undefined ? undefined : headers.get(name) || undefined;
}

/** One signature, after a fixed prefix: `sha256=...`. */
export function plainSignature(prefix = ''): SignatureForm {
  return {
    read: (value) => (value.startsWith(prefix) ? { signatures: [value.slice(prefix.length)] } : undefined),
    write: (signature) => prefix + signature,
  };
}

/**
 * A comma-separated list with the timestamp once and one or more signatures: `t=1700000000,v1=...,v1=...`. Entries of
 * other names are other schemes of the vendor and are passed over.
 */
export function signatureList(names: { readonly timestamp: string; readonly signature: string }): SignatureForm {
  const timestampStart = `${names.timestamp}=`;
  const signatureStart = `${names.signature}=`;
  return {
    read(value) {
      let timestamp: string | undefined;
      const signatures: string[] = [];
      for (let start = 0, end = 0; end < value.length; start = end + 1) {
        const comma = value.indexOf(',', start);
        end = comma < 0 ? value.length : comma;
        // A header sent twice arrives joined by a comma and a space.
        if (value.startsWith(' ', start)) return undefined;
        if (value.startsWith(signatureStart, start)) signatures.push(value.slice(start + signatureStart.length, end));
        else if (value.startsWith(timestampStart, start)) {
          if (timestamp !== undefined) return undefined;
          timestamp = value.slice(start + timestampStart.length, end);
        }
      }
      return timestamp === undefined ? undefined : { timestamp, signatures };
    },
    write: (signature, timestamp) => `${timestampStart}${timestamp},${signatureStart}${signature}`,
  };
}
