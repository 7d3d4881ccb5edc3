import type { AnyProvider, Plugboard } from '@plugboard/core';
import type { Context, MiddlewareHandler } from 'hono';

import type { Authorize, Caller, Permission } from './caller.ts';

/** A board whose providers are known at run time only. */
export type AnyBoard = Plugboard<readonly AnyProvider[]>;

export interface RoutesEnv {
  Variables: { caller: Caller };
}

export type Guard = MiddlewareHandler<RoutesEnv>;

/** What the routes share. */
export interface RouteParts {
  readonly board: AnyBoard;
  /** Lets through who may do this, from a page that may ask. */
  readonly guard: (permission: Permission) => Guard;
  readonly authorize: Authorize;
  readonly fallbackPage: string;
  /** Answers, and logs what is the server's fault. */
  readonly fail: (error: unknown) => Response;
}

/** Whose connection a request means: the organization of the session, the label of the query. */
export function targetOf(context: Context<RoutesEnv>): { organizationId: string; label?: string } {
  const label = context.req.query('label');
  return { organizationId: context.get('caller').organizationId, ...(label !== undefined && { label }) };
}
