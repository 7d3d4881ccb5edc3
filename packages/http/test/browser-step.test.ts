import {
  bearer,
  browserStep,
  createMemoryStore,
  createPlugboard,
  handlerWire,
  reveal,
  silentLog,
} from '@plugboard/core';
import { createEmulator } from '@plugboard/core/emulator';
import { secret, text } from '@plugboard/core/fields';
import { createHandler } from '@plugboard/http';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { acme } from './support/acme.ts';
import { agreeing } from './support/agreement.ts';
import { json, session, signedIn, url } from './support/rig.ts';

const api = 'https://api.acme.example.com';

/** Acme with a widget of its own instead of OAuth. */
const widget = browserStep({
  input: z.strictObject({ country: text('Country', { pattern: /^[A-Z]{2}$/ }) }),
  credentials: z.strictObject({ publicToken: secret('Public token') }),
  start: async ({ input }, { userId }) => ({
    page: { linkToken: `link-${userId}`, country: input['country'] ?? null },
    keep: { orderId: 'kept-7' },
  }),
  complete: (client) =>
    client.token({ grant_type: 'public_token', public_token: reveal(client.credentials['publicToken'] ?? '') }),
  token: { url: `${api}/token` },
  sign: bearer(),
  example: { publicToken: 'public-1' },
});

function createRig() {
  const { definition } = acme;
  const provider = { definition: { ...definition, auth: { widget } }, options: { clientId: 'id', clientSecret: 's' } };
  const accounts = [{ id: 'acct-1', name: 'Acme One' }];
  const vendor = createEmulator(provider, { accounts });
  const board = createPlugboard({
    url,
    providers: [provider],
    store: createMemoryStore(),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env: {},
    log: silentLog,
    wire: handlerWire(vendor.fetch),
  });
  const handler = agreeing(createHandler(board, { authorize: signedIn, log: silentLog }), url);
  const post = (path: string, body: unknown, headers: Record<string, string> = session) =>
    handler(
      new Request(`${url}${path}`, {
        method: 'POST',
        headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    );
  return { board, handler, post };
}

describe('a step in the browser', () => {
  it('is prepared and finished by the routes', async () => {
    const { post } = createRig();
    const prepared = await post('/prepare/acme?label=second', { method: 'widget', input: { country: 'DE' } });
    expect(prepared.status).toBe(200);
    const { page, flow, ...rest } = await json(prepared);
    expect([page, rest]).toEqual([{ linkToken: 'link-ada', country: 'DE' }, {}]);
    const credentials = { publicToken: 'public-1' };
    const connected = await post('/connect/acme?label=second', { credentials, flow });
    const answer = await connected.text();
    expect(connected.status, answer).toBe(200);
    expect(JSON.parse(answer)).toMatchObject({ connection: { label: 'second', method: 'widget', status: 'active' } });
    expect(answer).not.toMatch(/kept-7|public-1/);
    const again = await post('/connect/acme?label=second', { credentials, flow });
    expect([again.status, (await json(again))['code']]).toEqual([403, 'flow_unknown']);
  });

  it('is finished by nobody else, and not without its flow', async () => {
    const { post } = createRig();
    const { flow } = await json(await post('/prepare/acme', { input: { country: 'DE' } }));
    const body = { credentials: { publicToken: 'public-1' }, flow };
    const other = await post('/connect/acme', body, { cookie: 'session=org-1/eve' });
    expect([other.status, (await json(other))['code']]).toEqual([403, 'tenant_mismatch']);
    const bare = await post('/connect/acme', { credentials: body.credentials });
    expect([bare.status, (await json(bare))['code']]).toEqual([400, 'flow_missing']);
  });

  it('asks for what the vendor needs first, by name', async () => {
    const { post, handler } = createRig();
    for (const input of [undefined, [], { country: 'germany' }]) {
      const refused = await post('/prepare/acme', { ...(input !== undefined && { input }) });
      expect([refused.status, (await json(refused))['code']]).toEqual([400, 'invalid_input']);
    }
    const headers = { ...session, 'sec-fetch-site': 'same-origin' };
    const hub = await json(await handler(new Request(`${url}/connections`, { headers })));
    expect(hub).toMatchObject({
      providers: [{ methods: [{ name: 'widget', kind: 'browser', fields: { properties: { country: {} } } }] }],
    });
  });

  it('is refused to who may only look, and to other sites', async () => {
    const { post } = createRig();
    const body = { input: { country: 'DE' } };
    expect((await post('/prepare/acme', body, { cookie: 'session=org-1/ada/read' })).status).toBe(403);
    expect((await post('/prepare/acme', body, { ...session, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });
});
