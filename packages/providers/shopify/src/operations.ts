/** What the client offers: fields of the GraphQL Admin API, https://shopify.dev/docs/api/admin-graphql (2026-10). */
import { endpoint } from '@plugboard/core';
import { given } from '@plugboard/core/fields';
import { z } from 'zod';

import { list, mutation, query, route } from './graphql.ts';

const gid = (type: string) =>
  z.string().regex(new RegExp(`^gid://shopify/${type}/[\\w-]+$`), { error: `must be gid://shopify/${type}/...` });
const id = (type: string, number = '1001') => gid(type).meta({ examples: [`gid://shopify/${type}/${number}`] });
const cursor = z.string().min(1);
const search = z.string().max(5000);
/** Search syntax of the vendor, pages, and changes since a moment: what an incremental sync asks for. */
const listing = given(
  {},
  {
    first: z.int().min(1).max(250),
    after: cursor,
    query: search,
    updatedAfter: z.iso.datetime(),
    reverse: z.boolean(),
  },
);
const searched = (sortKeys: string) => ({ query: 'String', sortKey: sortKeys, reverse: 'Boolean' });

type Listing = z.output<typeof listing>;
/** Changes come oldest first, so that a reader that stops can go on from the last one it saw. */
function since<Encoded extends { readonly json: { readonly variables: object } }>(encode: (input: Listing) => Encoded) {
  return ({ updatedAfter, query: asked, ...rest }: Listing) => {
    if (updatedAfter === undefined) return encode({ ...rest, ...(asked !== undefined && { query: asked }) });
    const filter = `updated_at:>'${updatedAfter}'${asked === undefined ? '' : ` AND (${asked})`}`;
    return encode({ ...rest, query: filter, sortKey: 'UPDATED_AT' } as Listing);
  };
}

const money = { shopMoney: { amount: '398.00', currencyCode: 'USD' } };
const times = { createdAt: '2026-11-20T10:00:00Z', updatedAt: '2026-11-20T10:05:00Z' };
const shopSample = {
  id: 'gid://shopify/Shop/548380009',
  name: 'Snowdevil',
  myshopifyDomain: 'snowdevil.myshopify.com',
  email: 'owner@example.com',
  currencyCode: 'USD',
  ianaTimezone: 'America/New_York',
  plan: { publicDisplayName: 'Basic', partnerDevelopment: false, shopifyPlus: false },
};
const order = [
  { id: 'gid://shopify/Order/1001', legacyResourceId: '1001', name: '#1001', ...times, totalPriceSet: money },
  {
    email: 'jenny@example.com',
    processedAt: '2026-11-20T10:00:01Z',
    displayFinancialStatus: 'PAID',
    displayFulfillmentStatus: 'UNFULFILLED',
    currencyCode: 'USD',
    currentTotalPriceSet: money,
    customer: {
      id: 'gid://shopify/Customer/2001',
      displayName: 'Jenny Rosen',
      defaultEmailAddress: { emailAddress: 'jenny@example.com' },
    },
    lineItems: {
      nodes: [
        {
          id: 'gid://shopify/LineItem/3001',
          title: 'Snowboard',
          quantity: 2,
          sku: 'SB-1',
          variant: { id: 'gid://shopify/ProductVariant/4001' },
        },
      ],
    },
  },
] as const;
const product = [
  { id: 'gid://shopify/Product/5001', title: 'Snowboard', handle: 'snowboard', status: 'ACTIVE', ...times },
  {
    vendor: 'Snowdevil',
    productType: 'Boards',
    descriptionHtml: '<p>Fast.</p>',
    totalInventory: 12,
    variants: {
      nodes: [{ id: 'gid://shopify/ProductVariant/4001', title: 'Default Title', sku: 'SB-1', price: '199.00' }],
    },
  },
] as const;
const customer = [
  { id: 'gid://shopify/Customer/2001', displayName: 'Jenny Rosen', ...times },
  {
    firstName: 'Jenny',
    lastName: 'Rosen',
    defaultEmailAddress: { emailAddress: 'jenny@example.com' },
    tags: ['vip'],
    note: 'Likes snow.',
  },
] as const;

export const shop = {
  get: endpoint(route, {
    summary: 'Reads the shop: name, domain, currency, time zone, plan.',
    input: given({}),
    ...query('shop', {}, [shopSample, {}]),
  }),
  installation: endpoint(route, {
    summary: 'Reads what this app was granted in the shop.',
    input: given({}),
    ...query('currentAppInstallation', {}, [
      { id: 'gid://shopify/AppInstallation/1', accessScopes: [{ handle: 'read_products' }] },
      {},
    ]),
  }),
};

const orderList = list('orders', searched('OrderSortKeys'), order);
const productList = list('products', searched('ProductSortKeys'), product);
const customerList = list('customers', searched('CustomerSortKeys'), customer);

