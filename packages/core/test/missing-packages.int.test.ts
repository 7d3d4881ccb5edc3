/** Every package that is loaded late, taken away from a process: what is told is typed and names it, wherever it is needed. */
import { expect, test } from 'vitest';

import { serveHttp } from './support/loopback.ts';
import { runNode } from './support/run-node.ts';

const source = (file: string) => JSON.stringify(new URL(`../src/${file}`, import.meta.url).href);

/** Runs code in a process where one package is not installed; prints kind, code and message of what it throws. */
async function without(name: string, code: string): Promise<string> {
  return runNode(`
    import { registerHooks } from 'node:module';
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier !== ${JSON.stringify(name)}) return next(specifier, context);
        const message = \`Cannot find package '\${specifier}' imported from /srv/app/x.js\`;
        throw Object.assign(new Error(message), { code: 'ERR_MODULE_NOT_FOUND' });
      },
    });
    const tell = (call) => call().then(
      () => console.log('nothing was thrown'),
      ({ kind, code, message }) => console.log([kind, code, message].join(' ')),
    );
    const now = Date.UTC(2026, 10, 29);
    const { encodeBase64url, encodeUtf8 } = await import(${source('bytes.ts')});
    const part = (value) => encodeBase64url(encodeUtf8(JSON.stringify(value)));
    const token = [part({ alg: 'RS256', kid: 'k' }), part({ sub: 's' }), 'AAAA'].join('.');
    const keySource = {
      algorithm: 'RS256',
      brings: 'set',
      load: async () => [{ id: 'k', jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } }],
    };
    const tools = { now, request: () => Promise.reject(new Error('nobody is asked')) };
    ${code}`);
}

const jose = [
  [
    'a token of a sign-in',
    `const { verifyJwt } = await import(${source('auth/jwt.ts')});
    const rules = { algorithms: ['RS256'], keys: () => keySource, now };
    await tell(() => verifyJwt(token, rules, tools));`,
  ],
  [
    'a token of a webhook',
    `const { jwtSignature } = await import(${source('webhooks/jwt-signature.ts')});
    const verify = jwtSignature({ header: 'x-token', keys: keySource, bodyHash: 'hash' });
    const headers = new Headers({ 'x-token': token });
    const delivery = { method: 'POST', url: 'https://app.example.com/', headers, body: new Uint8Array(), receivedAt: now };
    await tell(() => verify(delivery, ['secret'], tools));`,
  ],
  [
    'a key that a vendor publishes',
    `const { createKeyCache } = await import(${source('webhooks/key-cache.ts')});
    await tell(() => createKeyCache().find(keySource, 'k', now, tools));`,
  ],
  [
    'an assertion of a client',
    `const { verifyAssertion } = await import(${source('emulator/oauth/client-assertion.ts')});
    const { Secret } = await import(${source('secret.ts')});
    const params = new Map([['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer']]);
    await tell(() => verifyAssertion(params, { algorithm: 'HS256', clientKey: new Secret('key'), keyId: 'k' }, now));`,
  ],
] as const;

test.each(jose)('jose, for %s', async (_what, code) => {
  expect(await without('jose', code)).toBe('configuration package_missing The package `jose` is not installed.');
});

test('p-retry, for a call that failed once', async () => {
  const again = `const { tryAgain } = await import(${source('transport/retry-loop.ts')});
    await tell(() => tryAgain(async () => 'answer', async () => true));`;
  expect(await without('p-retry', again)).toBe('configuration package_missing The package `p-retry` is not installed.');
});

test('@openfeature/server-sdk, for a flag', async () => {
  const flag = `const { createFlags } = await import(${source('flags.ts')});
    const definition = { id: 'acme', flags: { sync: { description: 'Synchronise.', default: true } } };
    const engine = { providers: new Map([['acme', { definition }]]) };
    await tell(() => createFlags(engine).enabled('acme', 'sync', { organizationId: 'org-1' }));`;
  expect(await without('@openfeature/server-sdk', flag)).toBe(
    'configuration package_missing The package `@openfeature/server-sdk` is not installed.',
  );
});

test('undici, for a call, and its end is no second failure', async () => {
  const server = await serveHttp((_request, response) => response.end('never'));
  const call = `
    const { createTransport } = await import(${source('transport/create-transport.ts')});
    const { createEgressPolicy } = await import(${source('url.ts')});
    const { systemClock } = await import(${source('clock.ts')});
    const egress = createEgressPolicy({ allowOrigins: [${JSON.stringify(server.origin)}] });
    const transport = createTransport({ clock: systemClock, egress });
    await tell(() => transport.send({
      provider: 'acme', operation: 'things.list', method: 'GET', url: new URL(${JSON.stringify(server.origin)}), headers: new Headers(),
      hosts: ['127.0.0.1'], classify: () => undefined, repeat: 'safe', purpose: 'api', limitKey: 'acme:1', secrets: [],
    }));
    await tell(() => transport.close());`;
  expect((await without('undici', call)).split('\n')).toEqual([
    expect.stringContaining('configuration package_missing '),
    'nothing was thrown',
  ]);
  expect(server.requests).toEqual([]);
});
