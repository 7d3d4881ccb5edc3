/** HubSpot: contacts, companies and deals of an account. */
import {
  apiKey,
  at,
  bearer,
  defineProvider,
  oauth2,
  readTokenAnswer,
  reveal,
  streamOf,
  type Grant,
  type Json,
} from '@plugboard/core';
import { secret, z } from '@plugboard/core/fields';

import { classifyToken, errors } from './errors.ts';
import { account, associations, companies, contacts, deals, owners, schema } from './operations.ts';
import { webhooks } from './webhooks.ts';

/** https://developers.hubspot.com/docs/api-reference/2026-03/authentication/oauth-tokens/refresh-oauth-token (2026-10); v1 ends on 2027-02-16. */
const tokenUrl = 'https://api.hubapi.com/oauth/2026-03/token';

const wholePage = { limit: 100 };

export const hubspot = defineProvider({
  id: 'hubspot',
  name: 'HubSpot',
  category: 'crm',
  summary: 'Read and write contacts, companies and deals, and hear of their changes.',
  docs: {
    home: 'https://www.hubspot.com',
    keys: 'https://app.hubspot.com/developer-projects',
    reference: 'https://developers.hubspot.com/docs/api-reference',
    checked: '2026-11-28',
  },
  hosts: ['api.hubapi.com'],

  app: {
    clientId: { title: 'Client id', env: 'HUBSPOT_CLIENT_ID' },
    clientSecret: {
      title: 'Client secret',
      env: 'HUBSPOT_CLIENT_SECRET',
      secret: true,
      help: 'Signs the webhooks too.',
    },
    optionalScopes: {
      title: 'Optional scopes',
      env: 'HUBSPOT_OPTIONAL_SCOPES',
      optional: true,
      help: 'Scopes, with spaces between, that an account may lack the plan for: without them it connects all the same.',
    },
  },

  auth: {
    oauth: oauth2({
      authorize: {
        url: 'https://app.hubspot.com/oauth/authorize',
        params: (_input, { optionalScopes }) =>
          optionalScopes === undefined ? {} : { optional_scope: reveal(optionalScopes) },
      },
      token: { url: tokenUrl, clientAuth: 'post' },
      // The token endpoint knows a verifier; no page says that the authorization page takes its challenge.
      pkce: 'none',
      scopes: {
        ask: [
          'oauth',
          'crm.objects.contacts.read',
          'crm.objects.contacts.write',
          'crm.objects.companies.read',
          'crm.objects.companies.write',
          'crm.objects.deals.read',
          'crm.objects.deals.write',
        ],
        known: {
          oauth: 'Connect the account.',
          'crm.objects.contacts.read': 'Read contacts.',
          'crm.objects.contacts.write': 'Write contacts.',
          'crm.objects.companies.read': 'Read companies.',
          'crm.objects.companies.write': 'Write companies.',
          'crm.objects.deals.read': 'Read deals and pipelines.',
          'crm.objects.deals.write': 'Write deals.',
          'crm.objects.owners.read': 'Read who records belong to.',
        },
      },
      read: readGrant,
      classify: classifyToken,
      // The refresh token is said to stay, but on no page that we found; what comes back is stored.
      refresh: { rotation: 'unknown' },
      // All connections of the app to one account share its grant: https://developers.hubspot.com/docs/api-reference/auth-oauth-v3/guide (2026-10).
      revoke: { url: `${tokenUrl}/revoke`, clientAuth: 'post', ends: 'app' },
      example: {
        access_token: 'CJSP5qf1KhICAQEYs-gDIIGOBii1hQIyGQAf3xBKmlwHjX7OIpuIFEavB2-qYAGQsF4',
        refresh_token: '6f18f21e-a743-4509-b7fd-1a5e632fffa1',
        expires_in: 1800,
        token_type: 'bearer',
        hub_id: 62515,
        scopes: ['oauth'],
      },
    }),
    privateApp: apiKey({
      title: 'Private app',
      credentials: z.strictObject({
        accessToken: secret('Access token', { help: 'Your private app > Auth.', pattern: /^pat-[\w-]+$/ }),
        clientSecret: secret('Client secret', {
          help: 'Your private app > Auth. Needed to receive its webhooks.',
        }).optional(),
      }),
      env: { accessToken: 'HUBSPOT_ACCESS_TOKEN' },
      sign: bearer(),
      example: { accessToken: 'pat-na1-11111111-2222-3333-4444-555555555555' },
    }),
  },

  api: {
    baseUrl: 'https://api.hubapi.com',
    // The least of all plans: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines (2026-10).
    limits: [{ requests: 100, perMs: 10_000 }],
    errors,
  },

  async account(api) {
    const { portalId, uiDomain, ...facts } = await api.call(account.details, {});
    const { accountType = null, timeZone = null, companyCurrency = null } = facts;
    return {
      kind: 'known',
      // The vendor has no name for it.
      account: { id: String(portalId), name: `HubSpot ${portalId}` },
      metadata: { uiDomain: uiDomain ?? null, accountType, timeZone, companyCurrency },
    };
  },

  async healthCheck(api) {
    await api.call(account.details, {});
    return { status: 'healthy' };
  },

  webhooks,
  // Lists know no «changed since», and a search ends after 10,000: each pass reads everything.
  streams: {
    contacts: streamOf(contacts.list, { summary: 'Contacts, with their standard properties.', input: wholePage }),
    companies: streamOf(companies.list, { summary: 'Companies, with their standard properties.', input: wholePage }),
    deals: streamOf(deals.list, { summary: 'Deals, with their standard properties.', input: wholePage }),
  },
  operations: { account, contacts, companies, deals, associations, schema, owners },
});

/** Scopes come as a list, and the account with them. */
function readGrant(answer: Json): Grant {
  const scopes = at(answer, 'scopes');
  const named = Array.isArray(scopes)
    ? scopes.filter((scope): scope is string => typeof scope === 'string')
    : undefined;
  return { ...readTokenAnswer(answer), ...(named !== undefined && { scopes: named }) };
}
