/** What a driver hands out, as what we asked for. A host may have replaced the driver's parsers. */
import { configurationError } from '@plugboard/core/store-kit';

export function readText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw unexpected('text', 25);
}

/** A copy: drivers hand out windows on the buffers that they read the network with. */
export function readBytes(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw unexpected('bytea', 17);
  const { Buffer } = globalThis as { Buffer?: typeof globalThis.Buffer };
  if (Buffer === undefined) return new Uint8Array(value);
  // Out of the pool of Node: memory of its own for each of many rows costs more than all other reading.
  const { buffer, byteOffset, byteLength } = Buffer.from(value);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** From seconds since the epoch; rounded, because thousandths are no fractions of a binary number. */
export function readDate(value: unknown): Date {
  return new Date(Math.round(Number(value) * 1000));
}

function unexpected(type: string, oid: number): Error {
  return configurationError(
    'unexpected_driver_value',
    `The driver does not hand out values of the type ${type} as it does by default.`,
    `Give the store a client without a parser of its own for that type (OID ${oid}).`,
  );
}
