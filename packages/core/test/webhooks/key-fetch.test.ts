/** E14 through a whole board: where a delivery can make it ask for keys, how often, and for which algorithm. */
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey } from 'jose';
import { describe, expect, test } from 'vitest';

import { encodeUtf8 } from '../../src/bytes.ts';
import type { AnyProvider, WebhookDefinition } from '../../src/provider.ts';
import { defineProvider } from '../../src/define-provider.ts';
import { handlerWire } from '../../src/transport/handler-wire.ts';
import { createUndiciWire } from '../../src/transport/undici-wire.ts';
import type { Wire } from '../../src/transport/transport.ts';
import { certificateKeys } from '../../src/webhooks/certificate.ts';
import { jwtSignature } from '../../src/webhooks/jwt-signature.ts';
import { keySet } from '../../src/webhooks/key-cache.ts';
import type { Verify } from '../../src/webhooks/webhook.ts';
import { serveTcp } from '../support/loopback.ts';
import { acmeProvider, createRig } from '../support/rig.ts';

const address = 'https://app.example.com/integrations/webhooks/acme';
const keysUrl = 'https://auth.acme.example.com/keys';
const body = '{"type":"order.created","id":"e1"}';

function rigWith(verify: Verify, wire: Wire, hosts: readonly string[] = []) {
  const sound = acmeProvider().definition;
  const webhooks = { ...(sound.webhooks as WebhookDefinition), verify };
  const provider = defineProvider({ ...sound, id: 'careless', hosts: [...sound.hosts, ...hosts], webhooks } as never);
  const app = { clientId: 'client', clientSecret: 'client-secret', signingSecret: 'signing-secret' };
  const { board } = createRig({}, { more: [(provider as unknown as (app: object) => AnyProvider)(app)], wire });
  return async (headers: Record<string, string>) => {
    const request = new Request(address.replace('acme', 'careless'), { method: 'POST', headers, body });
    return (await board.webhooks.receive('careless' as never, request)).status;
  };
}

/** A scheme whose author forgot to compare the address that came with the delivery. */
const anyCertificate: Verify = async ({ headers, receivedAt }, _secrets, tools) => {
  const found = await tools!.keys.find(certificateKeys(/./), headers.get('x-cert-url') ?? '', receivedAt, tools!);
  return { ok: false, reason: found === 'unavailable' ? 'key_unavailable' : 'signature_invalid' };
};

describe('E14 the address of a key', () => {
  test('that a delivery names is asked at no host that the provider does not declare', async () => {
    const listener = await serveTcp(() => undefined, '::');
    const wire = createUndiciWire();
    const receive = rigWith(anyCertificate, wire);
    for (const url of [
      'https://169.254.169.254/latest/meta-data/iam',
      'http://169.254.169.254/latest/meta-data/iam',
      `https://127.0.0.1:${listener.port}/cert`,
      `http://127.0.0.1:${listener.port}/cert`,
      `https://localhost:${listener.port}/cert`,
      `https://[::1]:${listener.port}/cert`,
      `https://auth.acme.example.com:${listener.port}@127.0.0.1:${listener.port}/cert`,
      'https://evil.example/cert',
      'file:///etc/passwd',
      'none',
      '',
    ]) {
      expect([401, 503], url).toContain(await receive({ 'x-cert-url': url }));
    }
    expect(listener.connections()).toBe(0);
    await wire.close?.();
  });

  test('nor inside the network, even where it is declared', async () => {
    const sockets = createUndiciWire();
    const refused: unknown[] = [];
    const wire: Wire = (request) =>
      sockets(request).catch((error: { code: string }) => {
        refused.push(error.code);
        throw error;
      });
    const hosts = ['127.0.0.1', '169.254.169.254'];
    const receive = rigWith(anyCertificate, wire, hosts);
    for (const host of hosts) expect(await receive({ 'x-cert-url': `https://${host}/cert` }), host).toBe(503);
    expect(refused).toEqual(['egress_blocked', 'egress_blocked']);
    await sockets.close?.();
  });
});

describe('E14 a set of keys', () => {
  async function signedRig() {
    const pair = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', use: 'sig', alg: 'RS256' };
    const asked: string[] = [];
    const wire = handlerWire(({ url }) => {
      asked.push(url);
      return Response.json({ keys: [jwk] });
    });
    const verify = jwtSignature({
      header: 'authorization',
      prefix: 'Bearer ',
      keys: keySet(keysUrl, 'RS256'),
      audience: ({ url }) => url.href,
    });
    const receive = rigWith(verify, wire);
    const seconds = Math.floor(Date.parse('2026-01-01T00:00:00Z') / 1000);
    const token = (kid: string, alg = 'RS256', key: CryptoKey | Uint8Array = pair.privateKey) =>
      new SignJWT({ aud: address.replace('acme', 'careless') })
        .setProtectedHeader({ alg, kid })
        .setIssuedAt(seconds)
        .sign(key);
    return { pair, asked, receive, token };
  }

  test('is asked for once by 1,000 deliveries with unknown ids', async () => {
    const { asked, receive, token } = await signedRig();
    const one = await token('k0');
    const [, payload = '', signature = ''] = one.split('.');
    const answers = new Set<number>();
    for (let id = 0; id < 1_000; id++) {
      const head = Buffer.from(JSON.stringify({ alg: 'RS256', kid: `unknown-${id}` })).toString('base64url');
      answers.add(await receive({ authorization: `Bearer ${head}.${payload}.${signature}` }));
    }
    expect(answers).toEqual(new Set([401]));
    expect(asked).toEqual([keysUrl]);
  });

  test('verifies one algorithm: not none, not the public key as a shared secret', async () => {
    const { pair, receive, token } = await signedRig();
    const pem = await exportSPKI(pair.publicKey);
    const jwk = JSON.stringify(await exportJWK(pair.publicKey));
    const unsigned = new UnsecuredJWT({ aud: address }).encode();
    const forged = [
      unsigned,
      unsigned.replace(/^[^.]+/, Buffer.from('{"alg":"none","kid":"k1"}').toString('base64url')),
      ...(await Promise.all([pem, pem.trim(), jwk].map((text) => token('k1', 'HS256', encodeUtf8(text))))),
      await token('k1', 'PS256', (await generateKeyPair('PS256')).privateKey),
    ];
    for (const text of forged) expect(await receive({ authorization: `Bearer ${text}` })).toBe(401);
  });
});
