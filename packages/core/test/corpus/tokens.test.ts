/** R50: tokens, and what token endpoints and metadata documents answer. */
import fc from 'fast-check';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, expect, test } from 'vitest';

import { checkDiscovered, discoveredOf } from '../../src/auth/discovery.ts';
import { claimsOf, issuerKeys, verifyJwt, type JwtRules, type JwtTools } from '../../src/auth/jwt.ts';
import { classifyOAuth, readTokenAnswer } from '../../src/auth/token-answer.ts';
import { isPlugboardError } from '../../src/errors.ts';
import type { JsonObject } from '../../src/json.ts';
import { isSecret } from '../../src/secret.ts';
import { createAnswer } from '../../src/transport/answer.ts';
import { readCertificate } from '../../src/webhooks/certificate.ts';
import { createKeyCache } from '../../src/webhooks/key-cache.ts';
import { corpus, corpusTimeoutMs } from './corpus.ts';
import { hostileText, nearly } from './texts.ts';

const now = 1_700_000_000_000;
let token = '';
let jwk: JsonObject = {};

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' } as JsonObject;
  token = await new SignJWT({ sub: 'ada' })
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .setIssuedAt(now / 1000)
    .setExpirationTime(now / 1000 + 60)
    .sign(privateKey);
});

const tools = (): JwtTools => ({
  app: {},
  request: () =>
    Promise.resolve(
      createAnswer({ status: 200, headers: new Headers() }, new TextEncoder().encode(JSON.stringify({ keys: [jwk] }))),
    ),
  keys: createKeyCache(),
});
const rules: JwtRules = {
  algorithms: ['ES256', 'RS256'],
  keys: (algorithm) => issuerKeys(algorithm, 'https://a.example/jwks'),
  now,
};

test(
  'R50 JSON Web Tokens: one text passes, and everything near it is refused',
  async () => {
    const kept = tools();
    expect(await verifyJwt(token, rules, kept)).toMatchObject({ ok: true, claims: { sub: 'ada' } });
    const headers = fc.constantFrom(
      '{"alg":"none"}',
      '{"alg":"HS256"}',
      '{"alg":"ES256","crit":["x"]}',
      '{"alg":"ES256","kid":{}}',
    );
    const other = headers.map((header) =>
      [Buffer.from(header).toString('base64url'), ...token.split('.').slice(1)].join('.'),
    );
    await corpus(
      'jwt',
      fc.oneof({ weight: 4, arbitrary: nearly(fc.nat({ max: 0 }).map(() => token)) }, other, hostileText),
      async (candidate) => {
        claimsOf(candidate);
        if (candidate === token) return;
        expect((await verifyJwt(candidate, rules, kept)).ok).toBe(false);
      },
      { share: 0.4 },
    );
  },
  corpusTimeoutMs,
);

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  hostileText,
  fc.constantFrom(-5, 3600, '3600', 1e308, 'abc', '', null),
);
const members = fc.constantFrom('access_token', 'refresh_token', 'id_token', 'expires_in', 'refresh_token_expires_in', 'scope', 'error', 'error_description', '__proto__', 'ok'); // prettier-ignore
const answers = fc.oneof(
  fc.dictionary(members, odd).map((value) => JSON.stringify(value)),
  fc.json({ maxDepth: 3 }),
  nearly(fc.constant('{"access_token":"at","refresh_token":"rt","expires_in":3600,"scope":"a b"}')),
  hostileText,
);

test(
  'R50 token answers: texts stay texts, lives stay within bounds, and no verdict is foreign',
  async () => {
    await corpus(
      'token answers',
      fc.tuple(answers, fc.constantFrom(200, 201, 302, 400, 401, 403, 429, 500, 503)),
      ([body, status]) => {
        const answer = createAnswer({ status, headers: new Headers() }, new TextEncoder().encode(body));
        const failure = classifyOAuth(answer);
        // Only a named OAuth error ends a connection.
        if (failure?.kind === 'auth') expect(body).toContain('invalid_grant');
        const json = answer.tryJson();
        if (json === undefined) return;
        const { credentials, expiresInMs, refreshExpiresInMs, scopes = [] } = readTokenAnswer(json);
        for (const secret of Object.values(credentials)) expect(isSecret(secret) && secret.reveal() !== '').toBe(true);
        for (const life of [expiresInMs, refreshExpiresInMs]) {
          if (life === undefined) continue;
          expect(life).toBeGreaterThanOrEqual(1000);
          expect(life).toBeLessThanOrEqual(10 * 365 * 86_400_000);
        }
        for (const scope of scopes) expect(scope.trim() === scope && scope !== '').toBe(true);
      },
    );
  },
  corpusTimeoutMs,
);

test(
  'R50 metadata documents: every address that is left is public https, or the document is refused',
  async () => {
    const names = fc.constantFrom('issuer', 'token_endpoint', 'authorization_endpoint', 'jwks_uri', '__proto__', 'x');
    const right = fc.constantFrom('https://id.example.com/token', 'https://id.example.com:8443/a');
    const address = fc.oneof(right, nearly(right), fc.constantFrom('http://id.example.com', 'https://127.0.0.1/', 'https://[::1]/', 'https://u:p@a.example/', 'file:///etc/passwd', 'javascript:1'), fc.jsonValue()); // prettier-ignore
    await corpus('metadata', fc.dictionary(names, address), (document) => {
      try {
        checkDiscovered(document as JsonObject);
      } catch (error) {
        if (!isPlugboardError(error)) throw error;
        expect(error.code).toBe('bad_discovery');
        return;
      }
      for (const url of Object.values(discoveredOf({ discovered: document as JsonObject }))) {
        const { protocol, username, hostname } = new URL(url);
        expect([protocol, username]).toEqual(['https:', '']);
        expect(hostname).not.toMatch(/^(\[|[\d.]+$)/);
      }
    });
  },
  corpusTimeoutMs,
);

test(
  'R50 certificates: parts of a certificate, or nothing',
  async () => {
    // A certificate's outline in DER: three fields, a span of time, a name, a key.
    const outline =
      'MIG8MIG0AgEBMA0GCSqGSIb3DQEBCwUAMA0xCzAJBgNVBAMMAkNBMB4XDTI2MDEwMTAwMDAwMFoXDTI3MDEwMTAwMDAwMFowEzERMA8GA1UEAwwIYWNtZS5jb20=';
    const right = fc.constant(outline);
    const noise = fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes).toString('base64'));
    await corpus('certificates', fc.oneof(nearly(right), noise, hostileText), (base64) => {
      const found = readCertificate(`-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----`);
      if (found !== undefined) expect(Number.isNaN(found.notAfter.getTime())).toBe(false);
    });
  },
  corpusTimeoutMs,
);
