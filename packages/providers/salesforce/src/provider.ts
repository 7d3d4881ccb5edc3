/** Salesforce: the records of an organization's CRM. */
import { bearer, clientCredentials, defineProvider, exampleRsaPem, isPlugboardError, oauth2 } from '@plugboard/core';
import { serviceAccount, text, type JsonObject } from '@plugboard/core';
import { z } from '@plugboard/core/fields';

import { atLogin, classifyToken, clientFields, hosts, instanceOf, jwtFields, loginHost } from './access.ts';
import { mintByClient, mintByJwt, readGrant } from './access.ts';
import { bulkJobs, bulkQueries } from './bulk.ts';
import { errors } from './errors.ts';
import { collections, composite, objects, org, outboundMessages, records, search } from './operations.ts';
import { organizationQuery, queries } from './soql.ts';
import { webhooks } from './webhooks.ts';

const asked = {
  api: 'Read and change records.',
  refresh_token: 'Stay connected while nobody is logged in.',
  openid: 'Know who connects.',
};
const tokenUrl = atLogin('/services/oauth2/token');

export const salesforce = defineProvider({
  id: 'salesforce',
  name: 'Salesforce',
  category: 'crm',
  summary: 'Query, read and write the records of an organization.',
  docs: {
    home: 'https://www.salesforce.com',
    keys: 'https://login.salesforce.com/lightning/setup/ManageExternalClientApplication/home',
    reference: 'https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/',
    checked: '2026-11-20',
  },
  hosts,

  // Of an External Client App: Connected Apps cannot be created any more.
  app: {
    clientId: { title: 'Consumer key', env: 'SALESFORCE_CLIENT_ID' },
    clientSecret: { title: 'Consumer secret', env: 'SALESFORCE_CLIENT_SECRET', secret: true },
    loginUrl: {
      title: 'Login URL',
      env: 'SALESFORCE_LOGIN_URL',
      help: 'Where a connection logs in that names no host. Default https://login.salesforce.com.',
      optional: true,
      example: 'https://login.salesforce.com',
    },
    webhookSecret: {
      title: 'Secret of outbound messages',
      env: 'SALESFORCE_WEBHOOK_SECRET',
      secret: true,
      help: 'A random text of your own; each organization gets a token that is made of it.',
      set: 'webhooks',
    },
  },

  auth: {
    oauth: oauth2({
      title: 'Log in to Salesforce',
      input: z.strictObject({ loginHost: z.exactOptional(loginHost) }),
      authorize: { url: atLogin('/services/oauth2/authorize') },
      token: { url: tokenUrl },
      pkce: 'required',
      scopes: {
        ask: Object.keys(asked),
        known: {
          ...asked,
          id: 'Know who connects.',
          profile: 'Know the name of who connects.',
          email: 'Know the address of who connects.',
          full: 'Everything the user may.',
        },
      },
      read: readGrant,
      classify: classifyToken,
      // No life is told: a session ends by the policy of the organization, and 401 tells that it did. Whether a refresh
      // brings another token, and ends the first, is a setting of the app.
      refresh: { rotation: 'unknown' },
      revoke: { url: atLogin('/services/oauth2/revoke'), clientAuth: 'none' },
      example: {
        access_token: '00Dxx0000001gPF!AQcAQH0dMHZfz972Szmpkb58urFRkgeBGsxL',
        refresh_token: '5Aep861TSESvWeug_xvFHRBTTbf_YrTWgEyjBJrhZ',
        signature: 'd/SxeYBxH0GSVko0HMgcUxuZy0PA2cDDz1u7g7JtDHw=',
        scope: Object.keys(asked).join(' '),
        instance_url: 'https://acme.my.salesforce.com',
        id: 'https://login.salesforce.com/id/00Dxx0000001gPFEAY/005xx000001SwiUAAS',
        token_type: 'Bearer',
        issued_at: '1795168800000',
      },
    }),
    clientCredentials: clientCredentials({
      credentials: clientFields,
      sign: bearer(),
      token: { url: () => 'https://login.salesforce.com/services/oauth2/token' },
      mint: mintByClient,
      example: {
        clientId: '3MVG9lKcPoNINVBIPJjdw1J9LLM82HnFVVX19KY1uA5mu0QqEWhqKpoW3svG3X',
        clientSecret: 'A1B2C3D4E5F60718293A4B5C6D7E8F90',
        domain: 'acme.my.salesforce.com',
      },
    }),
    jwt: serviceAccount({
      title: 'JWT bearer',
      credentials: jwtFields,
      sign: bearer(),
      token: { url: () => 'https://login.salesforce.com/services/oauth2/token', clientAuth: 'none' },
      mint: mintByJwt,
      example: {
        clientId: '3MVG9lKcPoNINVBIPJjdw1J9LLM82HnFVVX19KY1uA5mu0QqEWhqKpoW3svG3X',
        username: 'api@acme.example',
        privateKey: exampleRsaPem,
        loginHost: 'login.salesforce.com',
      },
    }),
  },

  api: { baseUrl: (api) => `${instanceOf(api)}/services/data/v{version}`, version: '68.0', errors },

  // The token names the organization by its id; its name is a record, which not every user may read.
  async account(api) {
    const known = text(api.metadata['organizationId']);
    try {
      const [found = {}] = (await api.call(queries.run, { soql: organizationQuery })).records;
      const { Id, Name, OrganizationType, IsSandbox } = found as JsonObject;
      const id = known ?? text(Id) ?? (await api.call(org.user, {})).organization_id;
      const metadata = { organizationType: OrganizationType ?? null, sandbox: IsSandbox ?? null };
      return { kind: 'known', account: { id, name: text(Name) ?? id }, metadata };
    } catch (error) {
      // The token itself has proved who it is of.
      const refused = isPlugboardError(error) && ['permission', 'invalid_request'].includes(error.kind);
      if (!refused || known === undefined) throw error;
      return { kind: 'known', account: { id: known, name: new URL(instanceOf(api)).host } };
    }
  },

  async healthCheck(api) {
    const { DailyApiRequests: left } = await api.call(org.limits, {});
    if (left.Remaining > 0) return { status: 'healthy' };
    return { status: 'degraded', reason: 'request_limit', detail: `All ${left.Max} requests of the day are used.` };
  },

  webhooks,
  operations: {
    queries,
    records,
    collections,
    composite,
    bulkJobs,
    bulkQueries,
    objects,
    search,
    org,
    outboundMessages,
  },
});
