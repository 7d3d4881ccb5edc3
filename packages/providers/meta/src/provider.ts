/** Meta: ad spend, server-side conversions and Lead Ads of Facebook and Instagram. */
import { apiKey, collect, defineProvider, isPlugboardError, oauth2, reveal } from '@plugboard/core';
import type { AccountRef, Api, Choice } from '@plugboard/core';
import { secret, text, z } from '@plugboard/core/fields';

import { classifyToken, errors, exchangeOf, lengthen, readGrant } from './access.ts';
import { revoke, signGranted, signPasted } from './access.ts';
import { emulator } from './emulator.ts';
import { conversions, events, pixels } from './events.ts';
import { leads, pages, webhooks } from './leads.ts';
import { adAccounts, adSpend, campaigns, insights, me, reports } from './operations.ts';
import { settings, targets } from './schemas.ts';

const asked = {
  ads_read: 'Read ad accounts, campaigns and what they spend.',
  ads_management: 'Send conversions to your pixels.',
};
const more = {
  business_management: 'Reach ad accounts that a business owns.',
  leads_retrieval: 'Read leads.',
  pages_show_list: 'Let you pick a page.',
  pages_read_engagement: 'Read the lead forms of your pages.',
  pages_manage_metadata: 'Hear of new leads at once.',
};

const accessToken = (title: string, help: string) =>
  secret(title, { help, example: 'EAABsbCS1iHgBO0example', maxLength: 2000 });
const adAccountField = text('Ad account', { example: 'act_1102330001', pattern: /^act_\d+$/ });
const pixelField = text('Pixel', { help: 'Its id in Events Manager.', example: '567890123456789', pattern: /^\d+$/ });

