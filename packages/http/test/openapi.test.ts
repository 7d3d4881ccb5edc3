import { openApiOf } from '@plugboard/http';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';

import { agreeing } from './support/agreement.ts';
import { consent, createRig, finish, json, session, url } from './support/rig.ts';

interface Operation {
  readonly operationId: string;
  readonly 'x-permission'?: string;
  readonly responses: Readonly<Record<string, object>>;
}

const document = openApiOf(url) as unknown as { paths: Record<string, Record<string, Operation>>; servers: object[] };
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

describe('the document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
    const broken = structuredClone(document) as { paths: Record<string, Record<string, { responses?: object }>> };
    delete broken.paths['/flags']!['get']!.responses;
    broken.paths['/flags']!['get'] = { ...broken.paths['/flags']!['get'], parameters: 'none' } as never;
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  it('is served to anybody, with the public address and without a secret', async () => {
    const rig = createRig({ live: true });
    await rig.call('/connect/acme', { body: { credentials: { apiKey: 'canary-key' } } });
    const response = await rig.handler(new Request(`${url}/openapi.json`));
    const text = await response.text();
    expect([response.status, JSON.parse(text)]).toEqual([200, document]);
    expect(document.servers).toEqual([{ url }]);
    for (const secret of ['canary', 'ACME_CLIENT', 'org-1', 'acct-1']) expect(text).not.toContain(secret);
  });

  it('says who may call as the routes do', async () => {
    const { handler } = createRig();
    const as = async (method: string, path: string, permissions: string) => {
      const headers = { cookie: `session=org-1/ada/${permissions}` };
      const response = await handler(new Request(url + path.replaceAll(/\{\w+\}/g, 'acme'), { method, headers }));
      return response.status === 403 && (await response.text()).includes('not_permitted');
    };
    for (const { path, method, operation } of operations) {
      const refused = { read: await as(method, path, 'manage'), manage: await as(method, path, 'read') };
      const needed = operation['x-permission'];
      expect([path, refused]).toEqual([path, { read: needed === 'read', manage: needed === 'manage' }]);
    }
  });

  it('names every method that a path takes', async () => {
    const { handler } = createRig();
    for (const path of Object.keys(document.paths)) {
      const address = url + path.replaceAll(/\{\w+\}/g, 'acme');
      const response = await handler(new Request(address, { method: 'DELETE', headers: session }));
      const allow = response.headers.get('allow')?.split(', ') ?? [];
      const named = Object.keys(document.paths[path]!).map((method) => method.toUpperCase());
      expect([path, response.status, allow.filter((method) => method !== 'HEAD').toSorted()]).toEqual([
        path,
        405,
        named.toSorted(),
      ]);
      expect(await json(response)).toMatchObject({ status: 405, code: 'method_not_allowed' });
    }
  });
});

/** Whatever else the tests of the routes see is held against the document as well, by their rig. */
it('every operation has answered as it promises', async () => {
  const seen = new Set<string>();
  const created = createRig();
  const handler = agreeing(created.handler, url, seen);
  const rig = { ...created, handler };
  const call = async (path: string, method = 'GET', body?: object) => {
    const headers = {
      ...session,
      'sec-fetch-site': 'same-origin',
      ...(body && { 'content-type': 'application/json' }),
    };
    return handler(new Request(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) }));
  };
  await call('/connections');
  await call('/onboarding');
  await call('/flags');
  await call('/openapi.json');
  await call('/popup?plugboard=connected');
  await call('/connect/acme?label=oauth');
  await call('/authorize/acme', 'POST', {});
  rig.vendor.failNext({ json: { id: 'acct-1', name: 'One', others: [{ id: 'acct-2', name: 'Two' }] } });
  await finish(rig, await consent(rig, 'acme?label=many'));
  await call('/accounts/acme?label=many');
  await call('/accounts/acme?label=many', 'POST', { accountId: 'acct-2' });
  await handler(new Request(`${url}/callback/acme`, { method: 'POST', headers: session, body: 'state=x' }));
  await call('/connect/acme', 'POST', { credentials: { apiKey: 'key' } });
  await call('/settings/acme');
  await call('/settings/acme', 'PATCH', { settings: { channel: 'c1' } });
  await call('/settings/acme/choices/channel');
  await call('/health/acme');
  await call('/streams/acme');
  rig.board.streams.on('acme', 'orders', () => undefined);
  await call('/sync/acme', 'POST', { stream: 'orders' });
  await call('/webhook-address/acme', 'POST');
  await call('/disconnect/acme', 'POST');
  // Its success is seen in the tests of the step in the browser: this vendor has none.
  await call('/prepare/acme', 'POST', {});
  const promised = operations.map(({ operation: { operationId, responses } }) => {
    const status = operationId === 'prepare' ? '400' : Object.keys(responses).findLast((key) => /^[23]/.test(key));
    return `${operationId} ${status}`;
  });
  expect([...seen].filter((line) => promised.includes(line)).toSorted()).toEqual(promised.toSorted());
});
