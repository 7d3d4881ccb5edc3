/**
 * Misbehaviour on demand. Switches are plain data, so that a test in another process can set them; each is taken when a
 * request arrives, and holds for the next requests or until it is cleared.
 */
import type { Rotation } from '../../auth/auth.ts';

/** What every endpoint can be made to do. */
export interface EndpointSwitches {
  /** Waits of the injected clock. */
  readonly delayBeforeMs?: number;
  readonly delayAfterMs?: number;
  /** Keeps the request waiting before or after its work is done, until `release()`. */
  readonly hold?: 'before' | 'after';
  /** Breaks the connection without an answer, before or after the work is done. */
  readonly drop?: 'before' | 'after';
  /** Answers this status instead: 429, 503. No work is done, unless `processed`. */
  readonly status?: number;
  readonly retryAfter?: string;
  readonly processed?: boolean;
  /** Refuses with this error of RFC 6749. No work is done. */
  readonly error?: string;
  /** Sends the answer's body byte by byte, with so many milliseconds of the injected clock between them. */
  readonly dripMs?: number;
  /** Does the work, then answers something else. */
  readonly body?: JunkBody | { readonly text: string; readonly contentType?: string };
}

/** `html` and the rest up to `null` lose the answer; the others spoil a part of it and keep the tokens readable. */
export type JunkBody =
  | 'html'
  | 'empty'
  | 'truncated'
  | 'array'
  | 'null'
  | 'bad_expiry'
  | 'huge_token'
  | 'prototype_keys';

export interface GrantSwitches extends EndpointSwitches {
  /** Grants only these of the scopes. */
  readonly scopes?: readonly string[];
  /** Id of the account that is granted, instead of the chosen one. */
  readonly account?: string;
}

export interface AuthorizeSwitches extends GrantSwitches {
  /** Sent as `iss`; null leaves it out. */
  readonly issuer?: string | null;
}

export interface TokenSwitches extends GrantSwitches {
  /** Instead of the declared rotation. */
  readonly rotation?: Rotation;
  /** Leaves every `refresh_token` out of the answer; none is issued. */
  readonly omitRefreshToken?: boolean;
  /** Life of the access token in seconds, told and kept. */
  readonly expiresIn?: number;
}

/** The switches of one endpoint. */
export interface SwitchBoard<S extends EndpointSwitches> {
  /** For the next requests only, on top of what holds always. Several calls queue up. */
  next(switches: S, times?: number): void;
  /** Until changed or cleared; adds to what was set before. */
  always(switches: S): void;
  clear(): void;
}

export interface SwitchBoardReader<S extends EndpointSwitches> extends SwitchBoard<S> {
  /** What holds for the request that has just arrived. */
  take(): S;
}

export function createSwitchBoard<S extends EndpointSwitches>(): SwitchBoardReader<S> {
  let lasting = {} as S;
  const queue: { readonly switches: S; left: number }[] = [];
  return {
    next: (switches, times = 1) => void (times > 0 && queue.push({ switches, left: times })),
    always: (switches) => void (lasting = { ...lasting, ...switches }),
    clear() {
      lasting = {} as S;
      queue.length = 0;
    },
    take() {
      const first = queue[0];
      if (first === undefined) return lasting;
      if (--first.left === 0) queue.shift();
      return { ...lasting, ...first.switches };
    },
  };
}
