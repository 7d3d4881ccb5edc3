/** GitHub's double: what a GitHub App does beside OAuth. */
import { member, text } from '@plugboard/core';
import type { EmulatorExtension, EmulatorRoute } from '@plugboard/core';

export const emulator: EmulatorExtension = (vendor) => {
  const open = (reply: EmulatorRoute) => ({ open: true, reply }) as const;
  // Refusals of the token endpoint have status 200.
  vendor.shapeOAuthFailures(({ error, description }) => {
    const own: Record<string, string> = {
      invalid_client: 'incorrect_client_credentials',
      invalid_grant: 'bad_refresh_token',
    };
    return { status: 200, json: { error: own[error] ?? error, error_description: description } };
  });
  const isJwt = (headers: Headers) => headers.get('authorization')?.split('.').length === 3;
  return {
    'POST /app/installations/{id}/access_tokens': open(({ headers }) => {
      if (!isJwt(headers)) return vendor.failure('invalidCredentials');
      const { access_token = '' } = vendor.oauth.issue({ profile: 'installation' });
      const expires_at = new Date(vendor.now() + 3_600_000).toISOString();
      const permissions = { contents: 'write', issues: 'write', metadata: 'read' };
      return { status: 201, json: { token: access_token, expires_at, permissions, repository_selection: 'all' } };
    }),
    'DELETE /applications/{id}/token': open(({ headers, json }) => {
      if (headers.get('authorization')?.startsWith('Basic ') !== true) return vendor.failure('notFound');
      vendor.oauth.revoke(text(member(json, 'access_token')) ?? '');
      return { status: 204 };
    }),
    'DELETE /installation/token': ({ headers }) => {
      vendor.oauth.revoke((headers.get('authorization') ?? '').replace('Bearer ', ''));
      return { status: 204 };
    },
  };
};
