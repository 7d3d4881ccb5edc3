/**
 * Installing a public integration: https://docs.sentry.io/organization/integrations/integration-platform/public-integration/
 * (2026-11). Its exchange is that of OAuth by other names, at an address of the installation's own.
 */
import {
  at,
  browserStep,
  checkAnswer,
  encodeBase64url,
  encodeUtf8,
  hmac,
  isPlugboardError,
  need,
  Secret,
  text as textOf,
} from '@plugboard/core';
import type { Classify, EmulatorExtension, Grant, Json, OAuthClient } from '@plugboard/core';
import { bearer } from '@plugboard/core';
import { secret, text, z } from '@plugboard/core/fields';

const base = 'https://sentry.io/api/0/sentry-app-installations';
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const brought = z.strictObject({
  code: secret('Code of the installation', { help: '`code` of the address that the browser comes back to.' }),
  installationId: text('Installation id', { help: '`installationId` of the same address.', pattern: uuid }),
});

const pair = z.looseObject({
  token: z.string().min(1),
  refreshToken: z.string().min(1).nullish(),
  expiresAt: z.iso.datetime({ offset: true }).nullish(),
});

/** A wrong client is the host's mistake and ends no connection; every other refusal means that the grant is over. */
const classify: Classify = (answer) => {
  const detail = textOf(at(answer.tryJson(), 'detail'));
  if (detail?.startsWith('Invalid Client ID') === true) {
    return { kind: 'configuration', code: 'invalid_client', vendor: { message: detail } };
  }
  const refused = [400, 401, 403, 404].includes(answer.status);
  return refused ? { kind: 'auth', code: 'invalid_grant', ...(detail && { vendor: { message: detail } }) } : undefined;
};

const clientId = ({ app }: OAuthClient) => need(app, 'integrationClientId');
const clientSecret = ({ app }: OAuthClient) => need(app, 'integrationClientSecret');

/** @param jwt Instead of the client's secret, where the pair of tokens was lost. */
async function exchange(client: OAuthClient, id: string, params: Readonly<Record<string, string>>, jwt?: string) {
  const identity = { client_id: clientId(client), client_secret: clientSecret(client) };
  const answer = await client.request({
    method: 'POST',
    url: `${base}/${id}/authorizations/`,
    ...(jwt === undefined ? {} : { headers: { authorization: `Bearer ${jwt}` } }),
    json: jwt === undefined ? { ...params, ...identity } : params,
    classify,
  });
  const { token, refreshToken, expiresAt } = checkAnswer(pair, answer.json(), 'The answer to the exchange');
  const credentials = {
    accessToken: new Secret(token),
    ...(refreshToken && { refreshToken: new Secret(refreshToken) }),
  };
  return { credentials, ...(expiresAt && { expiresInMs: Math.max(Date.parse(expiresAt) - client.now, 0) }) };
}

async function complete(client: OAuthClient): Promise<Grant> {
  const installationId = need(client.credentials, 'installationId');
  const code = need(client.credentials, 'code');
  const grant = await exchange(client, installationId, { grant_type: 'authorization_code', code });
  // Says that the installation works; without it the vendor shows it as pending.
  const verified = await client.request({
    method: 'PUT',
    url: `${base}/${installationId}/`,
    headers: { authorization: `Bearer ${need(grant.credentials, 'accessToken')}` },
    json: { status: 'installed' },
    classify,
  });
  const organization = textOf(at(verified.json(), 'organization', 'slug'));
  return { ...grant, metadata: { installationId, ...(organization && { organization }) } };
}

async function renew(client: OAuthClient): Promise<Grant> {
  const id = textOf(client.metadata['installationId']) ?? '';
  try {
    const refreshToken = need(client.credentials, 'refreshToken');
    return await exchange(client, id, { grant_type: 'refresh_token', refresh_token: refreshToken });
  } catch (error) {
    if (!isPlugboardError(error) || error.kind !== 'auth') throw error;
    // The answer of the last refresh may have been lost on its way: while the app is installed, it may ask for another.
    const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    return exchange(client, id, { grant_type: grantType }, await assertion(client));
  }
}

/** RFC 7523, signed with the client's secret. */
async function assertion(client: OAuthClient): Promise<string> {
  const iat = Math.floor(client.now / 1000);
  const claims = { iss: clientId(client), sub: clientId(client), iat, exp: iat + 60, jti: crypto.randomUUID() };
  const parts = [{ alg: 'HS256', typ: 'JWT' }, claims];
  const unsigned = parts.map((part) => encodeBase64url(encodeUtf8(JSON.stringify(part)))).join('.');
  return `${unsigned}.${encodeBase64url(await hmac('sha256', clientSecret(client), unsigned))}`;
}

export const integration = browserStep({
  title: 'Install the integration',
  credentials: brought,
  appSet: 'integration',
  start: ({ app }) =>
    Promise.resolve({ page: { url: `https://sentry.io/sentry-apps/${need(app, 'appSlug')}/external-install/` } }),
  complete,
  refresh: { rotation: 'strict', run: renew },
  sign: bearer(),
  example: { code: 'e3ad2ae3d8ba4ae7a3a0c5f0d4a9e2b1', installationId: '7a485448-a9e2-4c85-8a3c-4f44175783c9' },
});

export const emulator: EmulatorExtension = (vendor) => {
  const refreshTokens = vendor.table('refresh tokens');
  const handOut = () => {
    const { access_token = '', refresh_token = '', expires_in = 0 } = vendor.oauth.issue({ profile: 'integration' });
    refreshTokens.set(textOf(refresh_token) ?? '', true);
    const expiresAt = new Date(vendor.now() + Number(expires_in) * 1000).toISOString();
    return { status: 201, json: { id: '38', token: access_token, refreshToken: refresh_token, expiresAt } };
  };
  const refused = { status: 401, json: { detail: 'Token not found, invalid, or revoked' } };
  return {
    'POST /sentry-app-installations/{id}/authorizations/': {
      open: true,
      reply({ json }) {
        const spent = textOf(at(json, 'refresh_token'));
        return spent === undefined || refreshTokens.delete(spent) ? handOut() : refused;
      },
    },
    'PUT /sentry-app-installations/{id}/': ({ params: { id = '' } }) => {
      const json: Json = {
        uuid: id,
        status: 'installed',
        app: { slug: 'plugboard' },
        organization: { slug: 'the-interstellar-jurisdiction' },
      };
      return { json };
    },
  };
};
