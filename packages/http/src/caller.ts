import { invalidInput, PlugboardError } from '@plugboard/core';

/** `read` sees connections, settings, flags and health; `manage` connects, changes and disconnects as well. */
export type Permission = 'read' | 'manage';

/** Who is asking, as the host's own session says. */
export interface Caller {
  /** The tenant whose connections are meant. Nothing in a request can name another one. */
  readonly organizationId: string;
  /** The host's user: for the audit trail, and only they can finish a connect flow that they started. */
  readonly userId: string;
  /** Default: both. */
  readonly permissions?: readonly Permission[];
}

/**
 * The host's session check. Null answers 401.
 * The body of the request is read afterwards, so this function must leave it alone.
 */
export type Authorize = (request: Request) => Caller | null | undefined | Promise<Caller | null | undefined>;

/** @throws PlugboardError kind `permission`: `not_signed_in`, `not_permitted`. */
export async function callerOf(authorize: Authorize, request: Request, permission: Permission): Promise<Caller> {
  const caller = await authorize(request);
  if (caller === null || caller === undefined) throw notSignedIn();
  const missing = (['organizationId', 'userId'] as const).filter((name) => typeof caller[name] !== 'string');
  if (missing.length > 0) {
    const fields = missing.map((path) => ({ path, message: 'must be a string' }));
    throw invalidInput('The result of `authorize`', fields, 'Return { organizationId, userId }, or null for nobody.');
  }
  if (caller.permissions?.includes(permission) === false) throw notPermitted(permission);
  return caller;
}

function notSignedIn(): PlugboardError {
  return new PlugboardError({
    kind: 'permission',
    code: 'not_signed_in',
    message: 'The request carries no session of the application.',
    hint: 'Sign in and try again.',
  });
}

function notPermitted(permission: Permission): PlugboardError {
  return new PlugboardError({
    kind: 'permission',
    code: 'not_permitted',
    message: `The user lacks the permission \`${permission}\`.`,
    hint: 'Ask an administrator of the organization.',
  });
}
