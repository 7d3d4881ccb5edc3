/** Shopify: orders, products, customers and webhooks of merchants' shops. */
import {
  apiKey,
  browserStep,
  clientCredentials,
  defineProvider,
  header,
  isPlugboardError,
  oauth2,
  reveal,
  streamOf,
} from '@plugboard/core';
import { secret, z } from '@plugboard/core/fields';

import {
  atShop,
  exchangeSession,
  renew,
  shopDomain,
  shopOf,
  signCallback,
  tokenAt,
  uninstall,
  verifyCallback,
} from './access.ts';
import { errors } from './graphql.ts';
import { bulkOperations, defaults, fulfillments, inventory, metafields, webhookSubscriptions } from './logistics.ts';
import { app, customers, orders, products, shop } from './operations.ts';
import { webhooks } from './webhooks.ts';

const version = '2026-10';
const sign = header('x-shopify-access-token', 'accessToken');
const asked = {
  read_orders: 'Read orders of the last 60 days.',
  read_products: 'Read products.',
  read_customers: 'Read customers.',
};
const known = {
  ...asked,
  read_all_orders: 'Read orders older than 60 days.',
  write_orders: 'Change orders.',
  write_products: 'Create and change products.',
  write_customers: 'Create and change customers.',
  read_locations: 'Read locations.',
  read_inventory: 'Read stock.',
  write_inventory: 'Change stock.',
  read_assigned_fulfillment_orders: 'See orders that are assigned to the app.',
  read_merchant_managed_fulfillment_orders: 'See orders that the merchant fulfils.',
  read_third_party_fulfillment_orders: 'See orders that third parties fulfil.',
  write_assigned_fulfillment_orders: 'Fulfil orders that are assigned to the app.',
  write_merchant_managed_fulfillment_orders: 'Fulfil orders for the merchant.',
  write_third_party_fulfillment_orders: 'Fulfil orders for a third party.',
};

/** `write_x` is granted with `read_x` in it, and the answer names the first alone. */
const implies = (scope: string) =>
  [/^(unauthenticated_)?write_(.+)$/.exec(scope)].flatMap((match) =>
    match ? [`${match[1] ?? ''}read_${match[2] ?? ''}`] : [],
  );

const expiringToken = {
  access_token: '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',
  scope: Object.keys(known).join(','),
  expires_in: 3600,
  refresh_token: 'shprt_b1c0f3a2d4e5f60718293a4b5c6d7e8f',
  refresh_token_expires_in: 7_776_000,
};
/** Since 2026-08 the spent token may be retried until its successor is used; nothing here depends on that. */
const refresh = { rotation: 'strict' as const, run: renew };

const changed = (updatedAfter: string) => ({ updatedAfter });

export const shopify = defineProvider({
  id: 'shopify',
  name: 'Shopify',
  category: 'commerce',
  summary: 'Orders, products, customers, stock and webhooks of merchants’ shops.',
  docs: {
    home: 'https://www.shopify.com',
    keys: 'https://dev.shopify.com/dashboard',
    reference: 'https://shopify.dev/docs/api/admin-graphql',
    checked: '2026-11-20',
  },
  hosts: ['*.myshopify.com'],

  app: {
    clientId: { title: 'Client id', env: 'SHOPIFY_API_KEY' },
    clientSecret: {
      title: 'Client secret',
      env: 'SHOPIFY_API_SECRET',
      secret: true,
      help: 'Also signs callbacks, session tokens and webhooks.',
    },
    previousClientSecret: {
      title: 'Client secret before its rotation',
      env: 'SHOPIFY_API_SECRET_PREVIOUS',
      secret: true,
      optional: true,
    },
  },

  auth: {
    // https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant (2026-10)
    oauth: oauth2({
      title: 'Install the app',
      input: z.strictObject({ shop: shopDomain }),
      authorize: { url: atShop('/admin/oauth/authorize') },
      token: { url: atShop('/admin/oauth/access_token'), encoding: 'json', params: { expiring: '1' } },
      scopes: { ask: Object.keys(asked), known, separator: ',', implies },
      // The vendor knows no code challenge; it signs the callback instead.
      pkce: 'none',
      verifyCallback,
      signCallback,
      refresh,
      revoke: { run: uninstall, ends: 'account' },
      sign,
      example: expiringToken,
    }),
    // For apps inside the admin: https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/token-exchange
    embedded: browserStep({
      title: 'Embedded app',
      credentials: z.strictObject({ sessionToken: secret('Session token of App Bridge') }),
      complete: exchangeSession,
      token: { url: atShop('/admin/oauth/access_token'), encoding: 'json' },
      refresh,
      revoke: { run: uninstall, ends: 'account' },
      sign,
      example: { sessionToken: 'header.claims.signature' },
    }),
    customApp: apiKey({
      title: 'Custom app token',
      credentials: z.strictObject({
        shop: shopDomain,
        accessToken: secret('Admin API access token', {
          help: 'Settings > Apps > Develop apps.',
          pattern: /^(shpat|shpca|shppa)_[a-f0-9]{32}$/,
        }),
      }),
      env: { shop: 'SHOPIFY_SHOP', accessToken: 'SHOPIFY_ADMIN_API_ACCESS_TOKEN' },
      sign,
      example: { shop: 'snowdevil.myshopify.com', accessToken: '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' },
    }),
    // For shops of the app's own organization.
    ownShop: clientCredentials({
      title: 'Shop of the own organization',
      appSet: 'oauth',
      credentials: z.strictObject({ shop: shopDomain }),
      token: { url: atShop('/admin/oauth/access_token'), encoding: 'json' },
      mint: (client) => tokenAt(reveal(client.credentials['shop'] ?? ''), client, { grant_type: 'client_credentials' }),
      sign,
      example: { shop: 'snowdevil.myshopify.com' },
    }),
  },

  api: {
    baseUrl: (api) => `https://${shopOf(api)}/admin/api/${api.apiVersion}`,
    version,
    errors,
  },

  async account(api) {
    const { myshopifyDomain, name, currencyCode, ianaTimezone } = await api.call(shop.get, {});
    return {
      kind: 'known',
      account: { id: myshopifyDomain, name },
      metadata: { currency: currencyCode, timezone: ianaTimezone },
    };
  },

  async healthCheck(api) {
    try {
      await api.call(shop.get, {});
      return { status: 'healthy' };
    } catch (error) {
      if (!isPlugboardError(error) || error.kind !== 'permission' || error.status === undefined) throw error;
      return { status: 'degraded', reason: error.code };
    }
  },

  settings: {
    schema: defaults,
    choices: {
      async location(api) {
        const { nodes } = await api.call(inventory.locations, { first: 250 });
        return nodes.filter(({ isActive }) => isActive).map(({ id, name }) => ({ value: id, label: name }));
      },
    },
    scopes: { location: ['write_inventory'] },
  },
  webhooks,
  // `updated_at` moves with every change, and the lists come oldest change first.
  streams: {
    orders: streamOf(orders.list, { summary: 'Orders, with their customers and products.', since: changed }),
    products: streamOf(products.list, { summary: 'Products, with their variants.', since: changed }),
    customers: streamOf(customers.list, { summary: 'Customers.', since: changed }),
  },
  operations: {
    shop,
    orders,
    products,
    customers,
    fulfillments,
    inventory,
    metafields,
    webhookSubscriptions,
    bulkOperations,
    app,
  },
});
