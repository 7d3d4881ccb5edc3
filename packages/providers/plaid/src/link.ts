/**
 * Plaid Link: a link token before, the bank's login in Plaid's own window, a public token after.
 * @see https://plaid.com/docs/link/ (2026-11-20)
 */
import { at, bodyMember, browserStep, encodeHex, hash, isPlugboardError, need, Secret, text } from '@plugboard/core';
import type { AppValues, Json, JsonObject, OAuthClient, OAuthRequest } from '@plugboard/core';
import { secret, z } from '@plugboard/core/fields';

import { baseUrl, daysRequested, headersOf, listOf } from './app.ts';
import { errors } from './errors.ts';

const { classify } = errors;

/** A call of the app itself: no Item has a part in it. */
export async function ask(
  client: { readonly app: AppValues; request: OAuthClient['request'] },
  path: string,
  json: JsonObject,
): Promise<Json> {
  const { app } = client;
  const init: OAuthRequest = { method: 'POST', url: baseUrl(app) + path, headers: headersOf(app), json, classify };
  return (await client.request(init)).json();
}

/** Documented languages; the window shows English for any other. */
const languages = z.enum(
  ['da', 'nl', 'en', 'et', 'fr', 'de', 'hi', 'it', 'lv', 'lt', 'no', 'pl', 'pt', 'ro', 'es', 'sv', 'vi'], // prettier-ignore
);

/** A link token as it is documented to live; the answer says when it ends. */
const usualLifeMs = 4 * 3_600_000;

export const link = browserStep({
  title: 'Plaid Link',
  input: z.strictObject({
    language: languages.optional().meta({ title: 'Language', examples: ['en'] }),
    hostedReturnUrl: z
      .url({ protocol: /^https$/ })
      .optional()
      .meta({
        title: 'Return page',
        description: 'Opens Link as a page of Plaid that ends here, instead of a window.',
      }),
  }),
  credentials: z.strictObject({
    publicToken: secret('Public token', {
      help: 'From `onSuccess` of Link. Left out after a hosted session, and after a repair.',
      pattern: /^[\x21-\x7e]+$/,
    }).optional(),
  }),
  example: { publicToken: 'public-sandbox-5c224a01-8314-4491-a06f-39e193d5cddc' },

  async start(client, { organizationId, userId, webhookUrl }) {
    const { app, input, now, credentials } = client;
    const uri = app['redirectUri'];
    const back = input['hostedReturnUrl'];
    const common = {
      client_name: need(app, 'appName'),
      language: input['language'] ?? 'en',
      country_codes: listOf(app, 'countryCodes', 'US'),
      // Stable, and nothing that tells who it is: host ids may be addresses.
      user: { client_user_id: encodeHex(await hash('sha256', `${organizationId.length}:${organizationId}/${userId}`)) },
      ...(uri !== undefined && { redirect_uri: need(app, 'redirectUri') }),
      ...(back !== undefined && { hosted_link: { completion_redirect_uri: back } }),
    };
    const fresh = () => {
      const webhook = webhookUrl.startsWith('https:') ? { webhook: webhookUrl } : {};
      const products = listOf(app, 'products', 'transactions');
      const days = products.includes('transactions') ? daysRequested(app) : undefined;
      const history = days === undefined ? {} : { transactions: { days_requested: days } };
      return ask(client, '/link/token/create', { ...common, ...webhook, ...history, products });
    };
    // Update mode keeps the Item and its access token; products are those that it has.
    const broken = credentials['accessToken'] === undefined ? undefined : need(credentials, 'accessToken');
    const repair =
      broken === undefined
        ? undefined
        : await ask(client, '/link/token/create', { ...common, access_token: broken }).catch((error: unknown) => {
            // An Item that its user has revoked for good: a new one takes its place.
            if (isPlugboardError(error) && error.kind === 'auth') return undefined;
            throw error;
          });
    const answer = repair ?? (await fresh());
    const linkToken = text(at(answer, 'link_token')) ?? '';
    const hosted = text(at(answer, 'hosted_link_url'));
    const ends = Date.parse(text(at(answer, 'expiration')) ?? '');
    return {
      page: { linkToken, ...(hosted !== undefined && { hostedLinkUrl: hosted }) },
      keep: {
        linkToken,
        repairs: repair !== undefined,
        ...(repair === undefined && broken !== undefined && { replaces: broken }),
      },
      expiresInMs: ends > now ? ends - now : usualLifeMs,
    };
  },

  async complete(client) {
    const { credentials, input } = client;
    if (input['repairs'] === true) return 'keep';
    const given = credentials['publicToken'];
    const publicToken = given === undefined ? await hostedToken(client) : need(credentials, 'publicToken');
    const answer = await ask(client, '/item/public_token/exchange', { public_token: publicToken });
    const replaced = text(input['replaces']);
    if (replaced !== undefined) await remove(client, replaced);
    return { credentials: { accessToken: new Secret(text(at(answer, 'access_token')) ?? '') } };
  },

  // The Item is billed for until it is removed.
  revoke: (client) => remove(client, need(client.credentials, 'accessToken')),
  // There is no header for it; the app's own keys are in headers.
  sign: bodyMember('access_token', 'accessToken'),
});

/** What a hosted session brought: its page ends at Plaid. */
async function hostedToken(client: OAuthClient): Promise<string> {
  const answer = await ask(client, '/link/token/get', { link_token: text(client.input['linkToken']) ?? '' });
  const sessions = at(answer, 'link_sessions');
  const results = (Array.isArray(sessions) ? (sessions as readonly Json[]) : []).map((session) =>
    text(at(session, 'results', 'item_add_results', 0, 'public_token')),
  );
  return results.findLast((token) => token !== undefined) ?? '';
}

/** An Item that is gone already is what was asked for. */
async function remove(client: OAuthClient, accessToken: string): Promise<void> {
  await ask(client, '/item/remove', { access_token: accessToken }).catch((error: unknown) => {
    if (!isPlugboardError(error) || error.kind !== 'auth') throw error;
  });
}
