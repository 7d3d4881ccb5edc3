import { configurationError, PlugboardError, text } from '@plugboard/core';

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

/** @throws PlugboardError kind `permission`: `not_signed_in`, `not_permitted`; kind `configuration`: `invalid_caller`. */
export async function callerOf(authorize: Authorize, request: Request, permission: Permission): Promise<Caller> {
  const caller = await authorize(request);
  if (caller === null || caller === undefined) throw notSignedIn();
  if (!isCaller(caller)) throw invalidCaller();
  if (caller.permissions?.includes(permission) === false) throw notPermitted(permission);
  return caller;
}

/** What is only half an answer must not let more through than the whole. */
function isCaller({
  organizationId,
  userId,
  permissions,
}: {
  readonly organizationId: unknown;
  readonly userId: unknown;
  readonly permissions?: unknown;
}): boolean {
  const named = text(organizationId) !== undefined && text(userId) !== undefined;
  return named && (permissions === undefined || Array.isArray(permissions));
}

function invalidCaller(): PlugboardError {
  return configurationError(
    'invalid_caller',
    '`authorize` returned something that is no caller.',
    'Return { organizationId, userId, permissions? }, two texts and a list, or null for nobody.',
  );
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
