/** What the client offers: fields of the GraphQL Admin API, https://shopify.dev/docs/api/admin-graphql (2026-10). */
import { endpoint } from '@plugboard/core';
import { given, z } from '@plugboard/core/fields';

import { cursor, gid, id, list, mutation, query, route } from './graphql.ts';

const search = z.string().max(5000);
/** Search syntax of the vendor, pages, and changes since a moment: what an incremental sync asks for. */
const listing = <const Keys extends readonly [string, ...string[]]>(...sortKeys: Keys) =>
  given(
    {},
    {
      first: z.int().min(1).max(250),
      after: cursor,
      query: search,
      updatedAfter: z.iso.datetime(),
      sortKey: z.enum(['CREATED_AT', 'ID', 'RELEVANCE', 'UPDATED_AT', ...sortKeys]),
      reverse: z.boolean(),
    },
  );
const searched = (sortKeys: string) => ({ query: 'String', sortKey: sortKeys, reverse: 'Boolean' });

type Listing = z.output<ReturnType<typeof listing<[string]>>>;
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
      pageInfo: { hasNextPage: false },
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
      pageInfo: { hasNextPage: false },
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

/** Without the other two the vendor answers orders with holes and a refusal. */
const orderScopes = ['read_orders', 'read_customers', 'read_products'];

export const orders = {
  list: endpoint(route, {
    summary: 'Lists orders of the last 60 days (older ones need read_all_orders), with their customers and products.',
    scopes: orderScopes,
    input: listing(
      'CUSTOMER_NAME',
      'FINANCIAL_STATUS',
      'FULFILLMENT_STATUS',
      'ORDER_NUMBER',
      'PROCESSED_AT',
      'TOTAL_PRICE',
    ),
    ...orderList,
    encode: since(orderList.encode),
  }),
  get: endpoint(route, {
    summary: 'Reads one order.',
    scopes: orderScopes,
    input: given({ id: id('Order') }),
    ...query('order', { id: 'ID!' }, order),
  }),
};

const mediaContentType = z.enum(['IMAGE', 'VIDEO', 'EXTERNAL_VIDEO', 'MODEL_3D']);
const medium = given(
  { originalSource: z.url({ protocol: /^https$/ }), mediaContentType },
  { alt: z.string().max(512) },
);
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
    input: listing('INVENTORY_TOTAL', 'PRODUCT_TYPE', 'PUBLISHED_AT', 'TITLE', 'VENDOR'),
    ...productList,
    encode: since(productList.encode),
  }),
  create: endpoint(route, {
    summary: 'Creates a product.',
    scopes: ['write_products'],
    input: given({ product: given({ title: 'Snowboard' }, productFields) }, { media: z.array(medium).min(1).max(250) }),
    ...mutation(
      'productCreate',
      { product: 'ProductCreateInput!', media: '[CreateMediaInput!]' },
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
    input: listing('LOCATION', 'NAME'),
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
