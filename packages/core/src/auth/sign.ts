import { PlugboardError } from '../errors.ts';
import { encodeBase64, encodeUtf8 } from '../bytes.ts';
import { parseJson, type JsonObject } from '../json.ts';
import { reveal } from '../secret.ts';
import type { Credentials, Sign } from './auth.ts';

/** `Authorization: Bearer <token>` (RFC 6750 section 2.1). */
export function bearer(field = 'accessToken'): Sign {
  return header('authorization', field, 'Bearer ');
}

/** A header that holds the credential, after an optional prefix. */
export function header(name: string, field: string, prefix = ''): Sign {
  return {
    places: [`header:${name.toLowerCase()}`],
    apply: (request, { credentials }) => request.headers.set(name, prefix + need(credentials, field)),
  };
}

/**
 * `Authorization: Basic <user:password>` (RFC 7617), UTF-8. Vendors that take a key alone as the user name want the
 * password empty: leave its field out.
 */
export function basic(userField: string, passwordField?: string): Sign {
  return {
    places: ['header:authorization'],
    apply(request, { credentials }) {
      const password = passwordField === undefined ? '' : need(credentials, passwordField);
      const pair = `${need(credentials, userField)}:${password}`;
      request.headers.set('authorization', `Basic ${encodeBase64(encodeUtf8(pair))}`);
    },
  };
}

/** A query parameter. Only for vendors that offer nothing else: URLs end in logs. */
export function query(name: string, field: string): Sign {
  return {
    places: [`query:${name}`],
    apply: (request, { credentials }) => request.url.searchParams.set(name, need(credentials, field)),
  };
}

/** A member of the JSON body; a request without a body gets one. */
export function bodyMember(name: string, field: string): Sign {
  return {
    places: [`body:${name}`],
    apply(request, { credentials }) {
      const body = typeof request.body === 'string' ? (parseJson(request.body) as JsonObject) : {};
      request.body = JSON.stringify({ ...body, [name]: need(credentials, field) });
      request.headers.set('content-type', 'application/json');
    },
  };
}

/** Nothing: the credential is the URL itself, or the server authenticates nobody. */
export const unsigned: Sign = { places: [], apply: () => undefined };

/** The text of a credential that must be there. @throws PlugboardError kind `auth`, code `credential_missing`. */
export function need(credentials: Credentials, field: string): string {
  const value = credentials[field];
  if (value !== undefined) return reveal(value);
  throw new PlugboardError({
    kind: 'auth',
    code: 'credential_missing',
    message: `The connection holds no \`${field}\`.`,
    hint: 'Reconnect; the stored credentials are from another way to connect or from an older version.',
  });
}
