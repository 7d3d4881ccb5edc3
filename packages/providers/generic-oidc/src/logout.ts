/**
 * Ending sessions: at the issuer by a link, and here when the issuer says so.
 * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html (2026-11-28)
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html (2026-11-28)
 */
import { checkTimestamp, claimsOf, configurationError, invalidInput, issuerKeys, member } from '@plugboard/core';
import { operation, parseUrlEncoded, reveal, text, verifyJwt } from '@plugboard/core';
import type { Delivery, JsonObject, RejectReason, Secret, Verdict, Verify, WebhookDefinition } from '@plugboard/core';
import { like, z } from '@plugboard/core/fields';

import { exampleLogout } from './example.ts';
import { accountId } from './identity.ts';
import { algorithms, announced, endpointOf, issuerOf } from './issuer.ts';

const tokens = z.looseObject({ idToken: z.string().optional() });

export const session = {
  logoutUrl: operation({
    summary: 'Makes the address where the browser ends the session at the issuer.',
    docs: 'https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout',
    input: z.strictObject({
      postLogoutRedirectUri: z
        .url()
        .optional()
        .meta({ examples: ['https://app.example.com/bye'] }),
      state: z.string().min(1).optional(),
      // It names the session. Issuers that ask the user instead do without it.
      idTokenHint: z.boolean().default(true),
    }),
    async run(api, { postLogoutRedirectUri, state, idTokenHint }) {
      const url = new URL(endpointOf(api, 'end_session_endpoint'));
      const { idToken } = api.credentials(tokens);
      if (idTokenHint && idToken !== undefined) url.searchParams.set('id_token_hint', idToken);
      if (postLogoutRedirectUri) url.searchParams.set('post_logout_redirect_uri', postLogoutRedirectUri);
      url.searchParams.set('client_id', reveal(api.app['clientId'] ?? ''));
      if (state !== undefined) url.searchParams.set('state', state);
      return { url: url.href };
    },
  }),
};

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';
const freshness = { unit: 'seconds', toleranceSeconds: 300 } as const;

/** Section 2.6. The secret is this client's id: the token must be for it. */
async function judgeLogout(delivery: Delivery, secrets: readonly Secret[], tools: Tools): Promise<Verdict> {
  const token = tokenOf(delivery);
  if (token === undefined) return refuse('signature_missing');
  if (tools === undefined) return refuse('key_unavailable');
  const issuer = issuerOf(tools.app);
  const rules = { algorithms, keys: keysOf(issuer), required: ['iss', 'aud', 'iat', 'jti'], now: delivery.receivedAt };
  const verdict = await verifyJwt(token, rules, tools);
  if (!verdict.ok) return refuse(reasons[verdict.reason] ?? 'signature_invalid');
  const { iss, aud, iat, jti, nonce, events } = verdict.claims;
  const [subject, sid] = [text(verdict.claims['sub']), text(verdict.claims['sid'])];
  // A nonce would make it an id token that somebody sends here again.
  const isLogout = member(events, logoutEvent) !== undefined && (subject ?? sid) !== undefined && nonce === undefined;
  const id = text(jti);
  // Where the deployment named the document, its issuer may end in a slash.
  const spelt = issuerOf(tools.app, { discovered: { issuer: text(iss) ?? '' } });
  if (!isLogout || iss !== spelt || id === undefined) return refuse('signature_invalid');
  const timestamp = checkTimestamp(JSON.stringify(iat), freshness, delivery.receivedAt);
  if (typeof timestamp === 'string') return refuse(timestamp);
  const secretIndex = secrets.findIndex((clientId) => [aud].flat().includes(reveal(clientId)));
  if (secretIndex === -1) return refuse('signature_invalid');
  return { ok: true, secretIndex, timestamp, deliveryId: id, deliveryIdSigned: true, bodySigned: false };
}

type Tools = Parameters<Verify>[2];

const reasons: Partial<Record<string, RejectReason>> = {
  unavailable: 'key_unavailable',
  expired: 'timestamp_outside_tolerance',
};

/** The issuer is asked for its description only when its keys are not at hand. */
const keysOf = (issuer: string) => (algorithm: (typeof algorithms)[number]) =>
  issuerKeys(algorithm, `logout ${issuer}`, async ({ discovered }) => {
    const url = announced('jwks_uri')({ discovered: (await discovered?.()) ?? {} });
    if (url === '') throw configurationError('not_offered', 'The issuer announces no keys.', 'Use one that does.');
    return url;
  });

function tokenOf({ body }: Pick<Delivery, 'body'>): string | undefined {
  const found = (parseUrlEncoded(body) ?? []).filter(({ name }) => name === 'logout_token');
  return found.length === 1 ? text(found[0]!.value) : undefined;
}

function readLogout(delivery: Delivery): JsonObject {
  const claims = claimsOf(tokenOf(delivery) ?? '');
  if (claims !== undefined) return claims;
  throw invalidInput('The webhook body', [{ path: 'logout_token', message: 'is no JWT' }]);
}

const refuse = (reason: RejectReason): Verdict => ({ ok: false, reason });

const logoutData = like({ issuer: 'https://id.example.com/realms/main' }, { subject: '248289761001', sessionId: 's1' });

export const webhooks: WebhookDefinition<{ logout: typeof logoutData }> = {
  docs: 'https://openid.net/specs/openid-connect-backchannel-1_0.html',
  secrets: ({ app }) => [app['clientId']],
  verify: Object.assign(judgeLogout, freshness),
  parse(delivery) {
    const claims = readLogout(delivery);
    const [issuer, id] = [text(claims['iss']) ?? '', text(claims['jti'])];
    const [subject, sessionId] = [text(claims['sub']), text(claims['sid'])];
    return [
      {
        type: 'logout',
        ...(id !== undefined && { id }),
        // A token may name the session alone: then the event belongs to nobody until the host finds its session.
        ...(subject !== undefined && { accountId: accountId(issuer, subject) }),
        data: { issuer, ...(subject !== undefined && { subject }), ...(sessionId !== undefined && { sessionId }) },
      },
    ];
  },
  events: { logout: logoutData },
  maxBytes: 65_536,
  vectors: [exampleLogout],
  sign: async () => ({ 'content-type': 'application/x-www-form-urlencoded' }),
  async signBody({ body, at }, clientId) {
    const { createTokenSigner } = await import('@plugboard/core/emulator');
    const iat = Math.floor(at.getTime() / 1000);
    const claims = readLogout({ body: new TextEncoder().encode(body) } as Delivery);
    const token = await createTokenSigner().sign({ ...claims, aud: clientId, iat, exp: iat + 300 }, 'logout+jwt');
    return new URLSearchParams({ logout_token: token }).toString();
  },
};
