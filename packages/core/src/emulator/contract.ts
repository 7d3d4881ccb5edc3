/** What a provider may add to its derived emulator, and what its routes see. */
import type { Json } from '../json.ts';

/** A request that reached the emulator with a good credential. */
export interface EmulatedRequest {
  readonly method: string;
  readonly url: URL;
  /** Values of the route's path template, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: Json | undefined;
  /** The body as a form; empty when it is none. */
  readonly form: URLSearchParams;
}

/** What goes back. Default status 200; `json` and `text` exclude each other. */
export interface EmulatedReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: Json;
  readonly text?: string;
}

/** State that lives as long as one emulator. */
export interface EmulatedVendor {
  /** Milliseconds, from the emulator's clock. */
  now(): number;
  /** A new id with the vendor's prefix, unique in this emulator and equal in every run. */
  id(prefix?: string): string;
  /** A named table of records by key. */
  table(name: string): Map<string, Json>;
  /** The declared example of an operation: `reply('profiles.upsert')`. */
  example(operation: string): EmulatedReply;
  /** The declared example of an error, by its name in `api.errors.examples`. */
  failure(name: string): EmulatedReply;
}

/**
 * Routes that remember something, by method and path: `'POST /api/lists'`. A path is matched below any declared base
 * URL of the provider; `undefined` falls back to the declared example.
 */
export type EmulatorRoutes = Readonly<Record<string, (request: EmulatedRequest) => EmulatedReply | undefined>>;

export type EmulatorExtension = (vendor: EmulatedVendor) => EmulatorRoutes;
