/** The application's sign-in, reduced to what a demo needs: whoever opens the page is Ada of Northwind. */
import { randomUUID } from 'node:crypto';

import type { Caller } from '@plugboard/http';

export const ada: Caller = { organizationId: 'northwind', userId: 'ada' };

export interface Flash {
  readonly ok: boolean;
  readonly text: string;
}

export interface Session {
  readonly caller: Caller;
  /** Shown once, on the next page. */
  flash?: Flash | undefined;
}

export interface KeptSession {
  readonly session: Session;
  /** `session=<id>`. */
  readonly cookie: string;
}

export interface Sessions {
  find(request: Request): KeptSession | undefined;
  start(): KeptSession;
}

export function createSessions(): Sessions {
  const sessions = new Map<string, KeptSession>();
  return {
    find({ headers }) {
      const cookie = /(?:^|; )(session=[\w-]{36})(?:;|$)/.exec(headers.get('cookie') ?? '')?.[1];
      return cookie === undefined ? undefined : sessions.get(cookie);
    },
    start() {
      const cookie = `session=${randomUUID()}`;
      const kept = { session: { caller: ada }, cookie };
      sessions.set(cookie, kept);
      return kept;
    },
  };
}
