/** What a provider may add to its derived emulator, and what its routes see. */
import type { Json } from '../json.ts';
import type { AccountRef } from '../store.ts';
import type { EmulatedReply } from './emulated-reply.ts';
import type { AuthorizationServer } from './oauth/authorization-server.ts';
import type { ShapeFailure } from './oauth/oauth-failure.ts';

export type { EmulatedReply } from './emulated-reply.ts';

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
  /** The account that the credential belongs to. */
  readonly account: AccountRef;
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
  /** Tokens that a route hands out, ends or looks up. */
  readonly oauth: Pick<AuthorizationServer, 'issue' | 'revoke' | 'use'>;
  /** Refusals of the OAuth endpoints in the vendor's own shape; undefined leaves that of RFC 6749 section 5.2. */
  shapeOAuthFailures(shape: ShapeFailure): void;
}

/**
 * Routes that remember something, by method and path: `'POST /api/lists'`. A path is matched below any declared base
 * URL of the provider; `undefined` falls back to the declared example.
 */
export type EmulatorRoutes = Readonly<Record<string, EmulatorRoute | OpenRoute>>;

export type EmulatorRoute = (request: EmulatedRequest) => EmulatedReply | undefined;

/** A route that judges the credential itself: the vendor takes it in an unusual place, or takes none. */
export interface OpenRoute {
  readonly open: true;
  readonly reply: EmulatorRoute;
}

export type EmulatorExtension = (vendor: EmulatedVendor) => EmulatorRoutes;