export const orders = {
  list: endpoint(route, {
    summary: 'Lists orders of the last 60 days (older ones need read_all_orders).',
    scopes: ['read_orders'],
    input: listing,
    ...orderList,
    encode: since(orderList.encode),
  }),
  get: endpoint(route, {
    summary: 'Reads one order.',
    scopes: ['read_orders'],
    input: given({ id: id('Order') }),
    ...query('order', { id: 'ID!' }, order),
  }),
};

const productFields = {
  descriptionHtml: '<p>Fast.</p>',
  vendor: 'Snowdevil',
  productType: 'Boards',
  handle: 'snowboard',
  tags: ['winter'],
  status: z.enum(['ACTIVE', 'ARCHIVED', 'DRAFT']),
};

export const products = {
  list: endpoint(route, {
    summary: 'Lists products with their variants.',
    scopes: ['read_products'],
    input: listing,
    ...productList,
    encode: since(productList.encode),
  }),
  create: endpoint(route, {
    summary: 'Creates a product.',
    scopes: ['write_products'],
    input: given({ product: given({ title: 'Snowboard' }, productFields) }),
    ...mutation(
      'productCreate',
      { product: 'ProductCreateInput!' },
      { product: { id: 'gid://shopify/Product/5001', title: 'Snowboard', handle: 'snowboard' } },
    ),
  }),
  set: endpoint(route, {
    summary:
      'Creates a product, or replaces the one with the same handle, id or custom id: arrays become what is given.',
    scopes: ['write_products'],
    input: given(
      {
        input: z
          .looseObject({ title: z.string().min(1).optional() })
          .meta({ examples: [{ title: 'Snowboard', handle: 'snowboard' }] }),
      },
      { identifier: given({}, { handle: 'snowboard', id: gid('Product') }), synchronous: true },
    ),
    ...mutation(
      'productSet',
      { identifier: 'ProductSetIdentifiers', input: 'ProductSetInput!', synchronous: 'Boolean' },
      { product: { id: 'gid://shopify/Product/5001', title: 'Snowboard', handle: 'snowboard' } },
    ),
  }),
};

export const customers = {
  list: endpoint(route, {
    summary: 'Lists customers.',
    scopes: ['read_customers'],
    input: listing,
    ...customerList,
    encode: since(customerList.encode),
  }),
  create: endpoint(route, {
    summary: 'Creates a customer.',
    scopes: ['write_customers'],
    input: given({
      input: given(
        {},
        {
          email: 'jenny@example.com',
          firstName: 'Jenny',
          lastName: 'Rosen',
          phone: '+15558675310',
          tags: ['vip'],
          note: 'Likes snow.',
        },
      ),
    }),
    ...mutation(
      'customerCreate',
      { input: 'CustomerInput!' },
      { customer: { id: 'gid://shopify/Customer/2001', displayName: 'Jenny Rosen' } },
    ),
  }),
};

const fulfillmentOrder = given(
  { fulfillmentOrderId: id('FulfillmentOrder', '6001') },
  {
    fulfillmentOrderLineItems: z
      .array(given({ id: id('FulfillmentOrderLineItem', '7001'), quantity: z.int().min(1) }))
      .max(250),
  },
);

export const fulfillments = {
  create: endpoint(route, {
    summary: 'Fulfils line items, and tells the customer if asked to.',
    scopes: [
      [
        'write_assigned_fulfillment_orders',
        'write_merchant_managed_fulfillment_orders',
        'write_third_party_fulfillment_orders',
      ],
    ],
    input: given(
      {
        fulfillment: given(
          { lineItemsByFulfillmentOrder: z.array(fulfillmentOrder).min(1).max(250) },
          { notifyCustomer: true, trackingInfo: given({}, { company: 'UPS', number: '1Z1', url: z.url() }) },
        ),
      },
      { message: 'On its way.' },
    ),
    ...mutation(
      'fulfillmentCreate',
      { fulfillment: 'FulfillmentInput!', message: 'String' },
      { fulfillment: { id: 'gid://shopify/Fulfillment/8001', status: 'SUCCESS' } },
    ),
  }),
};

const quantity = given(
  {
    inventoryItemId: id('InventoryItem', '9001'),
    locationId: id('Location', '9101'),
    quantity: z
      .int()
      .min(-1_000_000_000)
      .max(1_000_000_000)
      .meta({ examples: [10] }),
  },
  { changeFromQuantity: 8 },
);

