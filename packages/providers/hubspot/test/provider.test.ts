import { createHmac } from 'node:crypto';

import { Secret } from '@plugboard/core';
import { agreesWithVerifier, createTestBoard, providerContract } from '@plugboard/testing';
import { describe, expect, test } from 'vitest';

import { hubspot } from '../src/index.ts';

// HubSpot's descriptions are not licensed for others, so there is nothing to compare with.
providerContract(hubspot, { account: { id: '62515', name: 'HubSpot 62515' } });

const clientSecret = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy';
const privateApp = { accessToken: 'pat-na1-11111111-2222-3333-4444-555555555555' };
const url = 'https://app.example.com/integrations/webhooks/hubspot';

function rig(optionalScopes?: string) {
  const app = { clientId: 'client', clientSecret, ...(optionalScopes !== undefined && { optionalScopes }) };
  const made = createTestBoard(hubspot(app));
  const { board, clock, sent } = made;
  let portal = 62515;
  made.answer(({ url: { pathname } }) =>
    pathname === '/account-info/v3/details' ? Response.json({ portalId: portal }) : undefined,
  );
  return {
    ...made,
    async connect(organizationId: string, portalId = 62515, credentials: object = privateApp) {
      portal = portalId;
      const input = { organizationId, method: 'privateApp', credentials };
      await board.connect('hubspot', input as never);
      sent.length = 0;
      return board.client('hubspot', { organizationId });
    },
    async receive(events: readonly object[], at = url, target = {}, secret = clientSecret) {
      const body = JSON.stringify(events);
      const headers = await hubspot.definition.webhooks!.sign({ body, url: at, at: new Date(clock.now()) }, secret);
      // A proxy in front of the board calls it something else.
      const inside = at.replace('https://app.example.com', 'http://10.0.0.7:8080');
      const request = new Request(inside, { method: 'POST', body, headers: { ...headers, host: '10.0.0.7:8080' } });
      return (await board.webhooks.receive('hubspot', request, target)).status;
    },
  };
}

const change = (portalId: number, more: object = {}) => ({
  eventId: 1,
  subscriptionId: 12345,
  portalId,
  occurredAt: 1564113600000,
  subscriptionType: 'contact.creation',
  attemptNumber: 0,
  objectId: 123,
  ...more,
});

describe('connecting', () => {
  test('asks for optional scopes apart, and sends the secret in the body to the newest endpoint', async () => {
    const { board, begin, sent } = rig('crm.objects.owners.read e-commerce');
    const { url: page, approve, finish } = await begin();
    expect(page.searchParams.get('optional_scope')).toBe('crm.objects.owners.read e-commerce');
    expect(page.searchParams.get('scope')).not.toContain('owners');
    await finish(await approve());
    const [exchange] = sent;
    expect(exchange!.url.href).toBe('https://api.hubapi.com/oauth/2026-03/token');
    expect(Object.fromEntries(exchange!.form)).toMatchObject({
      client_id: 'client',
      client_secret: clientSecret,
    });
    sent.length = 0;
    expect(await board.disconnect('hubspot', { organizationId: 'org-1' })).toMatchObject({ revoked: 'revoked' });
    expect(new Set(sent.map((request) => request.url.pathname))).toEqual(new Set(['/oauth/2026-03/token/revoke']));
  });

  test('without optional scopes the parameter is not sent', async () => {
    const { url: page } = await rig().begin();
    expect(page.searchParams.has('optional_scope')).toBe(false);
  });

  test.each([
    [
      { error: 'invalid_grant', status: 'BAD_REFRESH_TOKEN' },
      { kind: 'auth', code: 'invalid_grant' },
    ],
    [
      { status: 'BAD_REFRESH_TOKEN', message: 'refresh token is invalid' },
      { kind: 'auth', code: 'invalid_grant' },
    ],
    [
      { status: 'BAD_CLIENT_SECRET', message: 'no' },
      { kind: 'configuration', code: 'invalid_client' },
    ],
    [{ status: 'constructor' }, { kind: 'invalid_response', code: 'not_an_oauth_error' }],
  ])('the token endpoint says %j', (body, expected) => {
    const answer = { status: 400, headers: new Headers(), tryJson: () => body } as never;
    expect(hubspot.definition.auth.oauth.classify!(answer)).toMatchObject(expected);
  });
});

