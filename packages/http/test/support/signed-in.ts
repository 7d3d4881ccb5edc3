import type { Caller } from '@plugboard/http';

/** The host's session: a cookie that says who it is. */
export function signedIn({ headers }: Request): Caller | null {
  const found = /(?:^|; )session=([^/;]+)\/([^/;]+)(?:\/([^;]*))?/.exec(headers.get('cookie') ?? '');
  if (found === null) return null;
  const [, organizationId = '', userId = '', permissions] = found;
  return { organizationId, userId, ...(permissions !== undefined && { permissions: permissions.split(',') as never }) };
}
