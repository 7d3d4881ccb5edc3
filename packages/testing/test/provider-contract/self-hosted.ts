/** A sound provider whose hosts are named by whoever runs it: by the tenant, or by the deployment. */
import {
  apiKey,
  at,
  defineProvider,
  header,
  hostOf,
  oauth2,
  PlugboardError,
  reveal,
  text,
  type AppValues,
  type JsonObject,
} from '@plugboard/core';
import { host, secret } from '@plugboard/core/fields';
import { z } from 'zod';

import { sound } from './sound.ts';

const { id, name, category, summary, docs, app, auth, api, account, healthCheck, operations } = sound.definition;

export const fields = z.strictObject({
  key: secret('API key', { pattern: /^ak_\w+$/ }),
  server: host('Server', { example: 'shop.acme.example:8443' }),
});

const issuerOf = (values: AppValues) => reveal(values['issuer'] ?? '');
const found = (input: JsonObject, endpoint: string) => text(at(input, 'discovered', endpoint)) ?? '';

export const selfHosted = defineProvider({
  id,
  name,
  category,
  summary,
  docs,
  hosts: [],
  tenantHosts: ({ app: values, credentials }) => {
    const { server } = credentials;
    return server === undefined ? [hostOf(values['issuer'], 'issuer')] : [hostOf(server, 'server')];
  },
  app: {
    clientId: app!.clientId,
    clientSecret: app!.clientSecret,
    issuer: { title: 'Issuer', env: 'ACME_ISSUER', example: 'https://login.acme.example/realms/main' },
  },
  auth: {
    key: apiKey({
      credentials: fields,
      sign: header('x-acme-key', 'key'),
      example: { key: 'ak_0123456789abcdef', server: 'shop.acme.example:8443' },
    }),
    oauth: oauth2({
      async discover(client) {
        const issuer = issuerOf(client.app);
        hostOf(issuer, 'issuer');
        const url = `${issuer}/.well-known/openid-configuration`;
        const document = (await client.request({ method: 'GET', url })).json();
        if (at(document, 'issuer') !== issuer) {
          throw new PlugboardError({ kind: 'invalid_response', code: 'other_issuer', message: 'Another issuer.' });
        }
        return document as JsonObject;
      },
      authorize: { url: (input) => found(input, 'authorization_endpoint') },
      token: { url: (input) => found(input, 'token_endpoint'), clientAuth: () => 'basic' },
      revoke: { url: (input) => found(input, 'revocation_endpoint'), clientAuth: () => 'basic' },
      issuer: (_input, values) => issuerOf(values),
      issuerAlwaysSent: (input) => at(input, 'discovered', 'authorization_response_iss_parameter_supported') === true,
      nonce: true,
      pkce: 'required',
      scopes: auth.oauth.scopes,
      refresh: { rotation: 'strict' },
      example: { ...auth.oauth.example, id_token: 'e30.e30.x' },
    }),
  },
  api: {
    ...api,
    baseUrl: (client) =>
      client.method === 'key'
        ? `https://${client.credentials(fields).server}/v1`
        : `https://${hostOf(client.app['issuer'])}/v1`,
  },
  account,
  healthCheck,
  operations,
});

export type SelfHosted = typeof selfHosted.definition;