describe('what is sent', () => {
  test('names of properties are one text', async () => {
    const { sent, connect } = rig();
    const { contacts } = await connect('org-1');
    await contacts.get({ id: 'ada@example.com', idProperty: 'email', properties: ['email', 'firstname'] });
    expect(`${sent[0]!.url.pathname}${sent[0]!.url.search}`).toBe(
      '/crm/v3/objects/contacts/ada%40example.com?properties=email%2Cfirstname&idProperty=email',
    );
    await contacts.update({ id: '512', properties: { phone: '' } });
    expect([sent[1]!.method, sent[1]!.url.search, sent[1]!.text]).toEqual(['PATCH', '', '{"properties":{"phone":""}}']);
  });

  test('a search goes on by its own cursor, and numbers are no values', async () => {
    const { sent, connect, clock } = rig();
    const { deals } = await connect('org-1');
    const filterGroups = [{ filters: [{ propertyName: 'amount', operator: 'GT' as const, value: '100' }] }];
    const found: unknown[] = [];
    const reading = (async () => {
      for await (const deal of deals.search({ filterGroups, limit: 1 })) found.push(deal.id);
    })();
    await clock.advance(5_000);
    await reading;
    expect(found).toEqual(['512', '512']);
    expect(sent.map(({ json }) => json)).toEqual([
      { filterGroups, limit: 1 },
      { filterGroups, limit: 1, after: 'NTI1Cg==' },
    ]);
    await expect(deals.create({ properties: { amount: 100 } as never })).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });

  test('what an upsert could not do comes with what it did', async () => {
    const { connect, vendor } = rig();
    const { contacts } = await connect('org-1');
    const errors = [{ status: 'error', category: 'VALIDATION_ERROR', message: 'bad email' }];
    vendor.failNext({ status: 207, json: { status: 'COMPLETE', results: [], numErrors: 1, errors } });
    const inputs = [{ id: 'a@b.c', idProperty: 'email', properties: { email: 'a@b.c' } }];
    expect(await contacts.upsert({ inputs })).toMatchObject({ numErrors: 1, errors });
  });
});

test('a refusal for want of a scope names the scopes, which the hub can ask for', async () => {
  const { connect, vendor } = rig();
  const { schema } = await connect('org-1');
  const { status, body } = hubspot.definition.api.errors.examples['missingScope']!;
  vendor.failNext({ status, json: body ?? null });
  await expect(schema.properties({ objectType: 'contacts' })).rejects.toMatchObject({
    kind: 'permission',
    code: 'insufficient_scope',
    missingScopes: ['crm.objects.contacts.read'],
  });
});

describe('limits', () => {
  const limited = (policyName: string) => ({
    status: 429,
    json: { errorType: 'RATE_LIMIT', policyName, message: 'no' },
  });

  test('that of ten seconds is waited for', async () => {
    const { sent, connect, vendor, clock } = rig();
    const { contacts } = await connect('org-1');
    vendor.failNext(limited('TEN_SECONDLY_ROLLING'));
    const reading = contacts.get({ id: '512' });
    await clock.advance(9_000);
    expect(sent).toHaveLength(1);
    await clock.advance(4_000);
    await reading;
    expect(sent).toHaveLength(2);
  });

  test('that of the day is an error at once', async () => {
    const { sent, connect, vendor } = rig();
    const { contacts } = await connect('org-1');
    vendor.failNext(limited('DAILY'));
    await expect(contacts.get({ id: '512' })).rejects.toMatchObject({ code: 'daily_limit', retryable: false });
    expect(sent).toHaveLength(1);
  });
});

