/** Stock, fulfilment, and what apps set up: fields of the GraphQL Admin API, https://shopify.dev/docs/api/admin-graphql (2026-10). */
import { endpoint, invalidInput, type Api } from '@plugboard/core';
import { given, z } from '@plugboard/core/fields';

import { cursor, gid, id, list, mutation, query, route } from './graphql.ts';

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
    quantity: z
      .int()
      .min(-1_000_000_000)
      .max(1_000_000_000)
      .meta({ examples: [10] }),
  },
  { locationId: id('Location', '9101'), changeFromQuantity: 8 },
);

export const defaults = z.strictObject({
  location: gid('Location')
    .meta({ title: 'Location', description: 'Where stock is kept that names no other place.' })
    .optional(),
});

function withLocation(quantities: readonly z.output<typeof quantity>[], api: Api) {
  const { location } = api.settings(defaults);
  return quantities.map((given, index) => {
    const locationId = given.locationId ?? location;
    if (locationId !== undefined) return { ...given, locationId };
    const path = `input.quantities.${index}.locationId`;
    throw invalidInput('shopify inventory.set', [{ path, message: 'is missing, and the settings name no location' }]);
  });
}

const setQuantities = mutation(
  'inventorySetQuantities',
  { input: 'InventorySetQuantitiesInput!', idempotencyKey: 'String!' },
  {},
  ' @idempotent(key: $idempotencyKey)',
);

export const inventory = {
  locations: endpoint(route, {
    summary: 'Lists locations that stock is kept at.',
    scopes: ['read_locations'],
    input: given({}, { first: z.int().min(1).max(250), after: cursor }),
    ...list('locations', {}, [{ id: 'gid://shopify/Location/9101', name: 'Ottawa Store', isActive: true }, {}]),
  }),
  set: endpoint(route, {
    summary:
      'Sets quantities, where no place is named at the location of the settings. The key makes a repeated call change nothing; the vendor demands it since 2026-04.',
    scopes: ['write_inventory'],
    repeat: 'safe',
    input: given({
      idempotencyKey: z.uuid(),
      input: given(
        { name: z.enum(['available', 'on_hand']), reason: 'correction', quantities: z.array(quantity).min(1).max(250) },
        { referenceDocumentUri: 'gid://app/Count/1' },
      ),
    }),
    ...setQuantities,
    encode: ({ input, ...rest }, api) =>
      setQuantities.encode({ input: { ...input, quantities: withLocation(input.quantities, api) }, ...rest }),
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
  { id: 'gid://shopify/BulkOperation/1', status: 'COMPLETED', objectCount: '120', createdAt: '2026-11-20T10:00:00Z' },
  {
    url: 'https://storage.googleapis.com/shopify-tiers-assets-prod-us-east1/bulk/1.jsonl',
    completedAt: '2026-11-20T10:05:00Z',
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