export const inventory = {
  locations: endpoint(route, {
    summary: 'Lists locations that stock is kept at.',
    scopes: ['read_locations'],
    input: given({}, { first: z.int().min(1).max(250), after: cursor }),
    ...list('locations', {}, [{ id: 'gid://shopify/Location/9101', name: 'Ottawa Store', isActive: true }, {}]),
  }),
  set: endpoint(route, {
    summary: 'Sets quantities. The key makes a repeated call change nothing; the vendor demands it since 2026-04.',
    scopes: ['write_inventory'],
    repeat: 'safe',
    input: given({
      idempotencyKey: z.uuid(),
      input: given(
        { name: z.enum(['available', 'on_hand']), reason: 'correction', quantities: z.array(quantity).min(1).max(250) },
        { referenceDocumentUri: 'gid://app/Count/1' },
      ),
    }),
    ...mutation(
      'inventorySetQuantities',
      { input: 'InventorySetQuantitiesInput!', idempotencyKey: 'String!' },
      {},
      ' @idempotent(key: $idempotencyKey)',
    ),
  }),
};

const topic = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/)
  .meta({ examples: ['ORDERS_CREATE'] });
const subscription = {
  id: 'gid://shopify/WebhookSubscription/1',
  topic: 'ORDERS_CREATE',
  uri: 'https://app.example.com/integrations/webhooks/shopify',
};

export const webhookSubscriptions = {
  list: endpoint(route, {
    summary: 'Lists webhook subscriptions of this app in the shop.',
    input: given({}, { first: z.int().min(1).max(250), after: cursor, topics: z.array(topic), uri: z.url() }),
    ...list('webhookSubscriptions', { topics: '[WebhookSubscriptionTopic!]', uri: 'String' }, [subscription, {}]),
  }),
  create: endpoint(route, {
    summary: 'Subscribes an address to a topic. Privacy topics are set in the app configuration only.',
    input: given({
      topic,
      webhookSubscription: given(
        { uri: z.url({ protocol: /^https$/ }).meta({ examples: [subscription.uri] }) },
        { filter: 'total_price:>10', includeFields: ['id'], metafieldNamespaces: ['custom'], name: 'orders' },
      ),
    }),
    ...mutation(
      'webhookSubscriptionCreate',
      { topic: 'WebhookSubscriptionTopic!', webhookSubscription: 'WebhookSubscriptionInput!' },
      { webhookSubscription: subscription },
    ),
  }),
  delete: endpoint(route, {
    summary: 'Ends a subscription.',
    input: given({ id: id('WebhookSubscription', '1') }),
    ...mutation(
      'webhookSubscriptionDelete',
      { id: 'ID!' },
      { deletedWebhookSubscriptionId: 'gid://shopify/WebhookSubscription/1' },
    ),
  }),
};

const metafield = { namespace: 'custom', key: 'size', type: 'single_line_text_field', value: 'L' };

export const metafields = {
  set: endpoint(route, {
    summary: 'Sets up to 25 metafields at once: all of them, or none.',
    repeat: 'safe',
    input: given({
      metafields: z
        .array(
          given(
            { ownerId: 'gid://shopify/Product/5001', key: 'size', value: 'L' },
            { namespace: 'custom', type: 'single_line_text_field', compareDigest: z.string() },
          ),
        )
        .min(1)
        .max(25),
    }),
    ...mutation(
      'metafieldsSet',
      { metafields: '[MetafieldsSetInput!]!' },
      { metafields: [{ id: 'gid://shopify/Metafield/1', ...metafield }] },
    ),
  }),
};

const bulk = [
  { id: 'gid://shopify/BulkOperation/1', status: 'COMPLETED', objectCount: '120', createdAt: times.createdAt },
  {
    url: 'https://storage.googleapis.com/shopify-tiers-assets-prod-us-east1/bulk/1.jsonl',
    completedAt: times.updatedAt,
    fileSize: '4096',
  },
] as const;

export const bulkOperations = {
  run: endpoint(route, {
    summary: 'Starts a query over everything; its result is a file of JSON lines.',
    input: given({ query: '{ products { edges { node { id } } } }', groupObjects: false }),
    ...mutation(
      'bulkOperationRunQuery',
      { query: 'String!', groupObjects: 'Boolean!' },
      { bulkOperation: { id: 'gid://shopify/BulkOperation/1', status: 'CREATED' } },
    ),
  }),
  get: endpoint(route, {
    summary: 'Reads how far it is, and where the result lies.',
    input: given({ id: id('BulkOperation', '1') }),
    ...query('bulkOperation', { id: 'ID!' }, bulk),
  }),
};

export const app = {
  uninstall: endpoint(route, {
    summary: 'Uninstalls this app from the shop.',
    input: given({}),
    ...mutation('appUninstall', {}, { app: { id: 'gid://shopify/App/1' } }),
  }),
  revokeScopes: endpoint(route, {
    summary: 'Gives optional scopes back.',
    input: given({ scopes: ['write_products'] }),
    ...mutation('appRevokeAccessScopes', { scopes: '[String!]!' }, { revoked: [{ handle: 'write_products' }] }),
  }),
};