describe('what comes in', () => {
  test('each change of a list reaches the organizations whose account it names, once', async () => {
    const { board, connect, receive } = rig();
    await connect('org-1', 62515);
    await connect('org-2', 70000);
    await connect('org-3', 70000);
    const heard: unknown[] = [];
    board.on(
      'hubspot',
      'contact.creation',
      ({ objectId }, context) => void heard.push([context.organizationId, objectId]),
    );
    const list = [change(62515), change(70000, { objectId: 7 }), change(99), change(62515, { attemptNumber: 1 })];
    expect([await receive(list), await receive([...list, change(62515, { objectId: 8 })])]).toEqual([200, 200]);
    expect(heard).toHaveLength(4);
    expect(heard).toEqual(
      expect.arrayContaining([
        ['org-1', 123],
        ['org-2', 7],
        ['org-3', 7],
        ['org-1', 8],
      ]),
    );
  });

  test('a merge and an association are told in both spellings, and two associations at once are two', async () => {
    const { board, connect, receive } = rig();
    await connect('org-1');
    const heard: unknown[] = [];
    board.on('hubspot', 'deal.associationChange', ({ toObjectId }) => void heard.push(toObjectId));
    board.on('hubspot', 'object.merge', ({ mergedObjectIds }) => void heard.push(mergedObjectIds));
    const association = (toObjectId: number) =>
      change(62515, {
        subscriptionType: 'deal.associationChange',
        objectId: undefined,
        associationType: 'DEAL_TO_CONTACT',
        fromObjectId: 7,
        toObjectId,
      });
    const merge = {
      subscriptionType: 'object.merge',
      primaryObjectId: 123,
      mergedObjectIds: [124],
      objectTypeId: '0-1',
    };
    expect(await receive([association(1), association(2), change(62515, merge)])).toBe(200);
    expect(heard).toEqual(expect.arrayContaining([1, 2, [124]]));
    expect(heard).toHaveLength(3);
  });

  test("an address with a query is signed as the vendor called it, and another one's query is not", async () => {
    const { connect, receive } = rig();
    await connect('org-1');
    expect(await receive([change(62515)], `${url}?a=b%20c&next=https%3A%2F%2Fx.example%2F%3Fq`)).toBe(200);
    const { verify } = hubspot.definition.webhooks!;
    const now = Date.UTC(2026, 0, 1);
    const body = new TextEncoder().encode('[]');
    const verdict = async (called: string, signedFor: string) => {
      const signature = createHmac('sha256', clientSecret).update(`POST${signedFor}[]${now}`).digest('base64');
      const headers = new Headers({ 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': String(now) });
      const delivery = { method: 'POST', url: new URL(called), headers, body, receivedAt: now };
      return (await verify(delivery, [new Secret(clientSecret)])).ok;
    };
    const escaped = `${url}?next=https%3A%2F%2Fx.example%2F%3Fq%3D1`;
    expect(await verdict(escaped, escaped)).toBe(true);
    expect(await verdict(escaped, `${url}?next=https://x.example/?q%3D1`)).toBe(true);
    expect(await verdict(escaped, `${url}?next=https://x.example/?q=1`)).toBe(false);
    expect(await verdict(`${url}?b=2&a=1`, `${url}?a=1&b=2`)).toBe(false);
    expect(await verdict(url.replace('https', 'http'), url)).toBe(false);
  });

  test("a private app's changes are believed by its own secret, on its own route, for its own account", async () => {
    const { connect, receive } = rig();
    await connect('org-1', 62515, { ...privateApp, clientSecret: 'the-secret-of-one-private-app' });
    const mine = { organizationId: 'org-1' };
    const status = (portalId: number, target: object) =>
      receive([change(portalId)], url, target, 'the-secret-of-one-private-app');
    expect([await status(62515, mine), await status(1, mine), await status(62515, {})]).toEqual([200, 403, 401]);
  });

  test('R54 our verdict equals that of the documented algorithm over 10,000 mutations, but for the future', async () => {
    const result = await agreesWithVerifier(hubspot.definition.webhooks!, {
      secret: clientSecret,
      // What `Signature.isValid` of @hubspot/api-client 14 computes; the package is too large to install for this.
      accepts({ method, url: called, headers, body, receivedAt }) {
        const timestamp = headers['x-hubspot-request-timestamp'] ?? '';
        if (timestamp === '' || !(receivedAt - Number(timestamp) <= 300_000)) return false;
        const expected = createHmac('sha256', clientSecret)
          .update(method + called + body + timestamp)
          .digest('base64');
        return headers['x-hubspot-signature-v3'] === expected;
      },
      stricter: ({ headers, receivedAt }) =>
        Number(headers['x-hubspot-request-timestamp']) - receivedAt > 300_000 ? 'a time in the future' : undefined,
    });
    expect(Object.keys(result.stricter)).toEqual(['a time in the future']);
  });
});
