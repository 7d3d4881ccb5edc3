/** What Redis holds, as what we wrote. Anything else is an error that says so, never a guess. */
import { parseJson, type Json } from '@plugboard/core/store-kit';

import { brokenValue } from './errors.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Texts come as bytes; a client may hand out short ones as texts. */
export function readText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!(value instanceof Uint8Array)) throw brokenValue();
  try {
    return utf8.decode(value);
  } catch {
    throw brokenValue();
  }
}

/** A copy: clients hand out windows on the buffers that they read the network with. */
export function readBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  throw brokenValue();
}

export function readInteger(value: unknown): number {
  const text = readText(value);
  if (/^-?\d{1,16}$/.test(text)) return Number(text);
  throw brokenValue();
}

/** From milliseconds since the epoch. */
export function readDate(value: unknown): Date {
  const date = new Date(readInteger(value));
  if (Number.isNaN(date.getTime())) throw brokenValue();
  return date;
}

export function readJson(value: unknown): Json {
  const text = readText(value);
  try {
    return parseJson(text);
  } catch {
    throw brokenValue();
  }
}

export function readList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw brokenValue();
}
