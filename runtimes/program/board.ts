/** A board and its routes in this runtime, whose vendor is a stand-in that another process serves over HTTP. */
import { createMemoryStore, createPlugboard, silentLog, systemClock, type Clock } from '@plugboard/core';
import { createEmulator } from '@plugboard/core/emulator';
import { createHandler } from '@plugboard/http';

import { acme } from '../../packages/http/test/support/acme.ts';
import { signedIn } from '../../packages/http/test/support/signed-in.ts';
import { codeOf, same, Skip, type Check, type Given } from './report.ts';

const base = 'https://app.example.com/integrations';
const organizationId = 'org-1';
const session = 'session=org-1/ada';

/** The vendor lets two calls through in a tenth of a second. */
function limited<P extends ReturnType<typeof acme>>(provider: P): P {
  const { definition } = provider;
  return {
    ...provider,
    definition: { ...definition, api: { ...definition.api, limits: [{ requests: 2, perMs: 100 }] } },
  };
}

/** Each check goes on where the one before it ended. */
export function boardChecks({ origin, runtime }: Given): readonly Check[] {
  let ahead = 0;
  const clock: Clock = {
    ...systemClock,
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
  };
  const board = createPlugboard({
    url: base,
    providers: [limited(acme())],
    store: createMemoryStore({ clock }),
    keys: { k1: crypto.getRandomValues(new Uint8Array(32)) },
    mode: 'test',
    env: {},
    clock,
    log: silentLog,
    sandbox: { origin },
  });
  const heard: unknown[] = [];
  board.on('acme', 'order.created', (data) => void heard.push(data));
  const handler = createHandler(board, { authorize: signedIn, log: silentLog });
  const call = (path: string, { headers, ...init }: RequestInit = {}) => {
    const all = new Headers(headers);
    all.set('sec-fetch-site', 'same-origin');
    return handler(new Request(base + path, { ...init, headers: all }));
  };
  const connectByKey = (apiKey: string) =>
    call('/connect/acme?label=key', {
      method: 'POST',
      headers: { cookie: session, 'content-type': 'application/json' },
      body: JSON.stringify({ credentials: { apiKey } }),
    });
  const stored = () => board.connections.get('acme', { organizationId });

  return [
    {
      name: 'routes: the list answers who is signed in, and nobody else',
      async run() {
        same((await call('/connections')).status, 401);
        const list = await call('/connections', { headers: { cookie: session } });
        same([list.status, Object.keys((await list.json()) as object)], [200, ['providers']]);
      },
    },
    {
      name: 'routes: connect by key, and not by one that the vendor refuses',
      async run() {
        const refused = await connectByKey('wrong-key');
        same(refused.status >= 400 && refused.status < 500, true);
        same(await board.connections.get('acme', { organizationId, label: 'key' }), null);
        same((await connectByKey('good-key')).status, 200);
      },
    },
    {
      name: 'routes: connect by OAuth, with the consent of the vendor in between',
      async run() {
        const start = await call('/connect/acme', { headers: { cookie: session } });
        same(start.status, 303);
        const cookie = `${session}; ${start.headers.get('set-cookie')!.split(';')[0]}`;
        const consent = {
          method: 'POST',
          body: new URLSearchParams({ decision: 'allow' }),
          redirect: 'manual',
        } as const;
        const decided = await fetch(start.headers.get('location')!, consent);
        const back = new URL(decided.headers.get('location')!);
        const headers = { cookie, 'sec-fetch-site': 'cross-site' };
        const ended = await handler(new Request(back, { headers }));
        same([ended.status, (await stored())?.status], [303, 'active']);
      },
    },
    {
      name: 'client: calls its vendor, and refuses bad input before it does',
      async run() {
        const client = board.client('acme', { organizationId });
        same((await client.account.me({})).id, 'acct-1');
        same(await codeOf(client.account.me({ more: 1 } as never)), 'invalid_input');
      },
    },
    {
      name: 'limits: what exceeds them waits its turn',
      async run() {
        const { account } = board.client('acme', { organizationId });
        same((await Promise.all([1, 2, 3, 4].map(() => account.me({})))).length, 4);
      },
    },
    {
      name: 'flags: OpenFeature says the declared default',
      async run() {
        const on = board.flags.enabled('acme', 'sync', { organizationId });
        if (runtime === 'workerd') {
          same(await codeOf(on), 'package_missing');
          throw new Skip('the SDK of OpenFeature needs node:async_hooks');
        }
        same(await on, true);
      },
    },
    {
      name: 'refresh: an access token that ended is renewed, once for all who wait',
      async run() {
        const before = (await stored())!.expiresAt!.getTime();
        ahead += 2 * 3_600_000;
        const client = board.client('acme', { organizationId });
        await Promise.all([client.account.me({}), client.account.me({}), client.account.me({})]);
        same((await stored())!.expiresAt!.getTime() - before > 3_600_000, true);
      },
    },
    {
      name: 'webhooks: a signed delivery is heard once, a forged one never',
      async run() {
        const body = '{"id":"evt-1","type":"order.created","a":1.0 }\n';
        const vendor = createEmulator(acme(), { clock });
        const signed = await vendor.webhook(body, 'stub-acme-signingSecret', { url: `${base}/webhooks/acme` });
        const headers = Object.fromEntries(signed.headers);
        const send = (text: string) => call('/webhooks/acme', { method: 'POST', headers, body: text });
        same([(await send(`${body} `)).status, heard.length], [401, 0]);
        same([(await send(body)).status, (await send(body)).status], [200, 200]);
        same(heard, [{ id: 'evt-1', type: 'order.created', a: 1 }]);
      },
    },
    {
      name: 'disconnect: the grant ends at the vendor, and the client says what to do',
      async run() {
        same((await board.disconnect('acme', { organizationId })).revoked, 'revoked');
        await board.stop();
      },
    },
  ];
}