export const meta = defineProvider({
  id: 'meta',
  name: 'Meta',
  category: 'advertising',
  summary: 'Ad spend, server-side conversions and Lead Ads of Facebook and Instagram.',
  docs: {
    home: 'https://business.facebook.com',
    keys: 'https://developers.facebook.com/apps',
    reference: 'https://developers.facebook.com/docs/marketing-apis',
    checked: '2026-11-20',
  },
  hosts: ['graph.facebook.com', 'www.facebook.com'],

  app: {
    clientId: { title: 'App id', env: 'META_APP_ID' },
    clientSecret: { title: 'App secret', env: 'META_APP_SECRET', secret: true, help: 'Also signs the webhooks.' },
    configId: {
      title: 'Configuration of Login for Business',
      env: 'META_CONFIG_ID',
      optional: true,
      help: 'Names the permissions in place of scopes.',
    },
    verifyToken: {
      title: 'Webhook verify token',
      env: 'META_WEBHOOK_VERIFY_TOKEN',
      secret: true,
      optional: true,
      help: 'A text of your choice, entered in the app dashboard beside the callback URL.',
    },
  },

  auth: {
    // https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow (2026-11-20)
    oauth: oauth2({
      authorize: {
        url: 'https://www.facebook.com/{version}/dialog/oauth',
        // Asks again for what was refused before. A system user's token needs the response type said twice.
        params: (_input, { configId }) => ({
          auth_type: 'rerequest',
          ...(configId !== undefined && { config_id: reveal(configId), override_default_response_type: 'true' }),
        }),
      },
      // The guides show GET. POST works too, and keeps the app secret and the tokens out of URLs, which end in logs.
      token: { url: 'https://graph.facebook.com/{version}/oauth/access_token', clientAuth: 'post' },
      pkce: 'supported',
      scopes: { ask: Object.keys(asked), known: { ...asked, ...more }, separator: ',', unless: 'configId' },
      read: readGrant,
      classify: classifyToken,
      afterCode: lengthen,
      // An expired token cannot be exchanged: the user must log in again.
      refresh: { rotation: 'stable', spends: 'accessToken', params: exchangeOf },
      revoke: { run: revoke, ends: 'app' },
      sign: signGranted,
      example: { access_token: 'EAAUSER0long-lived', token_type: 'bearer', expires_in: 5_183_944 },
    }),
    // https://developers.facebook.com/docs/business-management-apis/system-users (2026-11-20): these do not expire.
    systemUser: apiKey({
      title: 'System user token',
      credentials: z.strictObject({
        accessToken: accessToken('System user token', 'Business settings > Users > System users > Generate token.'),
        adAccountId: adAccountField.optional(),
        pixelId: pixelField.optional(),
        appId: text('App', { help: 'Id of the app that the token was generated for.', pattern: /^\d+$/ }).optional(),
      }),
      env: { accessToken: 'META_ACCESS_TOKEN', adAccountId: 'META_AD_ACCOUNT_ID', pixelId: 'META_PIXEL_ID' },
      sign: signPasted,
      example: { accessToken: 'EAASYSTEM0user', adAccountId: 'act_1102330001', pixelId: '567890123456789' },
    }),
    // https://developers.facebook.com/docs/marketing-api/conversions-api/get-started (2026-11-20)
    pixel: apiKey({
      title: 'Pixel token',
      credentials: z.strictObject({
        accessToken: accessToken('Pixel token', 'Events Manager > Settings > Conversions API > Generate access token.'),
        pixelId: pixelField,
      }),
      sign: signPasted,
      example: { accessToken: 'EAAPIXEL0token', pixelId: '567890123456789' },
    }),
  },

  api: {
    baseUrl: 'https://graph.facebook.com/{version}',
    // Lives about two years: https://developers.facebook.com/docs/graph-api/guides/versioning (2026-11-20)
    version: 'v26.0',
    errors,
    requestId: 'x-fb-trace-id',
  },

  async account(api) {
    const { adAccountId, pixelId } = api.credentials(targets);
    if (api.method === 'pixel' && pixelId !== undefined)
      return { kind: 'known', account: await readPixel(api, pixelId) };
    if (adAccountId !== undefined) {
      const { id, name } = await api.call(adAccounts.get, { adAccountId });
      return { kind: 'known', account: { id, name: name ?? id } };
    }
    try {
      const found = await collect(api.pages(adAccounts.list, {}), ({ items }) => items);
      return { kind: 'choose', choices: found.map(({ id, name }) => ({ id, name: name ?? id })) };
    } catch (error) {
      // A live token that reaches no ad account: it may be meant for pages.
      if (!isUnreadable(error)) throw error;
      return { kind: 'choose', choices: [] };
    }
  },

  async healthCheck(api) {
    if (api.method !== 'pixel') {
      await api.call(me.get, {});
      return { status: 'healthy' };
    }
    try {
      const { pixelId } = api.credentials(targets);
      await api.call(pixels.get, { pixelId: pixelId ?? '' });
      return { status: 'healthy' };
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      // Alive, and meant for sending only; whether it may send shows when it does.
      return { status: 'unknown', reason: 'send_only_key' };
    }
  },

  settings: {
    schema: settings,
    choices: {
      adAccountId: (api) => collect(api.pages(adAccounts.list, {}), choicesIn),
      pixelId: (api) => collect(api.pages(pixels.list, {}), choicesIn),
    },
    scopes: { adAccountId: ['ads_read'], pixelId: ['ads_management'] },
  },

  flags: {
    adSpend: { description: 'Read ad spend from Meta.', default: true, requiresConnection: true },
    conversions: { description: 'Send conversions to Meta.', default: true, requiresConnection: true },
  },

  webhooks,
  operations: { me, adAccounts, insights, reports, campaigns, pixels, events, pages, leads },
  capabilities: { adSpend, conversions },
  emulator,
});

/** A pixel's token often may not read its pixel; that the vendor says so proves it alive. */
async function readPixel(api: Api, pixelId: string): Promise<AccountRef> {
  try {
    const { name } = await api.call(pixels.get, { pixelId });
    return { id: pixelId, name: name ?? pixelId };
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return { id: pixelId, name: `Pixel ${pixelId}` };
  }
}

function isUnreadable(error: unknown): boolean {
  return isPlugboardError(error) && (error.kind === 'permission' || error.code === 'object_not_visible');
}

interface Named {
  readonly id: string;
  readonly name?: string | null | undefined;
}

const choicesIn = ({ items }: { readonly items: readonly Named[] }): Choice[] =>
  items.map(({ id, name }) => ({ value: id, label: name ?? id }));
