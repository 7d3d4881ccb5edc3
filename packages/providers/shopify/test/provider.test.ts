import type { AnyDefinition } from '@plugboard/core';
import { conformance, conformanceOf, providerContract } from '@plugboard/testing';
import { expect, test } from 'vitest';

import { shopify } from '../src/index.ts';
import { account, app, sessionToken, shop } from './rig.ts';

const api = { credentials: (() => ({ shop })) as never, settings: (() => ({})) as never };

conformance(shopify.definition, {
  api,
  inputs: {
    'orders.list': [{ first: 10, query: 'status:open', updatedAfter: '2026-11-01T00:00:00Z', reverse: true }],
    'products.list': [{ updatedAfter: '2026-11-01T00:00:00Z' }],
    'customers.list': [{ query: 'country:CA', after: 'eyJsYXN0X2lkIjoxfQ==' }],
    'products.create': [{ product: { title: 'Snowboard', status: 'DRAFT', tags: ['winter', 'new'] } }],
    'products.set': [{ input: { title: 'Snowboard' }, identifier: { id: 'gid://shopify/Product/5001' } }],
    'fulfillments.create': [
      {
        fulfillment: {
          lineItemsByFulfillmentOrder: [
            {
              fulfillmentOrderId: 'gid://shopify/FulfillmentOrder/6001',
              fulfillmentOrderLineItems: [{ id: 'gid://shopify/FulfillmentOrderLineItem/7001', quantity: 2 }],
            },
          ],
          trackingInfo: { url: 'https://track.example/1' },
        },
      },
    ],
    'webhookSubscriptions.list': [{ topics: ['ORDERS_CREATE'], uri: 'https://app.example.com/hooks' }],
    'metafields.set': [
      { metafields: [{ ownerId: 'gid://shopify/Product/5001', key: 'size', value: 'L', compareDigest: 'abc' }] },
    ],
  },
});

providerContract(shopify, {
  account,
  app,
  input: { oauth: { shop } },
  credentials: { embedded: { sessionToken: await sessionToken() } },
});

test('every document is judged: a field that the vendor does not know is found in each', ({ skip }) => {
  const spoilt = (declared: { encode(...given: unknown[]): { json: { query: string } } }) => ({
    ...declared,
    encode: (...given: unknown[]) => {
      const { json } = declared.encode(...given);
      return { json: { ...json, query: json.query.replace(/ \} \}$/, ' plugboardKnowsThis } }') } };
    },
  });
  const operations = Object.entries(shopify.definition.operations).map(([group, members]) => [
    group,
    Object.fromEntries(Object.entries(members).map(([name, declared]) => [name, spoilt(declared as never)])),
  ]);
  const definition = { ...shopify.definition, operations: Object.fromEntries(operations) as object };
  const report = conformanceOf(definition as unknown as AnyDefinition, { api });
  skip(report.sources.length === 0, report.summary);
  const found = report.problems.filter(({ problem }) => problem.includes('plugboardKnowsThis'));
  expect(report.operations).toBe(20);
  expect(new Set(found.map(({ operation }) => operation)).size).toBe(20);
});
